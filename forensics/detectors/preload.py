"""Libraries that are loaded into every program: /etc/ld.so.preload and odd library search paths.

Source: ld.so(8), ldconfig(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import (
    Circumstances,
    Statement,
    about_file,
    excerpt,
    in_effect,
    note,
)
from forensics.detectors._places import is_hostile_start
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

PRELOAD = Statement(
    rule_id="persistence/ld-preload-file",
    category=Category.PERSISTENCE,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="A library is loaded into every program",
    explanation=(
        "/etc/ld.so.preload makes the loader put the listed libraries into every dynamically linked "
        "program, set-user-ID ones included. It is how user-space rootkits hide processes and files and "
        "take passwords. No distribution ships the file."
    ),
    alternatives=(
        "A replacement of the memory allocator or a tracing agent, loaded by the heaviest means there is."
    ),
    remediation="Examine every library it lists; remove the file unless its purpose is known.",
    attack=("T1574.006",),
)
SEARCH_PATH = Statement(
    rule_id="persistence/library-search-path",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Libraries are searched for in a temporary or hidden folder",
    explanation=(
        "The loader's configuration names a folder that anybody can fill or that is hidden, before the "
        "system's own."
    ),
    alternatives="A left-over of a test build.",
    remediation="Remove the entry and look at what lies in the folder.",
    attack=("T1574.006",),
)

_LISTED = re.compile(r"[^\s:#]+")


class Preload(Detector):
    """`critical`, unless the file is empty (`info`) or packages answer for all that it lists (`medium`)."""

    id = "preload"
    statements = (PRELOAD, SEARCH_PATH)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each version of the file, and for each odd folder in the loader's configuration."""
        for version, content in scene.files.read_at("/etc/ld.so.preload"):
            yield _preload(scene, version, scene.files.text(content))
        for version, content in (
            *scene.files.read_at("/etc/ld.so.conf"),
            *scene.files.readable("/etc/ld.so.conf.d"),
        ):
            yield from _folders(scene, version, scene.files.text(content))


def _preload(scene: Scene, version: FileVersion, text: str) -> Finding:
    listed = list(_LISTED.finditer(re.sub(r"#[^\n]*", lambda match: " " * len(match.group()), text)))
    evidence: list[Evidence] = []
    unknown = False
    for match in listed[:16]:
        target = scene.view.resolve(match.group())
        owned = target is not None and scene.vouched(target)
        unknown = unknown or not owned
        evidence.append(excerpt(match.group(), match.start()))
        if target is None:
            evidence.append(note(f"{match.group()} is not in the finished image"))
        elif not owned:
            evidence.append(note(f"no package answers for {target.path} ({target.sha256[:16]}…)"))
    if not listed:
        case = Circumstances(severity=Severity.INFO, reasons=("The file lists nothing.",))
    elif not unknown:
        case = Circumstances(
            severity=in_effect(version, Severity.MEDIUM),
            reasons=("Packages answer for every library it lists.",),
        )
    else:
        case = Circumstances(severity=in_effect(version, PRELOAD.severity))
    return about_file(scene, PRELOAD, version, evidence, case)


def _folders(scene: Scene, version: FileVersion, text: str) -> Iterator[Finding]:
    for match in re.finditer(r"^[ \t]*(/[^\s#]*)", text, re.MULTILINE):
        if is_hostile_start(f"{match.group(1)}/x"):
            case = Circumstances(severity=in_effect(version, SEARCH_PATH.severity), distinct=match.group(1))
            yield about_file(scene, SEARCH_PATH, version, [excerpt(match.group(1), match.start(1))], case)


DETECTOR = Preload()
