"""What was learnt from one content's bytes, independent of where it lies in the image."""

from __future__ import annotations

import msgspec

from forensics.model.issues import Issue


class MatchedString(msgspec.Struct, frozen=True):
    """One string of a rule found in the content: printable text of at most 120 characters."""

    identifier: str
    offset: int
    length: int
    text: str


class RuleMatch(msgspec.Struct, frozen=True, kw_only=True):
    """One signature that matched. `strings` stand in offset order and are bounded."""

    rule_id: str
    strings: tuple[MatchedString, ...] = ()


class ElfSection(msgspec.Struct, frozen=True, kw_only=True):
    """One section or, where there is no section table, one segment: where it is and how random."""

    name: str
    offset: int
    size: int
    entropy: float
    flags: str = ""


class ElfFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An ELF file (System V ABI, gABI 4.1). `kind`: executable, pie, shared, relocatable, core, module.

    `packer` names what packed it, empty if nothing says so. `overlay` is the number of bytes
    behind everything the headers account for. `notes` are oddities in one sentence each.
    """

    bits: int
    endian: str
    machine: str
    kind: str
    entry: int = 0
    interpreter: str = ""
    static: bool = False
    stripped: bool = False
    has_sections: bool = True
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: str = ""
    build_id: str = ""
    language: str = ""
    packer: str = ""
    exports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    writable_executable: bool = False
    executable_stack: bool = False
    overlay_offset: int = 0
    overlay: int = 0
    sections: tuple[ElfSection, ...] = ()
    notes: tuple[str, ...] = ()


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """Text that was hidden in a script by an encoding: where, how, and what it says (printable)."""

    offset: int
    length: int
    encoding: str
    text: str


class ScriptFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A script: `language` (`sh`, `python`, `perl`, …), the interpreter as written, what was decoded.

    `behaviours` are words for what its text does, each with the offset and the text that shows it.
    """

    language: str
    interpreter: str = ""
    lines: int = 0
    longest_line: int = 0
    decoded: tuple[Decoded, ...] = ()
    behaviours: tuple[MatchedString, ...] = ()


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything examined of one distinct content.

    `type` is a stable id of `parsers.filetype` (`elf`, `script`, `text`, `gzip`, …), `description` a
    phrase for people, `entropy` bits a byte over the whole content (0..8). Only `sha256`, `size` and `type`
    are always there; a field is None where its examiner does not apply.
    """

    sha256: str
    size: int
    type: str
    description: str = ""
    entropy: float | None = None
    md5: str = ""
    sha1: str = ""
    matches: tuple[RuleMatch, ...] = ()
    elf: ElfFacts | None = None
    script: ScriptFacts | None = None
    secrets: tuple[MatchedString, ...] = ()
    issues: tuple[Issue, ...] = ()
    lost_bytes: int = 0
