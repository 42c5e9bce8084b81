"""What a file is to a detector: a program, a library, a script that can be started, or none of these."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from forensics.detectors._places import basename, is_program_directory
from forensics.detectors._scene import Scene
from forensics.model.facts import FileFacts
from forensics.model.files import FileKind, FileVersion

_FILES = (FileKind.REGULAR, FileKind.HARDLINK)
_EXECUTE = 0o111


class Nature(StrEnum):
    """The word for it."""

    PROGRAM = "program"
    LIBRARY = "library"
    MODULE = "kernel module"
    SCRIPT = "script"


def nature(version: FileVersion, facts: FileFacts | None) -> Nature | None:
    """What a file version is; a script counts when it can be started, by its first line and its mode."""
    if facts is None or version.entry.kind not in _FILES:
        return None
    if facts.elf is not None:
        if facts.elf.kind == "module" or version.path.endswith(".ko"):
            return Nature.MODULE
        if facts.elf.kind == "shared" and not facts.elf.interpreter:
            return Nature.LIBRARY
        return None if facts.elf.kind in ("relocatable", "core") else Nature.PROGRAM
    if facts.script is not None and version.entry.mode & _EXECUTE:
        return Nature.SCRIPT if facts.script.interpreter or is_program_directory(version.path) else None
    return None


def is_native(found: Nature) -> bool:
    """Whether it is machine code."""
    return found is not Nature.SCRIPT


def executables(scene: Scene) -> Iterator[tuple[FileVersion, FileFacts, Nature]]:
    """Every version that is a program, library, module or script, in path order."""
    for version in scene.files:
        if version.content is None:
            continue
        facts = scene.facts.get(version.sha256)
        found = nature(version, facts)
        if found is not None and facts is not None:
            yield version, facts, found


def loose(path: str) -> str:
    """The name of a file without version numbers and suffixes, in small letters (`Python3.11` → `python`)."""
    return basename(path).lower().split(".")[0].rstrip("0123456789-_")
