"""What the scripts do that the image starts with."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._behaviour import Act
from forensics.detectors._commands import Suspicion, suspicions
from forensics.detectors._finding import Circumstances, Statement, about_file, in_effect
from forensics.detectors._programs import is_shell
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

FETCHES = Statement(
    rule_id="start/script-fetches",
    category=Category.BACKDOOR,
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    title="The start script runs what it downloads or decodes",
    explanation=(
        "The script that the image starts with hands a download or hidden text to an interpreter. What runs"
        " in the container is therefore not what can be read in the image."
    ),
    alternatives="A bootstrap that brings plug-ins or updates of the product.",
    remediation=(
        "Do not start it. Follow the address from an isolated machine, decode the text, and judge what it "
        "does."
    ),
    attack=("T1204.003", "T1059.004", "T1105"),
)
SIDE_PROCESS = Statement(
    rule_id="start/hidden-side-process",
    category=Category.DEFENSE_EVASION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="The start script also starts something from a temporary or hidden place",
    explanation=(
        "Beside the product the script starts a program that lies where no program belongs. To whoever "
        "looks at the container only the product is running."
    ),
    alternatives="A helper that unpacks itself at start.",
    remediation="Look at the program that is started.",
    attack=("T1036", "T1564.001"),
)


class StartScript(Detector):
    """Reads shell scripts that the entrypoint or the command name."""

    id = "start_script"
    statements = (FETCHES, SIDE_PROCESS)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most two findings a script."""
        for version in (one for path in scene.product.started for one in scene.files.at(path)):
            if version.content is None or scene.vouched(version):
                continue
            facts = scene.facts.get(version.sha256)
            if facts is None or facts.script is None or not _is_shell_script(scene, version):
                continue
            found = list(suspicions(scene.files.text(version)))
            yield from _tell(
                scene, version, FETCHES, [one for one in found if one.act is not Act.HOSTILE_START]
            )
            yield from _tell(
                scene, version, SIDE_PROCESS, [one for one in found if one.act is Act.HOSTILE_START]
            )


def _is_shell_script(scene: Scene, version: FileVersion) -> bool:
    first = scene.files.head(version, 256).partition("\n")[0]
    return not first.startswith("#!") or any(is_shell(word) for word in first[2:].split())


def _tell(scene: Scene, version: FileVersion, said: Statement, found: list[Suspicion]) -> Iterator[Finding]:
    if found:
        case = Circumstances(severity=in_effect(version, said.severity))
        yield about_file(scene, said, version, [one.evidence() for one in found], case)


DETECTOR = StartScript()
