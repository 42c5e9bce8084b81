"""The ELF reader against objects built field by field and against readelf over real programs."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.errors import ParseError
from forensics.parsers.elf import MAX_NAME_BYTES, SHT_NOBITS, Elf, Symbols, read_elf
from tests.elf_objects import ElfObject, dynamic, note, symbols

LAYOUTS = [(64, "<"), (64, ">"), (32, "<"), (32, ">")]
STRINGS = b"\0libc.so.6\0libm.so.6\0libx.so.1\0/opt/lib\0$ORIGIN\0connect\0serve\0"


def _library(bits: int, order: str, *, sections: bool) -> bytes:
    """A library with its dynamic section; its one segment maps the strings and symbols at 0x1000."""
    table = symbols([(STRINGS.index(b"connect"), 2, 0), (STRINGS.index(b"serve"), 2, 7)], bits, order)
    place = 0x1000
    entries = [
        (1, 1),
        (1, 11),
        (14, 21),
        (15, 31),
        (29, 40),
        (5, place),
        (6, place + len(STRINGS)),
        (10, len(STRINGS)),
    ]
    if not sections:
        entries.append((4, place + len(STRINGS) + len(table)))
    count = (3).to_bytes(4, "little" if order == "<" else "big")
    loaded = STRINGS + table + count + count
    built = ElfObject(
        bits=bits,
        order=order,
        type=3,
        segments=[(1, 5, place, loaded, None), (2, 6, 0x9000, dynamic(entries, bits, order), None)],
    )
    if sections:
        built.sections = [
            (".dynstr", 3, 2, 0, STRINGS, 0, 0),
            (".dynsym", 11, 2, 0, table, 1, 24 if bits == 64 else 16),
            (".text", 1, 6, 0x2000, b"\x90" * 40, 0, 0),
            (".note.gnu.build-id", 7, 2, 0, note(b"GNU", 3, bytes(range(20)), order), 0, 0),
        ]
    return built.build()


@pytest.mark.parametrize("sections", [True, False])
@pytest.mark.parametrize(("bits", "order"), LAYOUTS)
def test_reads_every_class_and_byte_order(bits: int, order: str, sections: bool) -> None:
    elf = read_elf(_library(bits, order, sections=sections))
    assert (elf.bits, elf.endian) == (bits, "little" if order == "<" else "big")
    assert (elf.machine, elf.type) == ("x86-64", 3)
    assert elf.needed == ("libc.so.6", "libm.so.6")
    assert (elf.soname, elf.rpath, elf.runpath) == ("libx.so.1", "/opt/lib", "$ORIGIN")
    assert (elf.symbols.undefined, elf.symbols.defined) == ({b"connect"}, {b"serve"})
    names = [section.name for section in elf.sections]
    assert names == (
        ["", ".dynstr", ".dynsym", ".text", ".note.gnu.build-id", ".shstrtab"] if sections else []
    )
    assert [entry.data.hex() for entry in elf.elf_notes] == ([bytes(range(20)).hex()] if sections else [])
    assert elf.notes == ()


@pytest.mark.parametrize(("bits", "order"), LAYOUTS)
def test_accounts_for_everything_but_what_is_appended(bits: int, order: str) -> None:
    plain = _library(bits, order, sections=True)
    assert read_elf(plain).accounted == len(plain)
    assert read_elf(plain + b"appended").accounted == len(plain)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an ELF object"),
        (b"\x7fELF", "not an ELF object"),
        (b"\x7fELG" + bytes(60), "not an ELF object"),
        (b"\x7fELF\x03\x01" + bytes(60), "ELF class 3"),
        (b"\x7fELF\x02\x07" + bytes(60), "data encoding 7"),
        (b"\x7fELF\x02\x01" + bytes(40), "cut off"),
    ],
)
def test_refuses_what_is_no_object(content: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read_elf(content)


def _patched(content: bytes, offset: int, value: int, width: int = 2) -> bytes:
    return content[:offset] + value.to_bytes(width, "little") + content[offset + width :]


def test_notes_an_emptied_section_table() -> None:
    elf = read_elf(_patched(_library(64, "<", sections=True), 60, 0))
    assert elf.sections == ()
    assert "the section table was emptied: it has a place, but no entries" in elf.notes
    assert elf.symbols == Symbols()


def test_notes_tables_that_leave_the_file() -> None:
    library = _library(64, "<", sections=True)
    beyond = read_elf(_patched(library, 40, len(library) * 2, 8))
    assert beyond.sections == ()
    assert "the section table reaches beyond the end of the file" in beyond.notes
    cut = read_elf(library[: len(library) - 65])
    assert "the section table reaches beyond the end of the file" in cut.notes


def test_notes_entries_that_are_too_small() -> None:
    elf = read_elf(_patched(_library(64, "<", sections=True), 58, 8))
    assert "the section table has entries of 8 bytes, 64 are needed" in elf.notes


def test_the_number_of_sections_may_stand_in_the_first_one() -> None:
    """gABI chapter 4: with e_shnum 0, sh_size of section 0 counts; SHN_XINDEX moves e_shstrndx to sh_link."""
    library = _library(64, "<", sections=True)
    table = int.from_bytes(library[40:48], "little")
    moved = _patched(_patched(library, 60, 0), 62, 0xFFFF)
    moved = _patched(_patched(moved, table + 32, 6, 8), table + 40, 5, 4)
    assert [section.name for section in read_elf(moved).sections] == [
        section.name for section in read_elf(library).sections
    ]


def test_two_interpreters_are_odd() -> None:
    segments = [(3, 4, 0, b"/lib/ld.so\0", None), (3, 4, 0, b"/tmp/ld.so\0", None)]
    elf = read_elf(ElfObject(segments=segments).build())
    assert elf.interpreter == "/lib/ld.so"
    assert elf.notes == ("more than one interpreter is asked for",)


PROGRAMS = ["/bin/ls", "/bin/bash", "/usr/bin/env", "/usr/bin/perl", "/usr/bin/git", "/usr/bin/ssh"]


def _real_objects() -> list[Path]:
    found = {Path(name).resolve() for name in PROGRAMS if Path(name).exists()}
    for folder in (
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu/security",
    ):
        found.update(path.resolve() for path in sorted(Path(folder).glob("*.so*"))[:12])
    return sorted(path for path in found if path.read_bytes()[:4] == b"\x7fELF")


@pytest.mark.service
@pytest.mark.parametrize("path", _real_objects(), ids=str)
def test_agrees_with_readelf(path: Path, tool: Callable[[str], str]) -> None:
    command = [
        tool("readelf"),
        "--wide",
        "--file-header",
        "--sections",
        "--segments",
        "--dynamic",
        "--notes",
        str(path),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    elf = read_elf(path.read_bytes())
    assert elf.bits == int(re.search(r"Class:\s+ELF(\d+)", said)[1])  # type: ignore[index]
    assert elf.entry == int(re.search(r"Entry point address:\s+0x(\w+)", said)[1], 16)  # type: ignore[index]
    rows = r"\[ *(\d+)\] (\S*) +(\w+) +(\w{16}) (\w{6,}) (\w{6,}) (\w\w) "
    expected = [
        (name, int(offset, 16), int(size, 16)) for _, name, _, _, offset, size, _ in re.findall(rows, said)
    ]
    assert [(each.name, each.offset, each.size) for each in elf.sections if each.name] == [
        row for row in expected if row[0] and row[0] != "NULL"
    ]
    assert list(elf.needed) == re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", said)
    assert [elf.soname] == (re.findall(r"\(SONAME\)\s+Library soname: \[(.+?)\]", said) or [""])
    assert [elf.interpreter] == (re.findall(r"program interpreter: (.+?)\]", said) or [""])
    assert [each.data.hex() for each in elf.elf_notes if (each.owner, each.type) == ("GNU", 3)] == re.findall(
        r"Build ID: (\w+)", said
    )
    _check_symbols(elf, path, tool)
    stored = [each.offset + each.size for each in elf.sections if each.type not in {0, SHT_NOBITS}]
    assert elf.accounted >= max(stored)


def _check_symbols(elf: Elf, path: Path, tool: Callable[[str], str]) -> None:
    command = [tool("readelf"), "--wide", "--dyn-syms", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    expected = set()
    for row in said.splitlines():
        parts = row.split()
        if (
            len(parts) >= 8
            and parts[0].rstrip(":").isdigit()
            and not (parts[6] == "ABS" and parts[3] == "OBJECT")
        ):
            expected.add((parts[7].partition("@")[0], parts[6] != "UND"))
    assert elf.symbols.defined == {name.encode() for name, defined in expected if defined}
    assert elf.symbols.undefined == {name.encode() for name, defined in expected if not defined}


def test_names_laid_over_one_another_do_not_fill_the_memory() -> None:
    count = 40_000
    letters = random.Random(1).randbytes(count + 5000).replace(b"\0", b"n")
    content = ElfObject(
        type=3,
        sections=[
            (".dynstr", 3, 2, 0, b"\0" + letters, 0, 0),
            (".dynsym", 11, 2, 0, symbols([(place, 2, 7) for place in range(1, count)]), 1, 24),
        ],
    ).build()
    elf = read_elf(content)
    size = sum(map(len, elf.symbols.defined))
    assert MAX_NAME_BYTES // 2 < size <= MAX_NAME_BYTES
    assert any(str(MAX_NAME_BYTES) in note for note in elf.notes)
