"""The filter language."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from forensics.tui.queries import Field, QueryError, compile_query, size_in_bytes


class Thing(NamedTuple):
    name: str
    size: int


FIELDS: dict[str, Field[Thing]] = {
    "name": Field(lambda thing: thing.name),
    "size": Field(lambda thing: str(thing.size), lambda thing: thing.size, size_in_bytes),
}
THINGS = [Thing("Alpha one", 10), Thing("beta", 2048), Thing("http://alpha", 3 << 20)]


def kept(query: str) -> list[int]:
    """Sizes of the things the query leaves."""
    test = compile_query(query, FIELDS, lambda thing: thing.name)
    return [thing.size for thing in THINGS if test is None or test(thing)]


@pytest.mark.parametrize(
    ("query", "sizes"),
    [
        ("", [10, 2048, 3 << 20]),
        ("   ", [10, 2048, 3 << 20]),
        ("alpha", [10, 3 << 20]),
        ("ALPHA", [10, 3 << 20]),
        ("alpha one", [10]),
        ('"alpha one"', [10]),
        ("-alpha", [2048]),
        ("name:bet", [2048]),
        ("-name:bet alpha", [10, 3 << 20]),
        ("size>10", [2048, 3 << 20]),
        ("size>=2k", [2048, 3 << 20]),
        ("size<2k", [10]),
        ("size<=1.5M", [10, 2048]),
        ("size:2048", [2048]),
        ("size:2k", [2048]),
        ("size:0", []),
        ("size:", [10, 2048, 3 << 20]),
        ("-size:10", [2048, 3 << 20]),
        ("http://alpha", [3 << 20]),
        ("unknown:alpha", []),
        ("-", [10, 2048, 3 << 20]),
    ],
)
def test_a_query_leaves(query: str, sizes: list[int]) -> None:
    assert kept(query) == sizes


@pytest.mark.parametrize(("query", "said"), [("size>big", "'big'"), ('"open', "quote"), ("size>", "''")])
def test_a_wrong_query_says_what_is_wrong(query: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        kept(query)


@pytest.mark.parametrize(
    ("text", "size"),
    [("7", 7), ("1k", 1024), ("2KiB", 2048), ("1.5M", 1_572_864), ("1g", 1 << 30), ("3b", 3)],
)
def test_sizes(text: str, size: float) -> None:
    assert size_in_bytes(text) == size
