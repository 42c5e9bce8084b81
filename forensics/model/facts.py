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
    archive: ArchiveFacts | None = None
    issues: tuple[Issue, ...] = ()
    lost_bytes: int = 0


class MemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A member of an archive that has something to tell. `name` is the archive's bytes.

    It is empty for the only content of a compressed file. `offset` is where the member stands in the archive
    (in the unpacked one where it is compressed as a whole), `mode` the twelve permission bits, None where the
    archive has none. `hidden` says that programs that open the archive do not list it.
    """

    name: bytes
    offset: int
    facts: FileFacts
    mode: int | None = None
    hidden: bool = False


class ArchiveOddity(msgspec.Struct, frozen=True, kw_only=True):
    """Something about an archive that honest ones have not: a stable `code`, a member or none, a sentence."""

    code: str
    offset: int
    message: str
    name: bytes = b""


class ArchiveFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An archive and what is in it. `format`: zip, tar, cpio, ar, rpm, compressed; `compression` is its own.

    `members` were listed and `bytes` unpacked bytes of them examined. `notable` are those that tell
    something, bounded; `further` is how many more did.
    """

    format: str
    compression: str = ""
    members: int = 0
    bytes: int = 0
    notable: tuple[MemberFacts, ...] = ()
    further: int = 0
    oddities: tuple[ArchiveOddity, ...] = ()
