"""Programs where no honest image keeps any: temporary, volatile, hidden folders, kernel file systems."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, note, one_lower
from forensics.detectors._nature import Nature, is_native
from forensics.detectors._places import (
    basename,
    hidden_folder,
    is_not_for_programs,
    is_program_directory,
    is_pseudo,
    is_system,
    is_temporary,
    is_volatile,
)
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileKind, FileState, FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

TEMPORARY = Statement(
    rule_id="places/program-in-temporary-folder",
    category=Category.UNEXPECTED_BINARY,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Program in a folder for temporary data",
    explanation=(
        "Something that can be started lies where everybody may write and nothing should last. Droppers and"
        " miners put their files there because it is always possible."
    ),
    alternatives="An installer that was not tidied up; a build or test image that works in /tmp.",
    remediation="Find the build step that left it, look at what it is, and remove it.",
    attack=("T1036.005", "T1564"),
)
HIDDEN = Statement(
    rule_id="places/program-in-hidden-folder",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Program in a hidden folder",
    explanation=(
        "Something that can be started lies below a folder whose name begins with a dot, and no well-known "
        "tool makes such a folder. Ordinary listings do not show it."
    ),
    alternatives="A tool that keeps its programs in a folder of its own in somebody's home.",
    remediation="Find out what made the folder; treat the content as hostile until then.",
    attack=("T1564.001",),
)
HIDDEN_FILE = Statement(
    rule_id="places/hidden-program",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Program with a hidden name among commands or libraries",
    explanation=(
        "The name begins with a dot, in a folder of commands or libraries, so that ordinary listings do not"
        " show it."
    ),
    alternatives=(
        "A left-over of an editor or a wrapper script that keeps the wrapped program beside it "
        "(.name-wrapped)."
    ),
    remediation="Find out what made it; treat it as hostile until then.",
    attack=("T1564.001",),
)
PSEUDO = Statement(
    rule_id="places/file-in-kernel-file-system",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Content under /dev, /proc or /sys",
    explanation=(
        "The kernel mounts file systems of its own over these folders when a container runs. An image has "
        "no reason to carry content there, and many tools skip them, which makes them a hiding place."
    ),
    alternatives=(
        "A build step that wrote to /dev/null while it was an ordinary file; a copy of a running system."
    ),
    remediation="Look at the content, and remove the folders' content from the image.",
    attack=("T1564",),
)
DATA_FOLDER = Statement(
    rule_id="places/program-among-data",
    category=Category.UNEXPECTED_BINARY,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="Program where services keep data",
    explanation="Something that can be started lies in a folder for logs, mail, queues or run-time state.",
    alternatives="A service that keeps hooks or helpers with its data.",
    remediation="Find out which service uses it.",
    attack=("T1036.005",),
)

_USUAL_DEVICES = frozenset(
    {"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "stdin", "stdout", "stderr",
     "core",
     "fd", "kmsg", "log", "tty0", "tty1", "initctl", "MAKEDEV", ".udev", "xconsole"}
)  # fmt: skip
_DEVICE_BYTES = 4096


class OddPlaces(Detector):
    """Native code weighs more than scripts, and what a later layer removed less than what is there."""

    id = "odd_places"
    statements = (TEMPORARY, HIDDEN, HIDDEN_FILE, PSEUDO, DATA_FOLDER)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each version in such a place that no package answers for."""
        programs: set[tuple[int, int]] = set()
        for version, _, kind in scene.executables:
            if scene.vouched(version):
                continue
            judged = _judge(version, kind)
            if judged is None:
                continue
            programs.add(version.key)
            said, severity, reason = judged
            if version.state is not FileState.VISIBLE:
                severity = one_lower(severity)
            reasons = (reason,) if reason else ()
            if scene.product.starts(version.path):
                reasons = (*reasons, "The image's start command runs it.")
            case = Circumstances(severity=severity, reasons=reasons)
            yield about_file(scene, said, version, [note(f"{kind}, mode {version.entry.mode:04o}")], case)
        yield from self._pseudo(scene, programs)

    def _pseudo(self, scene: Scene, told: set[tuple[int, int]]) -> Iterator[Finding]:
        for version in scene.files.below("/dev", "/proc", "/sys"):
            if (
                version.entry.kind is not FileKind.REGULAR
                or version.key in told
                or not is_pseudo(version.path)
            ):
                continue
            severity, reason = _pseudo_severity(version)
            case = Circumstances(severity=severity, reasons=(reason,) if reason else ())
            yield about_file(scene, PSEUDO, version, [note(f"{version.entry.size:,} bytes")], case)


def _judge(version: FileVersion, kind: Nature) -> tuple[Statement, Severity, str] | None:
    path = version.path
    native = is_native(kind)
    script = "" if native else "It is a script."
    if is_pseudo(path):
        return PSEUDO, PSEUDO.severity, script
    if is_temporary(path):
        return TEMPORARY, TEMPORARY.severity if native else Severity.MEDIUM, script
    folder = hidden_folder(path)
    if folder:
        reason = f"The folder is {folder}."
        if is_system(path) or is_volatile(path) or path.startswith("/var/"):
            return HIDDEN, HIDDEN.severity, reason
        return HIDDEN, Severity.MEDIUM if native else Severity.LOW, reason
    if basename(path).startswith(".") and (is_program_directory(path) or (native and is_system(path))):
        wrapped = basename(path).endswith(("-wrapped", "-real", "-orig"))
        return HIDDEN_FILE, Severity.LOW if wrapped else HIDDEN_FILE.severity, ""
    if is_volatile(path) or is_not_for_programs(path):
        return DATA_FOLDER, DATA_FOLDER.severity if native else Severity.LOW, script
    return None


def _pseudo_severity(version: FileVersion) -> tuple[Severity, str]:
    if version.entry.size == 0:
        return Severity.INFO, "It is empty, a place to mount something on."
    usual = version.path.startswith("/dev/") and basename(version.path) in _USUAL_DEVICES
    if usual and version.entry.size <= _DEVICE_BYTES:
        return Severity.LOW, "A build step wrote to the place of a device that was not there."
    if version.state is not FileState.VISIBLE:
        return Severity.MEDIUM, ""
    return PSEUDO.severity, ""


DETECTOR = OddPlaces()
