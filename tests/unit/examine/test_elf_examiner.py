"""What the ELF examiner concludes from how an object is built."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from forensics.errors import ParseError
from forensics.examine.elf import MAX_NAMES, elf_facts
from forensics.model.facts import ElfFacts
from tests.elf_objects import ElfObject, symbols

CODE = b"\x90" * 64
NOISE = random.Random(3).randbytes(1 << 16)


def _facts(content: bytes) -> ElfFacts:
    return elf_facts(memoryview(content))


def test_a_static_program_without_symbols() -> None:
    facts = _facts(ElfObject(type=2, segments=[(1, 5, 0x1000, CODE, None)]).build())
    assert (facts.kind, facts.static, facts.stripped, facts.interpreter) == ("executable", True, True, "")


def test_bytes_behind_everything_are_an_overlay() -> None:
    plain = ElfObject(type=2, segments=[(1, 5, 0x1000, CODE, None)]).build()
    facts = _facts(plain + b"payload")
    assert (facts.overlay_offset, facts.overlay) == (len(plain), 7)
    assert _facts(plain).overlay == 0


def test_a_segment_that_is_written_and_run() -> None:
    assert _facts(ElfObject(type=2, segments=[(1, 7, 0x1000, CODE, None)]).build()).writable_executable
    assert not _facts(ElfObject(type=2, segments=[(1, 5, 0x1000, CODE, None)]).build()).writable_executable


def test_upx_is_told_by_its_mark_and_without_it_by_its_form() -> None:
    packed = ElfObject(type=2, segments=[(1, 5, 0x1000, NOISE, None), (1, 6, 0x90000, CODE, 1 << 20)])
    assert _facts(packed.build()).packer == "UPX-like, markers removed"
    assert _facts(packed.build()[:-4] + b"UPX!").packer == "UPX"
    plain = ElfObject(type=2, segments=[(1, 5, 0x1000, CODE * 1024, None), (1, 6, 0x90000, CODE, 1 << 20)])
    assert _facts(plain.build()).packer == ""


def test_the_compiler_is_read_from_its_comment() -> None:
    comment = b"GCC: (Debian 12.2.0-14) 12.2.0\0"
    assert (
        _facts(ElfObject(sections=[(".comment", 1, 0, 0, comment, 0, 0)]).build()).language
        == "c (GCC 12.2.0)"
    )
    rust = b"rustc version 1.75.0 (82e1608df 2023-12-21)\0"
    assert _facts(ElfObject(sections=[(".comment", 1, 0, 0, rust, 0, 0)]).build()).language == "rust 1.75.0"


def test_of_many_names_the_telling_ones_are_kept() -> None:
    names = [f"a{number:04}" for number in range(500)] + ["readdir64", "pam_sm_authenticate", "zzz"]
    strings, places = b"\0", []
    for name in names:
        places.append((len(strings), 2, 1))
        strings += name.encode() + b"\0"
    content = ElfObject(
        sections=[(".dynstr", 3, 2, 0, strings, 0, 0), (".dynsym", 11, 2, 0, symbols(places), 1, 24)]
    ).build()
    facts = _facts(content)
    assert len(facts.exports) == MAX_NAMES
    assert {"readdir64", "pam_sm_authenticate"} <= set(facts.exports)
    assert "zzz" not in facts.exports


def test_an_entry_outside_the_code_is_noted() -> None:
    content = bytearray(ElfObject(type=2, segments=[(1, 5, 0x1000, CODE, None)]).build())
    content[24:32] = (0x777777).to_bytes(8, "little")
    assert any("entry point" in note for note in _facts(bytes(content)).notes)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(ParseError):
        _facts(b"\x7fELF")


def test_a_real_program_is_what_it_is() -> None:
    facts = _facts(Path("/proc/self/exe").read_bytes())
    assert facts.kind in {"pie", "executable"}
    assert facts.overlay == 0
    assert facts.packer == ""
    assert any(name.startswith("libc.") for name in facts.needed) or facts.static
