"""Programs that run with their owner's rights (set-user-ID, set-group-ID)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forensics.detectors._finding import Circumstances, Statement, about_file, in_effect, note
from forensics.detectors._nature import Nature, nature
from forensics.detectors._places import basename, is_system
from forensics.detectors._powers import USUALLY_SET_ID, gives_root, is_shell_or_interpreter
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileKind, FileState, FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

SHELL = Statement(
    rule_id="privilege/setuid-shell",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="A program that runs any command has another user's rights",
    explanation=(
        "A shell, an interpreter, or a tool that reads, writes or starts anything is marked set-user-ID or "
        "set-group-ID. Whoever runs code in the container becomes the file's owner with one command; this "
        "is the classic way to leave a door open."
    ),
    alternatives="No distribution ships this. A careless recursive chmod could have done it.",
    remediation=(
        "Remove the bit (chmod u-s,g-s), find the build step that set it, and look for what else that step "
        "did."
    ),
    attack=("T1548.001",),
)
UNEXPECTED = Statement(
    rule_id="privilege/setuid-unexpected",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Program has another user's rights, and no distribution gives it them",
    explanation=(
        "The program is marked set-user-ID or set-group-ID, and it is not among those that distributions "
        "ship so. A mistake or a purpose in it gives its owner's rights to everybody in the container."
    ),
    alternatives=(
        "A helper of the image's own product; software from outside the distribution, such as a sandbox."
    ),
    remediation="Remove the bit unless the product needs it, and document it if it does.",
    attack=("T1548.001",),
)
WRITABLE = Statement(
    rule_id="privilege/setuid-writable",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A set-user-ID file can be written by everybody",
    explanation="The file runs with its owner's rights, and anybody may change what it does.",
    alternatives=(
        "A careless chmod 777 over a folder. Linux clears the bit when an ordinary user writes the file, "
        "some file systems do not."
    ),
    remediation="Remove the write permission of others, and check the file's content against its package.",
    attack=("T1548.001", "T1222.002"),
)

_SET_UID, _SET_GID, _OTHERS_WRITE, _EXECUTE = 0o4000, 0o2000, 0o002, 0o111


class SetId(Detector):
    """Judges by name, place, owner and content: ownership by a package does not excuse the mode bit.

    Anyone can set the bit on a file that a package owns, so only names that distributions are known to ship
    with it are passed over, and only when the package's bytes are intact or nothing can tell.
    """

    id = "set_id"
    statements = (SHELL, UNEXPECTED, WRITABLE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most two findings for each version that carries a bit."""
        shells: Mapping[str, str] | None = None
        for version in scene.files:
            mode = version.entry.mode
            if not mode & (_SET_UID | _SET_GID) or version.entry.kind not in (
                FileKind.REGULAR,
                FileKind.HARDLINK,
            ):
                continue
            if mode & _OTHERS_WRITE:
                yield self._say(scene, WRITABLE, version, in_effect(version, WRITABLE.severity))
            if shells is None:
                shells = _shell_contents(scene)
            yield from self._judge(scene, version, shells)

    def _judge(self, scene: Scene, version: FileVersion, shells: Mapping[str, str]) -> Iterator[Finding]:
        name = basename(version.path)
        what = nature(version, scene.facts.get(version.sha256))
        if what is Nature.SCRIPT:
            yield self._say(scene, UNEXPECTED, version, Severity.LOW, "Linux ignores the bit on scripts.")
            return
        if not version.entry.mode & _EXECUTE:
            yield self._say(scene, UNEXPECTED, version, Severity.LOW, "Nobody may execute the file.")
            return
        known = name in USUALLY_SET_ID and (scene.vouched(version) or not scene.has_reference)
        if known and is_system(version.path):
            return
        if version.sha256 in shells and what is not None:
            same = shells[version.sha256]
            reason = "" if is_shell_or_interpreter(name) else f"Its content is that of {same}."
            yield self._say(scene, SHELL, version, SHELL.severity, reason)
        elif gives_root(name) and what is not None:
            yield self._say(scene, SHELL, version, SHELL.severity)
        elif what is not None:
            yield self._say(scene, UNEXPECTED, version, _severity(scene, version), _why(scene, version))
        else:
            yield self._say(scene, UNEXPECTED, version, Severity.LOW, "It is no program that could be run.")

    def _say(
        self, scene: Scene, said: Statement, version: FileVersion, severity: Severity, reason: str = ""
    ) -> Finding:
        entry = version.entry
        owner = entry.user or str(entry.uid)
        group = entry.group or str(entry.gid)
        bits = [
            word for bit, word in ((_SET_UID, "set-user-ID"), (_SET_GID, "set-group-ID")) if entry.mode & bit
        ]
        evidence = [note(f"mode {entry.mode:04o} ({' and '.join(bits)}), owner {owner}, group {group}")]
        case = Circumstances(severity=severity, reasons=(reason,) if reason else ())
        return about_file(scene, said, version, evidence, case)


def _severity(scene: Scene, version: FileVersion) -> Severity:
    root = (version.entry.mode & _SET_UID and version.entry.uid == 0) or (
        version.entry.mode & _SET_GID and version.entry.gid == 0
    )
    severity = UNEXPECTED.severity if root else Severity.MEDIUM
    if scene.vouched(version):
        if not version.entry.mode & _SET_UID:
            severity = Severity.LOW
        elif scene.came_with_package(version):
            severity = Severity.MEDIUM if root else Severity.LOW
    if version.state is not FileState.VISIBLE and severity is Severity.HIGH:
        return Severity.MEDIUM
    return severity


def _why(scene: Scene, version: FileVersion) -> str:
    name = basename(version.path)
    if name in USUALLY_SET_ID and not scene.vouched(version):
        return f"Distributions ship a {name} with this bit, but no package answers for this one."
    if scene.came_with_package(version):
        return "The bit came with its package, or was added in the step that installed it."
    if scene.vouched(version):
        return "Its package was installed by an earlier layer, and the bit was added by this one."
    return ""


def _shell_contents(scene: Scene) -> dict[str, str]:
    """The first path with the name of a shell or interpreter, in any layer, by the digest of its content."""
    found: dict[str, str] = {}
    for name, versions in scene.files.names.items():
        for version in versions if is_shell_or_interpreter(name) else ():
            if nature(version, scene.facts.get(version.sha256)) is Nature.PROGRAM:
                found.setdefault(version.sha256, version.path)
    return found


DETECTOR = SetId()
