"""Assembles tiny ELF programs and libraries whose only code is `exit(0)`.

Format: System V ABI, gABI 4.1 and the AMD64 supplement. They carry what real ones carry: a build id, section
headers, read-only data, a compiler's comment; libraries also a dynamic section with their name.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

_EXIT = bytes.fromhex("31ff b83c000000 0f05")  # xor edi, edi; mov eax, 60 (exit); syscall
_PAGE = 0x1000
_LOAD, _DYNAMIC, _NOTE, _STACK = 1, 2, 4, 0x6474E551
_PROGBITS, _STRTAB, _HASH, _DYN, _NOTES, _DYNSYM = 1, 3, 5, 6, 7, 11
_COMMENT = b"GCC: (Debian 14.2.0-19) 14.2.0\0"


class _Section:
    """One section: where it lies in the file and in memory, and what the header says of it."""

    def __init__(
        self,
        name: str,
        kind: int,
        flags: int,
        offset: int,
        content: bytes,
        link: int = 0,
        info: int = 0,
        size: int = 0,
    ) -> None:
        self.name = name
        self.kind = kind
        self.flags = flags
        self.offset = offset
        self.content = content
        self.link = link
        self.info = info
        self.entry_size = size


def program(name: str, strings: Sequence[bytes] = ()) -> bytes:
    """A static executable that leaves with status 0; `strings` stand in its read-only data."""
    return _assemble(name, strings, base=0x400000, dynamic=())


def library(soname: str, strings: Sequence[bytes] = (), exports: Sequence[str] = ()) -> bytes:
    """A shared object that calls itself `soname` and exports functions which do nothing but exit."""
    return _assemble(soname, strings, base=0, dynamic=(soname, *exports))


def _assemble(name: str, strings: Sequence[bytes], base: int, dynamic: Sequence[str]) -> bytes:
    is_library = bool(dynamic)
    headers = 64 + 56 * (5 if is_library else 4)
    note = _build_id(name, strings)
    text_at = _align(headers + len(note), 16)
    rodata = b"\0".join(strings) + b"\0"
    data = _Data(base, dynamic, _PAGE + _align(len(rodata), 16), base + text_at) if is_library else None
    sections = [
        _Section(".note.gnu.build-id", _NOTES, 2, headers, note),
        _Section(".text", _PROGBITS, 6, text_at, _EXIT),
        _Section(".rodata", _PROGBITS, 2, _PAGE, rodata),
        *(data.sections if data else ()),
    ]
    end = max(section.offset + len(section.content) for section in sections)
    sections.append(_Section(".comment", _PROGBITS, 0, _align(end, 16), _COMMENT))
    names = b"\0" + b"".join(section.name.encode() + b"\0" for section in sections) + b".shstrtab\0"
    sections.append(_Section(".shstrtab", _STRTAB, 0, sections[-1].offset + len(_COMMENT), names))
    segments = [
        struct.pack("<IIQQQQQQ", _LOAD, 5, 0, base, base, text_at + len(_EXIT), text_at + len(_EXIT), _PAGE),
        struct.pack(
            "<IIQQQQQQ",
            _LOAD,
            6 if data else 4,
            _PAGE,
            base + _PAGE,
            base + _PAGE,
            end - _PAGE,
            end - _PAGE,
            _PAGE,
        ),
        struct.pack("<IIQQQQQQ", _NOTE, 4, headers, base + headers, base + headers, len(note), len(note), 4),
        struct.pack("<IIQQQQQQ", _STACK, 6, 0, 0, 0, 0, 0, 16),
    ]
    if data:
        segments.append(data.segment)
    return _file(base, text_at, segments, sections, 3 if is_library else 2)


class _Data:
    """The tables of a library's dynamic section (gABI, chapter 5)."""

    def __init__(self, base: int, dynamic: Sequence[str], offset: int, code: int) -> None:
        soname, *exports = dynamic
        strings = b"\0" + b"".join(text.encode() + b"\0" for text in (soname, *exports))
        symbols = bytes(24)
        for export in exports:
            at = strings.index(b"\0" + export.encode() + b"\0") + 1
            symbols += struct.pack("<IBBHQQ", at, 0x12, 0, 2, code, len(_EXIT))
        count = len(exports) + 1
        chain = [number + 1 if number + 1 < count else 0 for number in range(1, count)]
        table = struct.pack(f"<{4 + count - 1}I", 1, count, 1 if exports else 0, 0, *chain)
        symbols_at = offset
        strings_at = symbols_at + len(symbols)
        hash_at = _align(strings_at + len(strings), 8)
        dynamic_at = _align(hash_at + len(table), 16)
        tags = (
            (14, 1), (4, base + hash_at), (5, base + strings_at), (6, base + symbols_at),
            (10, len(strings)), (11, 24), (0, 0),
        )  # fmt: skip
        content = b"".join(struct.pack("<QQ", *tag) for tag in tags)
        self.sections = (
            _Section(".dynsym", _DYNSYM, 2, symbols_at, symbols, link=5, info=1, size=24),
            _Section(".dynstr", _STRTAB, 2, strings_at, strings),
            _Section(".hash", _HASH, 2, hash_at, table, link=4, size=4),
            _Section(".dynamic", _DYN, 3, dynamic_at, content, link=5, size=16),
        )
        at, size = base + dynamic_at, len(content)
        self.segment = struct.pack("<IIQQQQQQ", _DYNAMIC, 6, dynamic_at, at, at, size, size, 8)


def _file(
    base: int, text_at: int, segments: Sequence[bytes], sections: Sequence[_Section], kind: int
) -> bytes:
    last = sections[-1]
    table_at = _align(last.offset + len(last.content), 8)
    content = bytearray(table_at + 64 * (len(sections) + 1))
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    content[:64] = identity + struct.pack(
        "<HHIQQQIHHHHHH",
        kind, 62, 1, base + text_at, 64, table_at, 0,
        64, 56, len(segments), 64, len(sections) + 1, len(sections),
    )  # fmt: skip
    content[64 : 64 + 56 * len(segments)] = b"".join(segments)
    names = last.content
    for number, section in enumerate(sections, 1):
        content[section.offset : section.offset + len(section.content)] = section.content
        address = base + section.offset if section.flags else 0
        at = table_at + 64 * number
        content[at : at + 64] = struct.pack(
            "<IIQQQQIIQQ",
            names.index(b"\0" + section.name.encode() + b"\0") + 1,
            section.kind, section.flags, address, section.offset, len(section.content),
            section.link, section.info, 16 if section.flags & 4 else 1, section.entry_size,
        )  # fmt: skip
    return bytes(content)


def _build_id(name: str, strings: Sequence[bytes]) -> bytes:
    digest = hashlib.sha1(b"\0".join((name.encode(), *strings)), usedforsecurity=False).digest()
    return struct.pack("<III4s", 4, len(digest), 3, b"GNU\0") + digest


def _align(offset: int, to: int) -> int:
    return -(-offset // to) * to
