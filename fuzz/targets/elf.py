"""ELF objects."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from forensics.errors import ParseError
from forensics.examine.elf import MAX_NAMES, MAX_SECTIONS, elf_facts
from forensics.parsers.elf import MAX_HEADERS, MAX_SYMBOLS, SHT_NOBITS, read_elf
from fuzz._promises import check_shown
from fuzz._target import Target


def run(data: bytes) -> None:
    """Tables stay within bounds, what reaches beyond the file is noted, facts can be shown."""
    elf = read_elf(data)
    assert elf == read_elf(memoryview(data))
    size = len(data)
    assert 16 <= elf.accounted <= size
    assert len(elf.segments) <= MAX_HEADERS
    assert len(elf.sections) <= MAX_HEADERS
    assert len(elf.symbols.defined) + len(elf.symbols.undefined) <= 2 * MAX_SYMBOLS
    noted = any("beyond the end" in note for note in elf.notes)
    for section in elf.sections:
        if section.type not in {0, SHT_NOBITS} and section.size:
            assert noted or section.offset + section.size <= size, section
    facts = elf_facts(memoryview(data))
    check_shown(facts)
    assert 0 <= facts.overlay <= size
    assert len(facts.sections) <= MAX_SECTIONS
    assert len(facts.exports) <= MAX_NAMES
    assert len(facts.imports) <= MAX_NAMES
    assert all(0 <= section.entropy <= 8 for section in facts.sections)


def _object() -> bytes:
    """A 64-bit object with a dynamic section, symbols, a note and sections."""
    strings = b"\0libc.so.6\0connect\0serve\0/lib/ld.so\0.text\0"
    symbols = struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0)
    symbols += struct.pack("<IBBHQQ", 11, 2, 0, 0, 0, 0) + struct.pack("<IBBHQQ", 19, 10, 0, 7, 64, 8)
    note = struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes(20)
    at = 64 + 4 * 56
    places = {}
    body = b""
    for name, data in (("strings", strings), ("symbols", symbols), ("note", note)):
        places[name] = (at + len(body), len(data))
        body += data.ljust(-(-len(data) // 8) * 8, b"\0")
    start = 0x400000
    dynamic = struct.pack(
        "<10q", 1, 1, 5, start + places["strings"][0], 6, start + places["symbols"][0], 10, len(strings), 0, 0
    )
    places["dynamic"] = (at + len(body), len(dynamic))
    body += dynamic
    table = at + len(body)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, start, 64, table, 0, 64, 56, 4, 64, 5, 1)
    segment = struct.Struct("<IIQQQQQQ")
    segments = segment.pack(1, 5, 0, start, 0, table, table, 4096)
    segments += segment.pack(2, 6, places["dynamic"][0], 0, 0, places["dynamic"][1], 0, 8)
    segments += segment.pack(3, 4, places["strings"][0] + 25, 0, 0, 11, 0, 1)
    segments += segment.pack(4, 4, places["note"][0], 0, 0, places["note"][1], 0, 4)
    section = struct.Struct("<IIQQQQIIQQ")
    rows = [(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]
    for kind, name, link in ((3, "strings", 0), (11, "symbols", 1), (7, "note", 0), (6, "dynamic", 1)):
        rows.append((36, kind, 2, start + places[name][0], *places[name], link, 0, 8, 0))
    return head + segments + body + b"".join(section.pack(*row) for row in rows)


def seeds() -> Iterator[bytes]:
    """A made object, its head in the other class and order, and the head of a real program."""
    yield _object()
    yield _object()[:100]
    yield b"\x7fELF\x01\x02\x01" + bytes(9) + _object()[16:]
    yield Path("/proc/self/exe").read_bytes()[:8192]


TARGET = Target(id="elf", run=run, allowed=(ParseError,), seeds=seeds, harvest=("elf",), words=(b"\x7fELF",))
