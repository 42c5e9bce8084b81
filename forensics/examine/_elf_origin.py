"""What made an ELF object: the language and compiler, and what packed or bundled it."""

from __future__ import annotations

import re
import struct

from forensics.examine._randomness import entropy
from forensics.parsers.elf import PF_X, PT_LOAD, SHT_NOBITS, Elf, Section

PACKERS = frozenset({"UPX", "UPX-like, markers removed", "shc"})
"""Values of `ElfFacts.packer` that hide a program's code."""
BUNDLERS = frozenset({"PyInstaller", "AppImage", "Nuitka", "staticx", "Bun", "Deno", "Node.js SEA"})
"""Values of `ElfFacts.packer` that carry an application behind a launcher, which explains an overlay."""

PACKED_ENTROPY = 7.2
_GO_MAGIC = b"\xff Go buildinf:"
_SECTION_BYTES = 8 << 20
_SHC_BYTES = 1 << 20


def language(elf: Elf, content: memoryview) -> str:
    """The language, a word in lower case, then its version or compiler; empty if unknown.

    Go: debug/buildinfo, "buildInfoHeaderSize"; others by compiler marks (`.comment`) and run-time libraries.
    """
    sections = {section.name: section for section in elf.sections}
    if version := _go_version(elf, sections, content):
        return f"go {version}".strip()
    comment = _bytes(sections.get(".comment"), content, 4096)
    if found := re.search(rb"rustc version (\d[\w.+-]*)", comment):
        return f"rust {found[1].decode('ascii')}"
    if b"/rustc/" in _bytes(sections.get(".rodata"), content, _SECTION_BYTES):
        return "rust"
    if ".svm_heap" in sections:
        return "java (native image)"
    compiler = _compiler(comment)
    for library, name in (
        ("libstdc++", "c++"),
        ("libc++.", "c++"),
        ("libgfortran", "fortran"),
        ("libswiftCore", "swift"),
    ):
        if any(needed.startswith(library) for needed in elf.needed):
            return name + compiler
    return f"c{compiler}" if compiler else ""


def _compiler(comment: bytes) -> str:
    if found := re.search(rb"GCC: \([^)]*\) (\d[\d.]*)", comment):
        return f" (GCC {found[1].decode('ascii')})"
    if found := re.search(rb"clang version (\d[\d.]*)", comment):
        return f" (clang {found[1].decode('ascii')})"
    return ""


def _go_version(elf: Elf, sections: dict[str, Section], content: memoryview) -> str | None:
    """The Go release, empty when it is Go of an unknown release, None when it is not Go."""
    if section := sections.get(".go.buildinfo"):
        run = _bytes(section, content, 4096)
    elif sections:
        marks = {".gopclntab", ".note.go.buildid", ".data.rel.ro.gopclntab"}
        return "" if marks & sections.keys() else None
    else:
        place = bytes(content[:_SECTION_BYTES]).find(_GO_MAGIC)
        if place < 0:
            return "" if any(note.owner == "Go" for note in elf.elf_notes) else None
        run = bytes(content[place : place + 4096])
    if not run.startswith(_GO_MAGIC) or len(run) < 34:
        return ""
    if run[15] & 2:  # since Go 1.18: the string itself, with its length in front
        return _release(run[33 : 33 + (run[32] & 0x7F)])
    return _release(_pointed_at(elf, run, content))


def _pointed_at(elf: Elf, run: bytes, content: memoryview) -> bytes:
    """Until Go 1.17: the address of a string header, which holds the address and the length of the text."""
    wide, order = run[14] == 8, ">" if run[15] & 1 else "<"
    word = struct.Struct(order + ("Q" if wide else "I"))
    if len(run) < 16 + word.size:
        return b""
    header = _loaded(elf, content, word.unpack_from(run, 16)[0], 2 * word.size)
    if len(header) < 2 * word.size:
        return b""
    (address,), (length,) = word.unpack_from(header, 0), word.unpack_from(header, word.size)
    return _loaded(elf, content, address, min(length, 64))


def _loaded(elf: Elf, content: memoryview, address: int, length: int) -> bytes:
    for segment in elf.segments:
        if segment.type == PT_LOAD and segment.address <= address < segment.address + segment.file_size:
            start = segment.offset + address - segment.address
            return bytes(content[start : start + length])
    return b""


def _release(text: bytes) -> str:
    found = re.match(rb"go(\d[\w.-]{0,30})|devel", text)
    return "" if found is None else (found[1] or b"devel").decode("ascii")


def packer(elf: Elf, content: memoryview) -> str:
    """What packed or bundled the program: one of `PACKERS` or `BUNDLERS`, else empty."""
    head, tail = bytes(content[:4096]), bytes(content[-4096:])
    if b"UPX!" in head[:1024] or b"UPX!" in tail[-64:] or b"packed with the UPX" in head:
        return "UPX"
    if head[8:11] == b"AI\x01" or head[8:11] == b"AI\x02":  # AppImage specification, "Type 2 image format"
        return "AppImage"
    if b"MEI\014\013\012\013\016" in tail:  # PyInstaller, bootloader/src/pyi_archive.h
        return "PyInstaller"
    if any(section.name == ".staticx.archive" for section in elf.sections):
        return "staticx"
    if tail.rstrip(b"\0").endswith(b"\n---- Bun! ----\n") or b"\n---- Bun! ----\n" in tail[-64:]:
        return "Bun"
    if b"d3n0l4nd" in tail[-64:]:
        return "Deno"
    overlay = bytes(content[elf.accounted : elf.accounted + 3])
    if overlay in {b"KAX", b"KAY"}:  # Nuitka, OnefileBootstrap.c
        return "Nuitka"
    if any(note.owner == "NODE_SEA_BLOB" for note in elf.elf_notes):
        return "Node.js SEA"
    if len(content) <= _SHC_BYTES and b"E: neither argv[0] nor $_ works." in bytes(content):  # shc.c
        return "shc"
    return "UPX-like, markers removed" if _looks_packed(elf, content) else ""


def _looks_packed(elf: Elf, content: memoryview) -> bool:
    """A stub and noise: needs nothing, grows in memory, has no sections, and its code reads as random.

    That is what the layout of a UPX file is once its magic is overwritten; two of the three others must be
    there beside the noise.
    """
    loads = [segment for segment in elf.segments if segment.type == PT_LOAD]
    if not loads or elf.needed or elf.interpreter or len(content) < 4096:
        return False
    grows = any(segment.memory_size > 4 * max(segment.file_size, 1 << 12) for segment in loads)
    lean = len(loads) <= 3
    if (not elf.sections) + grows + lean < 2:
        return False
    code = max(loads, key=lambda segment: (bool(segment.flags & PF_X), segment.file_size))
    run = content[code.offset : code.offset + code.file_size]
    return len(run) >= 4096 and entropy(run, 1 << 16) > PACKED_ENTROPY


def _bytes(section: Section | None, content: memoryview, most: int) -> bytes:
    if section is None or section.type == SHT_NOBITS:
        return b""
    return bytes(content[section.offset : section.offset + min(section.size, most)])
