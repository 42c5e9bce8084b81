"""Services that start with the system: systemd, OpenRC, init scripts, inittab, rc.local.

Source: systemd.service(5), systemd.unit(5), inittab(5), openrc-run(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._commands import Suspicion, suspicions
from forensics.detectors._finding import Circumstances, Statement, about_file, excerpt, in_effect
from forensics.detectors._places import TOOL_FOLDERS, basename, is_temporary
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

HOSTILE = Statement(
    rule_id="persistence/service",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A service runs what it fetches, decodes or keeps hidden",
    explanation=(
        "The service starts something that is not in the image, that is encoded, or that lies where no "
        "program belongs. Installed like this it comes back whenever it is stopped."
    ),
    alternatives="A home-made service of a test machine.",
    remediation="Remove the service and look at what it starts and at the host it asks.",
    attack=("T1543.002",),
)
UNOWNED = Statement(
    rule_id="persistence/unowned-service",
    category=Category.PERSISTENCE,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    title="A service that no package owns",
    explanation="A service is defined that does not belong to a package of the distribution.",
    alternatives="A service of the image's own product; local settings of a packaged one.",
    remediation="Read the definition and make sure that it is wanted.",
    attack=("T1543.002",),
)

_UNIT_FOLDERS = (
    *("/etc/systemd", "/usr/lib/systemd", "/lib/systemd", "/usr/local/lib/systemd", "/run/systemd"),
    *("/usr/share/systemd/user", "/usr/local/share/systemd/user"),
)
_SCRIPT_FOLDERS = (
    "/etc/init.d",
    "/etc/local.d",
    "/etc/rc.d",
    "/etc/rc.local.d",
    "/etc/init",
    "/etc/runit",
    "/etc/sv",
)
_SCRIPTS = ("/etc/rc.local", "/etc/rc", "/etc/init.d/rcS")
_UNIT = re.compile(r"\.(service|socket|timer|path|mount)(\.d/[^/]+\.conf)?$")
_RUNS = re.compile(r"^[ \t]*Exec\w+[ \t]*=[ \t]*[@:!+-]*(?P<command>(?:[^\\\n]|\\\n|\\.)*)", re.MULTILINE)
_PRELOADS = re.compile(
    r"^[ \t]*Environment[ \t]*=[^\n]*\bLD_(?:PRELOAD|AUDIT)=(?P<library>[^\s\"']+)", re.MULTILINE
)
_INITTAB = re.compile(r"^(?!#)[^:\n]*:[^:\n]*:[^:\n]*:(?P<command>[^\n]+)", re.MULTILINE)
_HOME_UNIT = re.compile(r"/\.(?:config|local/share)/systemd/user/")


class Services(Detector):
    """What a service starts is judged in every version; that nobody owns it is `low` by itself."""

    id = "services"
    statements = (HOSTILE, UNOWNED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a definition."""
        files = scene.files
        for version, content in files.readable(*_UNIT_FOLDERS):
            if _UNIT.search(version.path):
                yield from self._unit(scene, version, content)
        for name, versions in files.names.items():
            for version in versions if _UNIT.search(name) else ():
                if version.content is not None and _HOME_UNIT.search(version.path):
                    yield from self._unit(scene, version, version)
        for version, content in (*files.readable(*_SCRIPT_FOLDERS), *files.read_at(*_SCRIPTS)):
            text = files.text(content)
            yield from _tell(scene, version, content, list(suspicions(text)) if text else [], text)
        for version, content in files.read_at("/etc/inittab"):
            text = files.text(content)
            found = [
                one
                for match in _INITTAB.finditer(text)
                for one in suspicions(match.group("command"), match.start("command"))
            ]
            yield from _tell(scene, version, content, found, text)

    def _unit(self, scene: Scene, version: FileVersion, content: FileVersion) -> Iterator[Finding]:
        text = scene.files.text(content)
        found = [
            one
            for match in _RUNS.finditer(text)
            for one in suspicions(match.group("command"), match.start("command"))
            if not _is_own_tool(one)
        ]
        evidence = [one.evidence() for one in found]
        evidence += [
            excerpt(match.group(), match.start())
            for match in list(_PRELOADS.finditer(text))[:8]
            if _is_foreign(scene, match.group("library"))
        ]
        yield from _say(scene, version, content, evidence, text)


def _is_foreign(scene: Scene, library: str) -> bool:
    """Whether a preloaded library lies where none belongs, or is there and nobody accounts for it."""
    if is_temporary(library) or "/." in library:
        return True
    found = scene.view.resolve(library)
    return found is not None and scene.unowned(found)


def _is_own_tool(one: Suspicion) -> bool:
    """Whether it is only about a folder that a well-known tool keeps its programs in."""
    return any(f"/{folder}/" in one.text for folder in TOOL_FOLDERS) and "/tmp/" not in one.text  # noqa: S108 - looked for


def _tell(
    scene: Scene, version: FileVersion, content: FileVersion, found: list[Suspicion], text: str
) -> Iterator[Finding]:
    yield from _say(scene, version, content, [one.evidence() for one in found], text)


def _say(
    scene: Scene, version: FileVersion, content: FileVersion, evidence: list[Evidence], text: str
) -> Iterator[Finding]:
    if scene.vouched(content) or basename(version.path) in ("README", "functions", ".depend.boot"):
        return
    if evidence:
        case = Circumstances(severity=in_effect(version, HOSTILE.severity))
        yield about_file(scene, HOSTILE, version, evidence, case)
        return
    if scene.unowned(content) and text.strip():
        first = next((line for line in text.split("\n") if "Exec" in line or line.startswith("#!")), "")
        case = Circumstances(severity=in_effect(version, UNOWNED.severity))
        shown = [excerpt(first[:200], text.index(first))] if first else []
        yield about_file(scene, UNOWNED, version, shown, case)


DETECTOR = Services()
