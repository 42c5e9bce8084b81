"""Small ELF objects, written field by field after the System V gABI, for tests of what reads them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


@dataclass
class ElfObject:
    """An object with the segments, sections and symbols that a test gives; `tail` comes behind all tables.

    `segments` are (type, flags, address, content, memory size or None); `sections` are (name, type, flags,
    address, content, link, entry size). Everything lies in the file in that order.
    """

    bits: int = 64
    order: str = "<"
    type: int = 2
    machine: int = 62
    entry: int = 0
    segments: list[tuple[int, int, int, bytes, int | None]] = field(default_factory=list)
    sections: list[tuple[str, int, int, int, bytes, int, int]] = field(default_factory=list)
    tail: bytes = b""

    def build(self) -> bytes:
        wide = self.bits == 64
        header_size, segment_size, section_size = (64, 56, 64) if wide else (52, 32, 40)
        body, place = b"", header_size + segment_size * len(self.segments)
        segment_rows = []
        for kind, flags, address, content, memory in self.segments:
            size = len(content) if memory is None else memory
            if wide:
                fields = (kind, flags, place + len(body), address, address, len(content), size, 1)
            else:
                fields = (kind, place + len(body), address, address, len(content), size, flags, 1)
            segment_rows.append(struct.pack(self.order + ("IIQQQQQQ" if wide else "IIIIIIII"), *fields))
            body += content
        names, section_rows, offsets = b"\0", [], []
        if self.sections:
            rows = [("", 0, 0, 0, b"", 0, 0), *self.sections]
            for name, *_ in rows[1:]:
                offsets.append(len(names))
                names += name.encode() + b"\0"
            offsets = [0, *offsets, len(names)]
            names += b".shstrtab\0"
            rows.append((".shstrtab", 3, 0, 0, names, 0, 0))
            form = self.order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
            for at, (_, kind, flags, address, content, link, entry_size) in zip(offsets, rows, strict=True):
                row = (at, kind, flags, address, place + len(body), len(content), link, 0, 1, entry_size)
                section_rows.append(struct.pack(form, *(row if kind else (0,) * 10)))
                body += content
        table = place + len(body) if section_rows else 0
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if self.order == "<" else 2, 1]) + bytes(9)
        header = struct.pack(
            self.order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"),
            self.type,
            self.machine,
            1,
            self.entry,
            header_size if self.segments else 0,
            table,
            0,
            header_size,
            segment_size,
            len(self.segments),
            section_size,
            len(section_rows),
            len(section_rows) - 1 if section_rows else 0,
        )
        return ident + header + b"".join(segment_rows) + body + b"".join(section_rows) + self.tail


def dynamic(entries: list[tuple[int, int]], bits: int = 64, order: str = "<") -> bytes:
    """A dynamic section of (tag, value) pairs, closed by DT_NULL."""
    form = order + ("qQ" if bits == 64 else "iI")
    return b"".join(struct.pack(form, tag, value) for tag, value in [*entries, (0, 0)])


def symbols(table: list[tuple[int, int, int]], bits: int = 64, order: str = "<") -> bytes:
    """A symbol table of (offset of the name, type, section index) rows behind the empty first symbol."""
    rows = [(0, 0, 0), *table]
    if bits == 64:
        return b"".join(
            struct.pack(order + "IBBHQQ", name, 16 | kind, 0, where, 0, 0) for name, kind, where in rows
        )
    return b"".join(
        struct.pack(order + "IIIBBH", name, 0, 0, 16 | kind, 0, where) for name, kind, where in rows
    )


def note(owner: bytes, kind: int, data: bytes, order: str = "<") -> bytes:
    """One note with its padding (LSB 5.0, 10.8)."""
    name = owner + b"\0"
    return (
        struct.pack(order + "III", len(name), len(data), kind)
        + name.ljust(len(name) + 3 & ~3, b"\0")
        + data.ljust(len(data) + 3 & ~3, b"\0")
    )
