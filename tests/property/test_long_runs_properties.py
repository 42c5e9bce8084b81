"""Long runs of characters are those that a regular expression finds."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from forensics.examine._long_runs import LongRuns

_PIECES = st.lists(st.sampled_from([b"A", b"f0", b"z" * 5, b"\n", b"=", b" ", b"\x00", b"\xff"]), max_size=60)


@given(_PIECES.map(b"".join), st.integers(1, 9))
@example(b"", 1)
@example(b"AAAA", 4)
@example(b"AAA", 4)
def test_same_as_a_greedy_repetition(text: bytes, least: int) -> None:
    expected = [found.span() for found in re.finditer(rb"[Af0z]{%d,}" % least, text)]
    assert list(LongRuns(b"Af0z", least).find(text)) == expected
