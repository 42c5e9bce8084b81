"""The filter language of the lists: words, `field:value` and `field>=value`, any of them negated by `-`."""

from __future__ import annotations

import operator
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

Record = TypeVar("Record")

_OPERATORS: tuple[tuple[str, Callable[[float, float], bool]], ...] = (
    (">=", operator.ge),
    ("<=", operator.le),
    (">", operator.gt),
    ("<", operator.lt),
)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class QueryError(ValueError):
    """The filter text cannot be understood; the message says which part of it."""


@dataclass(frozen=True, slots=True)
class Field(Generic[Record]):
    """Something to filter by.

    `read` gives the record's text for `field:value` (a value matches anywhere in it, ignoring case). `rank`
    gives its number for comparisons and `parse` turns the value of a comparison into such a number; then
    `field:value` means the same number, as far as the value is one.
    """

    read: Callable[[Record], str]
    rank: Callable[[Record], float] | None = None
    parse: Callable[[str], float] | None = None


def size_in_bytes(text: str) -> float:
    """`10`, `4k`, `1.5M`, `2G` in bytes; ValueError for anything else."""
    digits = text.lower().removesuffix("b").removesuffix("i")
    unit = _UNITS.get(digits[-1:], 1)
    return float(digits[:-1] if unit != 1 else digits) * unit


def compile_query(
    text: str, fields: Mapping[str, Field[Record]], words: Callable[[Record], str]
) -> Callable[[Record], bool] | None:
    """A predicate for the filter `text`, None when it is empty; words are looked for in `words(record)`.

    Every term must hold. A term whose field does not exist is a word, so that `http://x` can be searched for.
    Raises QueryError for an unclosed quote or a value that cannot be compared.
    """
    try:
        terms = shlex.split(text, posix=True) if '"' in text else text.split()
    except ValueError as error:
        raise QueryError("a quote is not closed") from error
    tests = [_negatable(term, fields, words) for term in terms if term not in ("-", "")]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _negatable(
    term: str, fields: Mapping[str, Field[Record]], words: Callable[[Record], str]
) -> Callable[[Record], bool]:
    if term.startswith("-") and len(term) > 1:
        test = _test(term[1:], fields, words)
        return lambda record: not test(record)
    return _test(term, fields, words)


def _test(
    term: str, fields: Mapping[str, Field[Record]], words: Callable[[Record], str]
) -> Callable[[Record], bool]:
    for sign, compare in _OPERATORS:
        name, found, value = term.partition(sign)
        field = fields.get(name.lower())
        if found and field is not None and field.rank is not None and field.parse is not None:
            return _comparison(field, compare, value, term)
    name, found, value = term.partition(":")
    field = fields.get(name.lower())
    if found and field is not None:
        return _sameness(field, value)
    wanted = term.lower()
    return lambda record: wanted in words(record).lower()


def _sameness(field: Field[Record], value: str) -> Callable[[Record], bool]:
    read, rank, wanted = field.read, field.rank, value.lower()
    if rank is not None and field.parse is not None:
        with suppress(ValueError, KeyError):
            number = field.parse(value)
            return lambda record: rank(record) == number
    return lambda record: wanted in read(record).lower()


def _comparison(
    field: Field[Record], compare: Callable[[float, float], bool], value: str, term: str
) -> Callable[[Record], bool]:
    rank, parse = field.rank, field.parse
    if rank is None or parse is None:
        raise QueryError(f"cannot compare in {term!r}")
    try:
        limit = parse(value)
    except (ValueError, KeyError) as error:
        raise QueryError(f"cannot compare with {value!r}") from error
    return lambda record: compare(rank(record), limit)
