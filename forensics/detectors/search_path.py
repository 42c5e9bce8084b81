"""Where a container looks for commands before, or besides, the folders of the system. Source: environ(7)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image, note
from forensics.detectors._places import (
    PROGRAM_DIRECTORIES,
    hidden_folder,
    is_not_for_programs,
    is_volatile,
)
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

ODD = Statement(
    rule_id="start/search-path",
    category=Category.PERSISTENCE,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="Commands are looked for where no program belongs",
    explanation=(
        "Whoever puts a program with the name of a command into that folder has it run instead of the "
        "command, or when somebody mistypes one: the variable PATH sends every shell there."
    ),
    alternatives="A developer's convenience, or a variable that was empty when the path was put together.",
    remediation="Take the folder out of PATH, and look at what lies in it.",
    attack=("T1574.007",),
)

_FOLDERS = 1000
"""Folders of one search path that are judged; what stands behind is told as one."""
_OF_NIXOS = frozenset({"/run/wrappers/bin", "/run/current-system/sw/bin"})
_CACHE = re.compile(r"/\.cache(?:/|$)")
_TOOL_AT_HOME = re.compile(
    r"/(?:root|(?:home|opt|var/lib)/[^/]+)/\.[\w.-]+/(?:[^/]+/){0,4}(?:s?bin|shims|tools|scripts)/?"
)
_PROJECT = re.compile(r"(?:\./)?(?:node_modules/\.bin|vendor/bin|\.?venv/bin|bin)/?")


class SearchPath(Detector):
    """A folder in front of those of the system counts more than one behind them."""

    id = "search_path"
    needs = Needs.CONFIG
    statements = (ODD,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """At most one finding for each PATH, as bad as its worst folder."""
        for number, line in enumerate(scene.image.config.env):
            name, _, value = line.partition("=")
            if name != "PATH" or not value:
                continue
            told = list(_judged(value.split(":")))
            if not told:
                continue
            worst = max((severity for severity, _ in told), key=lambda one: one.rank)
            evidence: list[Evidence] = [note(line, "config"), *(note(text, "config") for _, text in told)]
            yield about_image(scene, ODD, evidence, Circumstances(severity=worst, distinct=str(number)))


def _judged(folders: list[str]) -> Iterator[tuple[Severity, str]]:
    """Severity and text for each folder that is odd."""
    system = [at for at, folder in enumerate(folders) if _plain(folder) in PROGRAM_DIRECTORIES]
    last = system[-1] if system else len(folders)
    for at, folder in enumerate(folders[:_FOLDERS]):
        before = at < last
        where = "before the folders of the system" if before else "after the folders of the system"
        odd = _oddity(folder, before=before)
        if odd is not None:
            yield odd[0], f"{folder or '(nothing)'} {odd[1]}; it is searched {where}"
    if len(folders) > _FOLDERS:
        yield Severity.MEDIUM, f"{len(folders) - _FOLDERS} more folders, which were not judged"


def _oddity(folder: str, *, before: bool) -> tuple[Severity, str] | None:
    plain = _plain(folder)
    inside = f"{plain}/x"
    loud = Severity.HIGH if before else Severity.MEDIUM
    if not folder.startswith("/"):
        return _relative(folder, before=before)
    if plain in _OF_NIXOS:
        return None
    if is_volatile(inside):
        return loud, "is a place that anybody may write to, or that the image does not fill"
    if is_not_for_programs(inside):
        return loud, "is a place for data"
    if _CACHE.search(plain):
        return Severity.MEDIUM if before else Severity.LOW, "is a cache"
    if hidden_folder(inside):
        if _TOOL_AT_HOME.fullmatch(plain):
            return Severity.LOW, "is hidden, as the folders of many tools are"
        return loud, "is hidden"
    return None


def _relative(folder: str, *, before: bool) -> tuple[Severity, str]:
    if folder.startswith(("~", "$")):
        return Severity.LOW, "begins with something that was not replaced"
    if _PROJECT.fullmatch(folder) or not before:
        return Severity.LOW, "is whatever folder somebody is in"
    return Severity.MEDIUM, "is whatever folder somebody is in"


def _plain(folder: str) -> str:
    """The folder without what changes nothing: doubled and final slashes, dots, and parents."""
    return posixpath.normpath("/" + folder.lstrip("/"))


DETECTOR = SearchPath()
