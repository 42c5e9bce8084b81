"""The filter language of the lists: words, `field:value` and `field>=value`, any of them negated by `-`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

Record = TypeVar("Record")

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?((?:[kmg]i?)?)b?", re.IGNORECASE)
_TERM = re.compile(r'(?:[^\s"]|"[^"]*")+')
_FIELD = re.compile(r"([a-z][a-z0-9_]*)(>=|<=|>|<|:)(.*)", re.IGNORECASE | re.DOTALL)


class QueryError(ValueError):
    """The filter text cannot be understood; the message says which part of it."""


@dataclass(frozen=True, slots=True)
class Field(Generic[Record]):
    """Something to filter by.

    `read` gives the record's text for `field:value` (a value matches anywhere in it, ignoring case). `rank`
    gives its number for comparisons and `parse` turns the value of a comparison into such a number; then
    `field:value` means the same number, as far as the value is one. `expects` says what it can be compared
    with.
    """

    read: Callable[[Record], str]
    rank: Callable[[Record], float] | None = None
    parse: Callable[[str], float] | None = None
    expects: str = "a number"


SIZE = "a size such as 512, 4k or 1.5M"


def size_in_bytes(text: str) -> float:
    """`10`, `4k`, `1.5M`, `2GB` as the screen writes sizes, `4KiB` in powers of two; else ValueError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    number, unit = match.groups()
    return float(number) * _UNITS.get(unit.lower(), 1)


def compile_query(
    text: str, fields: Mapping[str, Field[Record]], words: Callable[[Record], str]
) -> Callable[[Record], bool] | None:
    """A predicate for the filter `text`, None when it is empty; words are looked for in `words(record)`.

    Every term must hold. `name:value` with a name that is no field is a word (see `unknown_fields`), and what
    stands in quotes from its beginning always is. A comparison without its value holds for all.
    Raises QueryError for an unclosed quote, and for a comparison of what is no field, cannot be compared, or
    not with this value.
    """
    tests = [_negatable(term, fields, words) for term in _terms(text) if term != "-"]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def unknown_fields(text: str, fields: Mapping[str, Field[Record]]) -> tuple[str, ...]:
    """The names in terms like `name:value` that are no field, so that the term is looked for as a word."""
    matches = (_FIELD.fullmatch(term.removeprefix("-")) for term in _terms(text))
    return tuple(
        dict.fromkeys(
            name
            for match in matches
            if match is not None
            for name, sign, value in [match.groups()]
            if sign == ":" and value and not value.startswith(("/", ":")) and name.lower() not in fields
        )
    )


def remark(text: str, fields: Mapping[str, Field[Record]]) -> str:
    """What a person who typed this filter should know of it; empty when it says what it seems to say."""
    unknown = unknown_fields(text, fields)
    if not unknown:
        return ""
    named = ", ".join(unknown)
    return f"no field {named} here: taken as text. Fields: {' '.join(fields)}"


def _terms(text: str) -> list[str]:
    """The terms of a filter, the quotes still in them."""
    if text.count('"') % 2:
        raise QueryError("a quote is not closed")
    return _TERM.findall(text)


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
    match = _FIELD.fullmatch(term)
    if match is not None:
        name, sign, value = match.groups()
        value = value.replace('"', "")
        field = fields.get(name.lower())
        if sign != ":":
            return _comparison(name, field, sign, value, fields)
        if field is not None:
            return _sameness(field, value)
    wanted = term.replace('"', "").lower()
    return lambda record: wanted in words(record).lower()


def _sameness(field: Field[Record], value: str) -> Callable[[Record], bool]:
    read, rank, wanted = field.read, field.rank, value.lower()
    if rank is not None and field.parse is not None:
        with suppress(ValueError, KeyError):
            number = field.parse(value)
            return lambda record: rank(record) == number
    return lambda record: wanted in read(record).lower()


def _comparison(
    name: str, field: Field[Record] | None, sign: str, value: str, fields: Mapping[str, Field[Record]]
) -> Callable[[Record], bool]:
    if field is None:
        raise QueryError(f"no field {name} here. Fields: {' '.join(fields)}")
    rank, parse, compare = field.rank, field.parse, _COMPARISONS[sign]
    if rank is None or parse is None:
        ranked = " ".join(other for other, each in fields.items() if each.rank is not None)
        raise QueryError(f"{name} does not compare: write {name}:value. These compare: {ranked}")
    if not value:
        return lambda record: True  # noqa: ARG005 - the rest is still to be typed
    try:
        limit = parse(value)
    except (ValueError, KeyError) as error:
        raise QueryError(f"cannot compare {name} with {value!r}: it takes {field.expects}") from error
    return lambda record: compare(rank(record), limit)
