"""What a file is to a detector: a program, a library, a script that can be started, or none of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from forensics.detectors._places import is_program_directory
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


def executables(
    versions: Iterable[FileVersion], facts: Mapping[str, FileFacts]
) -> Iterator[tuple[FileVersion, FileFacts, Nature]]:
    """Those of the versions that are a program, library, module or script, with what is known of them."""
    startable = {
        sha256: one for sha256, one in facts.items() if one.elf is not None or one.script is not None
    }
    for version in versions:
        known = startable.get(version.content.sha256) if version.content is not None else None
        found = nature(version, known) if known is not None else None
        if found is not None and known is not None:
            yield version, known, found
