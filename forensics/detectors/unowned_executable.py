"""Programs, libraries and scripts that no package and no SBOM accounts for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forensics.detectors._finding import Circumstances, Statement, about_file, about_image, note
from forensics.detectors._nature import Nature, is_native
from forensics.detectors._places import basename, is_hostile_start, is_program_directory, is_system
from forensics.detectors._scene import Detector, Scene
from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity
from forensics.model.sbom import FileStatus

NATIVE = Statement(
    rule_id="ownership/unowned-binary",
    category=Category.UNEXPECTED_BINARY,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Native code that no package owns",
    explanation=(
        "Neither the image's package databases nor a declared SBOM accounts for this machine code. A "
        "distribution owns every program and library it installs, so somebody put this one there by other "
        "means, and no update or vulnerability scan will ever look after it."
    ),
    alternatives=(
        "The image's own product, built or downloaded in a build step; a tool that was copied from another "
        "image; a package whose database was left behind."
    ),
    remediation=(
        "Find out which build step brought it and compare its digest with the vendor's. Install it from a "
        "package or list it in the SBOM; remove it when nobody can say what it is for."
    ),
    attack=("T1525",),
)
SCRIPT = Statement(
    rule_id="ownership/unowned-script",
    category=Category.UNEXPECTED_BINARY,
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    title="Command script that no package owns",
    explanation=(
        "A script that can be started lies where commands are looked up, and neither a package nor a "
        "declared SBOM accounts for it."
    ),
    alternatives=(
        "A start script or helper of the image's own product; the output of an installer such as pip or npm."
    ),
    remediation="Read it, and say in the SBOM what it is for.",
    attack=("T1525",),
)
NO_REFERENCE = Statement(
    rule_id="ownership/no-reference",
    category=Category.UNEXPECTED_BINARY,
    severity=Severity.INFO,
    confidence=Confidence.HIGH,
    title="Nothing says which programs belong in this image",
    explanation=(
        "The image has no package database and no SBOM was declared, so no program in it can be called "
        "expected or unexpected. That is normal for images built from scratch."
    ),
    alternatives="The databases were removed to make the image smaller, or to hide what was added.",
    remediation="Give an SBOM with --sbom, or compare the programs with those of a trusted build.",
)

_TREES = ("site-packages", "dist-packages", "node_modules", "gems", "vendor", "lib-dynload")
_MOST_ALIKE = 8


@dataclass(frozen=True, slots=True)
class _Case:
    """One executable, how much it matters and why."""

    version: FileVersion
    facts: FileFacts
    kind: Nature
    severity: Severity
    reasons: tuple[str, ...]


class UnownedExecutable(Detector):
    """Weighs the place of an unowned executable against what the image openly says about it.

    In system folders native code is `high`, elsewhere `medium`, scripts in command folders `medium`. Each
    independent thing the image says about it (start command, version variable, home folder, build step)
    lowers it; a command that shadows an owned one of the same name raises it.
    """

    id = "unowned_executable"
    statements = (NATIVE, SCRIPT, NO_REFERENCE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a file from `medium` up; lower ones are gathered by layer and folder."""
        if not scene.has_reference:
            count = len(scene.executables)
            if count:
                yield about_image(scene, NO_REFERENCE, [note(f"{count} programs, libraries and scripts")])
            return
        owned = _owned_commands(scene)
        gathered: dict[tuple[str, int, str, Severity], list[_Case]] = {}
        for version, facts, kind in scene.executables:
            if scene.status(version) is not FileStatus.UNOWNED:
                continue
            if kind is Nature.SCRIPT and not is_program_directory(version.path):
                continue
            case = _weigh(scene, version, facts, kind, owned)
            said = SCRIPT if kind is Nature.SCRIPT else NATIVE
            by_itself = version.path if case.severity.rank >= Severity.MEDIUM.rank else _tree(version.path)
            gathered.setdefault((said.rule_id, version.layer, by_itself, case.severity), []).append(case)
        for cases in gathered.values():
            yield _tell(scene, cases)


def _owned_commands(scene: Scene) -> dict[str, list[str]]:
    """Names in command folders that a package answers for, with their paths."""
    owned: dict[str, list[str]] = {}
    for version in scene.files:
        if is_program_directory(version.path) and scene.vouched(version):
            paths = owned.setdefault(basename(version.path), [])
            if version.path not in paths:
                paths.append(version.path)
    return owned


def _weigh(
    scene: Scene, version: FileVersion, facts: FileFacts, kind: Nature, owned: dict[str, list[str]]
) -> _Case:
    reasons = scene.product.reasons(version)
    if is_native(kind) and is_hostile_start(version.path):
        severity = Severity.HIGH if is_system(version.path) else Severity.MEDIUM
        reasons = ("Nothing that the image says of itself excuses a program in such a place.",)
    elif kind is Nature.SCRIPT:
        severity = _script_severity(scene, version, facts, reasons)
    elif _compiled_from_owned(scene, version):
        severity = Severity.LOW
        reasons = (*reasons, "A package owns what it is named after, and a run-time compiles it to this.")
    elif kind is Nature.MODULE:
        severity = Severity.MEDIUM if reasons else Severity.HIGH
        reasons = (*reasons, "Kernel modules act on the host, outside every container.")
    elif is_system(version.path) and not _in_language_tree(version.path):
        severity = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)[min(2, len(reasons))]
    elif _in_language_tree(version.path):
        severity = Severity.INFO if reasons else Severity.LOW
        reasons = (*reasons, "It lies in a tree that a language's package manager keeps.")
    else:
        severity = (Severity.MEDIUM, Severity.LOW, Severity.INFO)[min(2, len(reasons))]
    shadowed = _shadowed(scene, version, owned)
    if shadowed and len(reasons) < 2:
        severity = Severity.MEDIUM if reasons else Severity.HIGH
        reasons = (*reasons, f"It is found before {shadowed}, which a package owns.")
    return _Case(version, facts, kind, severity, reasons)


def _script_severity(
    scene: Scene, version: FileVersion, facts: FileFacts, reasons: Sequence[str]
) -> Severity:
    interpreter = facts.script.interpreter if facts.script else ""
    own = "/usr/local/" in interpreter or "/opt/" in interpreter
    if reasons or own or scene.product.starts(version.path):
        return Severity.INFO
    return Severity.MEDIUM if is_system(version.path) else Severity.LOW


def _shadowed(scene: Scene, version: FileVersion, owned: dict[str, list[str]]) -> str:
    """The owned command that is no longer found because of this one; empty when there is none."""
    if not is_program_directory(version.path):
        return ""
    rank = scene.product.search_rank(version.path)
    for path in owned.get(basename(version.path), ()):
        if path != version.path and rank < scene.product.search_rank(path):
            return path
    return ""


def _compiled_from_owned(scene: Scene, version: FileVersion) -> bool:
    """Whether it is in Mono's cache of compiled code, under the name of an assembly that a package owns."""
    name = basename(version.path).removesuffix(".so")
    if "/mono/aot-cache/" not in version.path or not name.endswith((".dll", ".exe")):
        return False
    return any("/mono/" in one.path and scene.vouched(one) for one in scene.files.names.get(name, ()))


def _in_language_tree(path: str) -> bool:
    return any(f"/{tree}/" in path for tree in _TREES)


def _tree(path: str) -> str:
    """The folder under which files that matter little are told together."""
    for tree in _TREES:
        before, found, _ = path.partition(f"/{tree}/")
        if found:
            return f"{before}/{tree}"
    depth = 4 if path.startswith("/usr/") else 3
    return "/".join(path.split("/")[:-1][:depth]) or "/"


def _tell(scene: Scene, cases: Sequence[_Case]) -> Finding:
    first = cases[0]
    said = SCRIPT if first.kind is Nature.SCRIPT else NATIVE
    evidence: list[Evidence] = [note(_describe(first))]
    evidence += [note(f"also {one.version.path}: {_describe(one)}") for one in cases[1:]]
    reasons = first.reasons
    detail = ""
    if len(cases) > 1:
        detail = f"{len(cases)} files under {_tree(first.version.path)}"
        reasons = tuple(dict.fromkeys(reason for one in cases[:_MOST_ALIKE] for reason in one.reasons))
    confidence = Confidence.HIGH if first.severity is Severity.HIGH and not first.reasons else None
    case = Circumstances(severity=first.severity, confidence=confidence, detail=detail, reasons=reasons)
    return about_file(scene, said, first.version, evidence, case)


def _describe(case: _Case) -> str:
    elf = case.facts.elf
    if elf is None:
        return case.facts.description or str(case.kind)
    words = [str(case.kind), f"{elf.bits}-bit {elf.machine}", "static" if elf.static else ""]
    words += [
        "stripped" if elf.stripped else "",
        elf.language,
        f"packed with {elf.packer}" if elf.packer else "",
    ]
    return ", ".join(word for word in words if word)


DETECTOR = UnownedExecutable()
