"""Finds paths by a few letters: a run of letters first, then letters that merely follow one another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from forensics.printable import printable

_ENOUGH = 200
"""With so many paths that hold the very text, scattered letters are not looked for."""
_SLICE = 2_000
"""Paths between two looks at whether the search is still wanted."""


class PathSearch:
    """Searches the distinct paths of an image; `paths` is sorted and may repeat itself."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = list(dict.fromkeys(paths))
        self._lowered = [
            path.lower() if path.isprintable() else printable(path).lower() for path in self._paths
        ]

    def find(self, wanted: str, most: int, unwanted: Callable[[], bool] = lambda: False) -> list[str]:
        """The paths that answer `wanted`, best first, at most `most`; empty once `unwanted()` is true.

        A path whose last component holds the text comes before one that holds it elsewhere, and this before
        one that only holds its letters in order; then the shorter one, then path order.
        """
        text = wanted.strip().lower()
        if not text:
            return []
        ranked: list[tuple[int, int, int]] = []
        for numbers in self._slices():
            if unwanted():
                return []
            ranked += [
                (_grade(self._lowered[number], text), len(self._lowered[number]), number)
                for number in numbers
                if text in self._lowered[number]
            ]
        if len(ranked) < _ENOUGH and len(text) > 1:
            ranked += self._scattered(text, unwanted)
        ranked.sort()
        return [self._paths[number] for _, _, number in ranked[:most]]

    def _scattered(self, text: str, unwanted: Callable[[], bool]) -> list[tuple[int, int, int]]:
        """Paths with the letters of `text` in order, graded by how far these lie apart."""
        wanted = text.replace(" ", "")
        letters = re.compile(".*?".join(map(re.escape, wanted)), re.DOTALL)
        found: list[tuple[int, int, int]] = []
        for numbers in self._slices():
            if unwanted():
                return []
            having: Iterable[int] = numbers
            for letter in set(wanted):  # much quicker than the search proper, which few are left for
                having = [number for number in having if letter in self._lowered[number]]
            for number in having:
                path = self._lowered[number]
                match = letters.search(path)
                if match and text not in path:
                    found.append((10 + match.end() - match.start() - len(text), len(path), number))
        return found

    def _slices(self) -> Iterator[range]:
        count = len(self._paths)
        for start in range(0, count, _SLICE):
            yield range(start, min(start + _SLICE, count))


def _grade(path: str, text: str) -> int:
    base = path.rpartition("/")[2]
    if base == text:
        return 0
    if base.startswith(text):
        return 1
    return 2 if text in base else 3
