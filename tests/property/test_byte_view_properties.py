"""Searching, finding lines, finding strings and comparing texts, against the plain way to do each."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.tui.viewers import _difference
from forensics.tui.viewers._difference import difference
from forensics.tui.widgets import (
    ReadableBytes,
    byte_source,
    extract_strings,
    find_bytes,
    in_memory,
    strings,
    syntax,
)
from forensics.tui.widgets.line_index import STRIDE, LineIndex

FEW = st.binary(max_size=60).map(lambda content: bytes(b"ab\n\r"[byte % 4] for byte in content))
TEXTS = st.lists(st.sampled_from([b"a", b"b", b"c", b""]), max_size=12).map(b"\n".join)


@given(
    content=FEW,
    needle=st.sampled_from([b"a", b"ab", b"aa", b"bab"]),
    start=st.integers(0, 60),
    piece=st.integers(1, 9),
)
def test_a_search_in_pieces_finds_what_a_search_in_one_finds(
    content: bytes, needle: bytes, start: int, piece: int
) -> None:
    start = min(start, len(content))
    places = [place for place in range(len(content)) if content.startswith(needle, place)]
    forward = [place for place in places if place >= start] + places
    backward = [place for place in places[::-1] if place < start] + places[::-1]
    with patch.object(byte_source, "PIECE", piece):
        ahead = find_bytes(in_memory(content), (needle,), start)
        behind = find_bytes(in_memory(content), (needle,), start, backwards=True)
    assert (ahead.offset if ahead else None) == (forward[0] if forward else None)
    assert (behind.offset if behind else None) == (backward[0] if backward else None)


@given(
    lines=st.lists(st.text("aé€𝄞\t\r", max_size=30), max_size=80),
    row_bytes=st.integers(8, 40),
    budget=st.integers(1, 200),
    missing=st.integers(0, 30),
)
def test_rows_cover_every_byte_once_and_begin_lines_where_they_begin(
    lines: list[str], row_bytes: int, budget: int, missing: int
) -> None:
    content = "\n".join(lines).encode()
    source = ReadableBytes(len(content) + missing, lambda offset, length: content[offset : offset + length])
    index = LineIndex(source, row_bytes)
    while not index.complete:
        index.extend(budget)
    spans = index.spans(0, index.rows)
    rebuilt = b"".join(
        content[span.offset : span.offset + span.length] + span.ending.encode() for span in spans
    )
    assert rebuilt == content
    assert all(span.length <= row_bytes for span in spans)
    starts = [span.offset for span in spans if not span.continued]
    begins = [0, *(place + 1 for place, byte in enumerate(content) if byte == 0x0A)]
    assert starts == [place for place in begins if place < len(content)]
    for number, span in enumerate(spans):
        assert index.row_of(span.offset) == number
        assert index.spans(number, 1) == [span]
        content[span.offset : span.offset + span.length].decode()


@given(count=st.integers(0, 5 * STRIDE), first=st.integers(0, 5 * STRIDE), wanted=st.integers(0, 50))
def test_rows_from_any_place_are_the_same_rows(count: int, first: int, wanted: int) -> None:
    content = b"".join(b"%d\n" % number for number in range(count))
    index = LineIndex(in_memory(content))
    index.extend(1 << 20)
    everything = index.spans(0, count)
    assert index.spans(first, wanted) == everything[first : first + wanted]
    assert [span.line for span in everything] == list(range(1, count + 1))


@given(
    content=st.lists(
        st.sampled_from([b"abcdef", b"\0", b"x\0y\0z\0w\0", b"\xff", b"\n", b"ab"]), max_size=30
    ).map(b"".join),
    piece=st.integers(1, 64),
)
def test_strings_found_in_pieces_are_those_found_in_one(content: bytes, piece: int) -> None:
    with patch.object(strings, "PIECE", piece):
        found = [string for _, part in extract_strings(in_memory(content), 4) for string in part]
    expected = {
        (match.start(), match.end() - match.start(), wide)
        for wide, runs in ((False, rb"[\x20-\x7e\t]{4,}"), (True, rb"(?:[\x20-\x7e\t]\x00){4,}"))
        for match in re.finditer(runs, content)
    }
    assert {(string.offset, string.length, string.wide) for string in found} == expected
    assert [string.offset for string in found] == sorted(string.offset for string in found)


@given(old=TEXTS, new=TEXTS, edits=st.sampled_from([0, 3, 400]))
@settings(max_examples=200)
def test_a_difference_tells_both_texts_and_takes_no_more_edits_than_needed(
    old: bytes, new: bytes, edits: int
) -> None:
    with patch.object(_difference, "CONTEXT", 1000), patch.object(_difference, "EDITS", edits):
        lines = difference(old, new)
    if old == new:
        assert lines == []
        return
    assert b"".join(line.text for line in lines if line.sign in " -") == old
    assert b"".join(line.text for line in lines if line.sign in " +") == new
    if edits == 400:
        left, right = _difference._lines(old), _difference._lines(new)
        assert sum(line.sign in "+-" for line in lines) == len(left) + len(right) - 2 * _common(left, right)


def _common(left: list[bytes], right: list[bytes]) -> int:
    """The length of the longest common subsequence, by the textbook table."""
    row = [0] * (len(right) + 1)
    for one in left:
        previous = row[:]
        for place, other in enumerate(right, 1):
            row[place] = previous[place - 1] + 1 if one == other else max(previous[place], row[place - 1])
    return row[-1]


@given(line=st.binary(max_size=120), language=st.sampled_from([*syntax._LANGUAGES, ""]))
def test_coloured_parts_are_in_order_inside_the_line_and_do_not_overlap(line: bytes, language: str) -> None:
    last = 0
    for start, end, _ in syntax.tokens(line, language):
        assert last <= start < end <= len(line)
        last = end
