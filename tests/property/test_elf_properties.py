"""Whatever the bytes, the ELF reader and its examiner give facts within bounds or a ParseError."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import ParseError
from forensics.examine.elf import MAX_NAMES, MAX_SECTIONS, elf_facts
from forensics.parsers.elf import read_elf
from tests.elf_objects import ElfObject, dynamic, note, symbols

STRINGS = b"\0libc.so.6\0connect\0serve\0"
OBJECT = ElfObject(
    type=3,
    segments=[
        (1, 5, 0x1000, STRINGS + symbols([(11, 2, 0), (19, 2, 7)]), None),
        (2, 6, 0x9000, dynamic([(1, 1), (5, 0x1000), (6, 0x1000 + len(STRINGS)), (10, len(STRINGS))]), None),
        (3, 4, 0, b"/lib/ld.so\0", None),
    ],
    sections=[
        (".dynstr", 3, 2, 0, STRINGS, 0, 0),
        (".dynsym", 11, 2, 0, symbols([(11, 2, 0), (19, 2, 7)]), 1, 24),
        (".note", 7, 2, 0, note(b"GNU", 3, bytes(20)), 0, 0),
        (".go.buildinfo", 1, 2, 0, b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x08go1.22.1", 0, 0),
    ],
).build()


def _check(content: bytes) -> None:
    try:
        facts = elf_facts(memoryview(content))
    except ParseError:
        return
    assert 0 <= facts.overlay <= len(content)
    assert len(facts.sections) <= MAX_SECTIONS
    assert len(facts.exports) <= MAX_NAMES
    assert len(facts.imports) <= MAX_NAMES
    assert all(0 <= section.entropy <= 8 for section in facts.sections)
    shown = (facts.interpreter, facts.soname, facts.rpath, *facts.needed, *facts.exports, *facts.notes)
    assert all(text.isprintable() for text in shown)


@given(st.binary(max_size=600))
def test_any_bytes_behind_the_magic(rest: bytes) -> None:
    _check(b"\x7fELF" + rest)


@given(
    st.sampled_from([1, 2]),
    st.sampled_from([1, 2]),
    st.lists(st.integers(0, 2**64 - 1), min_size=12, max_size=40),
)
def test_any_numbers_in_the_header(width: int, order: int, numbers: list[int]) -> None:
    body = b"".join(number.to_bytes(8, "little") for number in numbers)
    _check(b"\x7fELF" + bytes([width, order, 1]) + bytes(9) + body)


@given(st.data())
@settings(max_examples=300)
def test_any_few_bytes_of_a_sound_object_changed(data: st.DataObject) -> None:
    content = bytearray(OBJECT)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(4, len(content) - 1))
        content[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]))
    _check(bytes(content))


@given(st.integers(0, len(OBJECT)))
def test_any_prefix_of_a_sound_object(size: int) -> None:
    _check(OBJECT[:size])


def test_words_of_a_real_program_changed() -> None:
    content = bytearray(Path("/proc/self/exe").read_bytes()[: 1 << 18])
    chance = random.Random(20_240_329)
    for _ in range(60):
        mutant = bytearray(content)
        for _ in range(8):
            place = chance.randrange(16, 4096)
            mutant[place : place + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", chance.randbytes(4)])
        _check(bytes(mutant))


def test_reading_is_repeatable() -> None:
    assert read_elf(OBJECT) == read_elf(bytearray(OBJECT))
    assert elf_facts(memoryview(OBJECT)).language == "go 1.22.1"
