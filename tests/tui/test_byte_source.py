"""Marked places, what a person types to look for, and looking for it."""

from __future__ import annotations

import pytest

from forensics.tui.widgets import (
    Highlight,
    Highlights,
    Hit,
    ReadableBytes,
    byte_source,
    find_bytes,
    in_memory,
    parse_needles,
)


def test_a_source_never_reads_beyond_its_size_or_before_its_start() -> None:
    source = ReadableBytes(4, lambda offset, length: b"abcdefgh"[offset : offset + length])
    assert source.read(0, 100) == b"abcd"
    assert source.read(3, 2) == b"d"
    assert source.read(4, 1) == source.read(-1, 2) == source.read(0, 0) == b""


def test_marks_between_two_offsets_are_those_with_a_byte_there() -> None:
    marks = Highlights([Highlight(50, 10), Highlight(0, 100), Highlight(30, 5), Highlight(8, 0)])
    assert [mark.offset for mark in marks.between(35, 50)] == [0]
    assert [mark.offset for mark in marks.between(34, 51)] == [0, 30, 50]
    assert marks.between(100, 200) == []
    assert len(marks) == 3


def test_after_and_before_go_round() -> None:
    marks = Highlights([Highlight(10, 1), Highlight(20, 1)])
    assert [marks.after(offset).offset for offset in (0, 10, 20)] == [10, 20, 10]
    assert [marks.before(offset).offset for offset in (30, 20, 10)] == [20, 10, 20]
    assert Highlights().after(0) is None
    assert Highlights().before(0) is None


@pytest.mark.parametrize(
    ("typed", "needles"),
    [
        ("x:7f 45 4c46", (b"\x7fELF",)),
        ("pool", (b"pool", b"p\0o\0o\0l\0")),
        (r"\x1b[2J", (b"\x1b[2J",)),
        (r"a\xzz\x4", (rb"a\xzz\x4", r"a\xzz\x4".encode("utf-16-le"))),
        ("é", ("é".encode(), "é".encode("utf-16-le"))),
    ],
)
def test_what_is_typed_becomes_bytes(typed: str, needles: tuple[bytes, ...]) -> None:
    assert parse_needles(typed) == needles


@pytest.mark.parametrize("typed", ["", "x:", "x:7", "x:zz"])
def test_what_cannot_be_looked_for_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"look for|hex digits"):
        parse_needles(typed)


def test_a_needle_across_two_pieces_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_source, "PIECE", 8)
    content = b"......needle......NEEDLE......"
    for backwards in (False, True):
        start = len(content) if backwards else 0
        assert find_bytes(in_memory(content), (b"needle",), start, backwards=backwards) == Hit(6, 6)
        hit = find_bytes(in_memory(content), (b"neEDle",), 12, ignore_case=True, backwards=backwards)
        assert hit == Hit(6 if backwards else 18, 6)


def test_the_nearest_of_several_needles_wins() -> None:
    source = in_memory(b"..longer..x..")
    assert find_bytes(source, (b"x", b"longer")) == Hit(2, 6)
    assert find_bytes(source, (b"x", b"longer"), 13, backwards=True) == Hit(10, 1)


def test_a_search_stops_when_it_is_told_to_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_source, "PIECE", 10)
    done: list[int] = []
    source = in_memory(bytes(100))
    assert find_bytes(source, (b"x",), 55, stop=lambda: len(done) == 3, progress=done.append) is None
    assert done == [10, 20, 30]
    assert find_bytes(source, (b"x",), 55, progress=done.append) is None
    assert done[-1] == 100


def test_nothing_to_look_for_and_nothing_to_look_in() -> None:
    assert find_bytes(in_memory(b"abc"), ()) is None
    assert find_bytes(in_memory(b"abc"), (b"",)) is None
    assert find_bytes(in_memory(b""), (b"a",)) is None
