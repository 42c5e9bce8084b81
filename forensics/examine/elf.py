"""ELF objects: how they are built, what they need and bring, and what about them is odd."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from itertools import pairwise

from forensics.examine._elf_origin import language, packer
from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._randomness import entropy
from forensics.model.facts import ElfFacts, ElfSection
from forensics.parsers.elf import (
    DF_1_PIE,
    ET_CORE,
    ET_DYN,
    ET_EXEC,
    ET_REL,
    PF_R,
    PF_W,
    PF_X,
    PT_GNU_STACK,
    PT_LOAD,
    SECTIONS_BEYOND_END,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHT_NOBITS,
    SHT_SYMTAB,
    Elf,
    read_elf,
)
from forensics.printable import printable

MAX_SECTIONS = 256
MAX_NAMES = 128
"""Exported and imported names kept of each; the telling ones first."""
_SECTION_SAMPLE = 1 << 13
_MODULE_SIGNATURE = b"~Module signature appended~\n"  # Linux, Documentation/admin-guide/module-signing.rst

_RELOCATABLE = (ET_REL.to_bytes(2, "little"), ET_REL.to_bytes(2, "big"))

_TELLING = """
readdir readdir64 fopen fopen64 open open64 openat stat stat64 lstat __xstat __lxstat access unlink
unlinkat dlsym dlopen accept accept4 connect socket bind listen execve execvp execl system popen
fork ptrace prctl pam_authenticate pam_sm_authenticate pam_get_authtok pam_get_item pam_set_item
RSA_public_decrypt EVP_PKEY_verify lzma_crc32 lzma_crc64 getpwnam getspnam setuid setgid setreuid
kill write read recv send memfd_create fexecve mprotect inotify_add_watch init_module finit_module
delete_module getaddrinfo gethostbyname pcap_open_live pcap_loop kallsyms_lookup_name
register_kprobe sys_call_table
"""
TELLING = frozenset(_TELLING.split())
"""Names that are always kept, since detectors ask for them."""
_TELLING_BYTES = frozenset(name.encode() for name in TELLING)


class ElfExaminer(Examiner):
    """Header, segments, sections, dynamic section and notes of an ELF object."""

    id = "elf"

    def applies(self, type: str, size: int) -> bool:  # noqa: A002, ARG002
        """What begins with the ELF magic."""
        return type == "elf"

    def examine(self, subject: Subject) -> Learnt | None:
        """The facts; ParseError when the header does not hold together.

        None for the objects of a static library, which are many and cannot be started.
        """
        if subject.container == "ar" and bytes(subject.content[16:18]) in _RELOCATABLE:
            return None
        return Learnt(value=elf_facts(subject.content))


def elf_facts(content: memoryview) -> ElfFacts:
    """What an ELF object says of itself; ParseError when it is none."""
    elf = read_elf(content)
    kind = _kind(elf)
    signed = kind == "module" and bytes(content[-len(_MODULE_SIGNATURE) :]) == _MODULE_SIGNATURE
    end = len(content) if signed else elf.accounted
    return ElfFacts(
        bits=elf.bits,
        endian=elf.endian,
        machine=elf.machine,
        kind=kind,
        entry=elf.entry,
        interpreter=printable(elf.interpreter),
        static=kind in {"executable", "pie"} and not elf.interpreter and not elf.needed,
        stripped=not any(section.type == SHT_SYMTAB for section in elf.sections),
        has_sections=bool(elf.sections),
        needed=tuple(map(printable, elf.needed)),
        soname=printable(elf.soname),
        rpath=printable(":".join(filter(None, (elf.rpath, elf.runpath)))),
        build_id=_build_id(elf),
        language=language(elf, content),
        packer=packer(elf, content),
        exports=_names(elf.symbols.defined),
        imports=_names(elf.symbols.undefined),
        writable_executable=any(
            segment.type == PT_LOAD and segment.flags & PF_W and segment.flags & PF_X
            for segment in elf.segments
        ),
        executable_stack=any(
            segment.type == PT_GNU_STACK and segment.flags & PF_X for segment in elf.segments
        ),
        overlay_offset=end if end < len(content) else 0,
        overlay=len(content) - end,
        sections=tuple(_sections(elf, content)),
        notes=(*elf.notes, *_oddities(elf, kind)),
    )


def _kind(elf: Elf) -> str:
    if elf.type == ET_REL:
        names = {section.name for section in elf.sections}
        return "module" if names & {".gnu.linkonce.this_module", ".modinfo"} else "relocatable"
    if elf.type == ET_DYN:
        # A library may have an interpreter too (libc.so.6 can be run), but then it has a soname.
        program = elf.flags_1 & DF_1_PIE or (elf.interpreter and not elf.soname)
        return "pie" if program else "shared"
    return {ET_EXEC: "executable", ET_CORE: "core"}.get(elf.type, f"type {elf.type}")


def _build_id(elf: Elf) -> str:
    """The GNU build id in hex, else Go's own in its text."""
    for owner, kind in (("GNU", 3), ("Go", 4)):
        for note in elf.elf_notes:
            if note.owner == owner and note.type == kind and note.data:
                return note.data[:64].hex() if owner == "GNU" else printable(note.data[:128])
    return ""


def _names(names: frozenset[bytes]) -> tuple[str, ...]:
    """The names that tell most and the first of the others, in order."""
    if len(names) <= MAX_NAMES:
        return tuple(map(printable, sorted(names)))
    telling = [name for name in names if name in _TELLING_BYTES or name.startswith(b"pam_sm_")]
    rest = nsmallest(MAX_NAMES - len(telling), names.difference(telling))
    chosen = sorted((*telling, *rest))[:MAX_NAMES]
    return tuple(map(printable, chosen))


def _sections(elf: Elf, content: memoryview) -> Iterator[ElfSection]:
    """Sections, or segments where there are none; entropy of large ones is estimated from spread blocks."""
    if elf.sections:
        places = [
            (
                section.name,
                section.offset,
                0 if section.type == SHT_NOBITS else section.size,
                section.size,
                _section_flags(section.flags),
            )
            for section in elf.sections
            if section.type
        ]
    else:
        places = [
            (
                f"segment {number}",
                segment.offset,
                segment.file_size,
                segment.file_size,
                _segment_flags(segment.flags),
            )
            for number, segment in enumerate(elf.segments)
            if segment.type == PT_LOAD
        ]
    for name, offset, stored, size, flags in places[:MAX_SECTIONS]:
        run = content[offset : offset + stored]
        yield ElfSection(
            name=printable(name), offset=offset, size=size, entropy=entropy(run, _SECTION_SAMPLE), flags=flags
        )


def _section_flags(flags: int) -> str:
    known = ((SHF_WRITE, "W"), (SHF_ALLOC, "A"), (SHF_EXECINSTR, "X"))
    return "".join(letter for bit, letter in known if flags & bit)


def _segment_flags(flags: int) -> str:
    return "".join(letter for bit, letter in ((PF_R, "R"), (PF_W, "W"), (PF_X, "X")) if flags & bit)


def _oddities(elf: Elf, kind: str) -> Iterator[str]:
    if len(elf.sections) > MAX_SECTIONS:
        yield f"{len(elf.sections)} sections, of which the first {MAX_SECTIONS} are listed"
    loads = [segment for segment in elf.segments if segment.type == PT_LOAD]
    if kind in {"executable", "pie"}:
        if not loads:
            yield "a program without a segment to load"
        home = [each for each in loads if each.address <= elf.entry < each.address + max(each.memory_size, 1)]
        if loads and not any(each.flags & PF_X for each in home):
            yield "the entry point lies outside the executable segments"
        elif any(each.flags & PF_W for each in home):
            yield "the entry point lies in a writable segment"
    told = any(note == SECTIONS_BEYOND_END or note.endswith("no entries") for note in elf.notes)
    if loads and not elf.sections and not told:
        yield "there is no section table"
    if any(after.address < before.address for before, after in pairwise(loads)):
        yield "the segments do not stand in the order of their addresses"
    resolvers = elf.symbols.resolvers
    if resolvers and elf.soname.startswith("liblzma"):
        shown = ", ".join(map(printable, sorted(resolvers)[:8]))
        yield f"indirect functions choose the code at load time: {shown}"


EXAMINER = ElfExaminer()
