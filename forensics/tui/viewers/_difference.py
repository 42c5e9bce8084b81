"""What differs between two texts, in bounded time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

EDITS = 400
"""Changed lines up to which the shortest difference is looked for; beyond, all of them count as changed."""

CONTEXT = 3
"""Unchanged lines shown around a change."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference: `sign` is `-`, `+`, a space, or `@` for a place where lines are left out.

    `old` and `new` are the line's numbers from 1 in the two texts, 0 where it is not in one.
    """

    sign: str
    text: bytes
    old: int
    new: int


def difference(old: bytes, new: bytes) -> list[Line]:
    """The lines that differ, with a little of what stands around them; empty when nothing differs.

    Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986) on what is left when
    equal lines at both ends are put aside, given up after `EDITS` changes: the time is bounded whatever the
    texts are.
    """
    left, right = _lines(old), _lines(new)
    head = _equal(zip(left, right, strict=False))
    tail = _equal(zip(reversed(left[head:]), reversed(right[head:]), strict=False))
    middle = _middle(left[head : len(left) - tail], right[head : len(right) - tail])
    signs = " " * head + middle + " " * tail
    return list(_with_context(_numbered(signs, left, right)))


def _lines(text: bytes) -> list[bytes]:
    """The lines with their line feeds: a last line may lack one, which is a difference too."""
    pieces = text.split(b"\n")
    return [piece + b"\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]


def _equal(pairs: Iterable[tuple[bytes, bytes]]) -> int:
    """How many pairs from the first on are equal."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _middle(left: list[bytes], right: list[bytes]) -> str:
    """One sign a line: how `left` becomes `right`."""
    trace: list[dict[int, int]] = []
    furthest = {1: 0}
    for edits in range(min(len(left) + len(right), EDITS) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            x, _ = _start(furthest, diagonal, edits)
            y = x - diagonal
            while x < len(left) and y < len(right) and left[x] == right[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(left) and y >= len(right):
                return _signs(trace, len(left), len(right))
    return "-" * len(left) + "+" * len(right)


def _start(furthest: dict[int, int], diagonal: int, edits: int) -> tuple[int, bool]:
    """Where on `diagonal` one more edit leads, and whether that edit is an insertion (a step down)."""
    below, beside = furthest.get(diagonal + 1, -1), furthest.get(diagonal - 1, -1)
    if diagonal == -edits or (diagonal != edits and beside < below):
        return below, True
    return beside + 1, False


def _signs(trace: list[dict[int, int]], x: int, y: int) -> str:
    """The way back through the recorded steps."""
    signs: list[str] = []
    for edits in range(len(trace) - 1, -1, -1):
        start, down = _start(trace[edits], x - y, edits)
        signs.extend(" " * (x - start))
        y -= x - start
        x = start
        if edits:
            signs.append("+" if down else "-")
            x, y = (x, y - 1) if down else (x - 1, y)
    return "".join(reversed(signs))


def _numbered(signs: str, left: list[bytes], right: list[bytes]) -> list[Line]:
    lines = []
    old = new = 0
    for sign in signs:
        old += sign != "+"
        new += sign != "-"
        text = right[new - 1] if sign == "+" else left[old - 1]
        lines.append(Line(sign, text, old if sign != "+" else 0, new if sign != "-" else 0))
    return lines


def _with_context(lines: list[Line]) -> Iterator[Line]:
    """The changes and `CONTEXT` lines around them, each run of left-out lines as one `@`."""
    near = bytearray(len(lines))
    for place, line in enumerate(lines):
        if line.sign != " ":
            first, last = max(0, place - CONTEXT), min(len(lines), place + CONTEXT + 1)
            near[first:last] = b"\1" * (last - first)
    if not any(near):
        return
    skipped = False
    for place, line in enumerate(lines):
        if near[place]:
            skipped = False
            yield line
        elif not skipped:
            skipped = True
            yield Line("@", b"", line.old, line.new)
