"""The filter language."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from forensics.tui.queries import SIZE, Field, QueryError, compile_query, remark, size_in_bytes


class Thing(NamedTuple):
    name: str
    size: int


FIELDS: dict[str, Field[Thing]] = {
    "name": Field(lambda thing: thing.name),
    "size": Field(lambda thing: str(thing.size), lambda thing: thing.size, size_in_bytes, SIZE),
}
THINGS = [Thing("Alpha one", 10), Thing("beta", 2000), Thing("http://alpha", 3_000_000)]


def kept(query: str) -> list[int]:
    """Sizes of the things the query leaves."""
    test = compile_query(query, FIELDS, lambda thing: thing.name)
    return [thing.size for thing in THINGS if test is None or test(thing)]


@pytest.mark.parametrize(
    ("query", "sizes"),
    [
        ("", [10, 2000, 3_000_000]),
        ("   ", [10, 2000, 3_000_000]),
        ("alpha", [10, 3_000_000]),
        ("ALPHA", [10, 3_000_000]),
        ("alpha one", [10]),
        ('"alpha one"', [10]),
        ("-alpha", [2000]),
        ("name:bet", [2000]),
        ("-name:bet alpha", [10, 3_000_000]),
        ("size>10", [2000, 3_000_000]),
        ("size>=2k", [2000, 3_000_000]),
        ("size<2k", [10]),
        ("size<=1.5M", [10, 2000]),
        ("size:2000", [2000]),
        ("size:2k", [2000]),
        ("size:0", []),
        ("size:", [10, 2000, 3_000_000]),
        ("-size:10", [2000, 3_000_000]),
        ("http://alpha", [3_000_000]),
        ("unknown:alpha", []),
        ("size>", [10, 2000, 3_000_000]),
        ('name:"alpha one"', [10]),
        ('-name:"alpha one"', [2000, 3_000_000]),
        ('"name:beta"', []),
        ('"size>10"', []),
        ("it's", []),
        ("-", [10, 2000, 3_000_000]),
    ],
)
def test_a_query_leaves(query: str, sizes: list[int]) -> None:
    assert kept(query) == sizes


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("size>big", "cannot compare size with 'big': it takes a size such as 512, 4k or 1.5M"),
        ('"open', "a quote is not closed"),
        ("finding>=high", "no field finding here. Fields: name size"),
        ("-bogus<1", "no field bogus here. Fields: name size"),
        ("name>a", "name does not compare: write name:value. These compare: size"),
    ],
)
def test_a_wrong_query_says_what_is_wrong(query: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        kept(query)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("bogus:1", "no field bogus here: taken as text. Fields: name size"),
        ("-bogus:1 more:2 bogus:3", "no field bogus, more here: taken as text. Fields: name size"),
        ("bogus:", ""),
        ("name:beta SIZE:10 word", ""),
        ("http://alpha", ""),
        ("a::b", ""),
        ('"libc6:amd64"', ""),
        ("10:30", ""),
        ("", ""),
    ],
)
def test_a_name_that_is_no_field_is_remarked_on(query: str, said: str) -> None:
    assert remark(query, FIELDS) == said


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("7", 7),
        ("1k", 1000),
        ("2KiB", 2048),
        ("1.5M", 1_500_000),
        ("1 GB", 10**9),
        ("1gi", 1 << 30),
        ("3b", 3),
    ],
)
def test_sizes(text: str, size: float) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "k", "1e3", "nan", "inf", "-1", "1t", "1kk", "1_000"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        size_in_bytes(text)
