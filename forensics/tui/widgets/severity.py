"""A severity as people read it: a sign and a word before it is a colour."""

from __future__ import annotations

from typing import Protocol

from forensics.tui.widgets.styled import Part


class Graded(Protocol):
    """Something with a word and a sign for how bad it is."""

    @property
    def value(self) -> str:
        """The word, which is also the name of its tone."""

    @property
    def sign(self) -> str:
        """The sign that stands in front of the word."""


def severity_label(severity: Graded) -> tuple[Part, ...]:
    """`‼ critical`, in its tone."""
    return ((f"{severity.sign} {severity.value}", severity.value),)


def severity_sign(severity: Graded, count: int | None = None) -> tuple[Part, ...]:
    """`‼`, or `‼ 2` with a count, in its tone."""
    text = severity.sign if count is None else f"{severity.sign} {count}"
    return ((text, severity.value),)
