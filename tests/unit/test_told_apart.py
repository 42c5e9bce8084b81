"""Paths that look alike are listed differently, and those that look like themselves stay as they are."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.printable import printable, told_apart

COMPOSED, DECOMPOSED = "/caf\u00e9", "/cafe\u0301"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/tmp/x ", "/tmp/x\\x20"),
        ("/tmp/ x", "/tmp/\\x20x"),
        ("/tmp/..  /x", "/tmp/..\\x20\\x20/x"),
        ("/tmp/ ", "/tmp/\\x20"),
        (" target", "\\x20target"),
        (DECOMPOSED, "/cafe\\u0301"),
        ("/\u212b", "/\\u212b"),
        ("/x\x1b[2J ", "/x\\x1b[2J\\x20"),
        ("/\udcff", "/\\xff"),
    ],
)
def test_what_would_look_like_something_else_is_escaped(path: str, shown: str) -> None:
    assert told_apart(path) == shown


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/usr/bin/ls",
        "/Program Files/a  b",
        COMPOSED,
        "/\u65e5\u672c\u8a9e",
        "/\ud55c\uae00",
        "/\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22",
        "",
    ],
)
def test_ordinary_names_stay_as_they_are(path: str) -> None:
    assert told_apart(path) == path == printable(path)


def test_every_composed_character_differs_from_its_parts() -> None:
    for code in range(0x80, sys.maxunicode + 1):
        char = chr(code)
        parts = unicodedata.normalize("NFD", char)
        if parts != char:
            composed = unicodedata.normalize("NFC", char)
            spellings = {told_apart(f"/x{one}") for one in (char, parts, composed)}
            assert len(spellings) == len({char, parts, composed}), hex(code)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\")))
def test_it_is_printable_and_loses_nothing(path: str) -> None:
    shown = told_apart(path)
    assert shown.isprintable()
    assert shown == printable(shown)
    read = shown.encode("utf-8").decode("utf-8")
    for width, mark in ((2, "x"), (4, "u"), (8, "U")):
        pieces = read.split(f"\\{mark}")
        read = pieces[0] + "".join(chr(int(one[:width], 16)) + one[width:] for one in pieces[1:])
    assert read == path
