"""Finds the runs of readable characters in bytes, in ASCII and in UTF-16LE."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.limits import DEFAULT
from forensics.tui.widgets.byte_source import ByteSource

MINIMUM = 6
"""Characters a run has at least, where nothing else is asked for."""

PIECE = 1 << 20
"""Bytes looked at at a time."""

LONGEST = 4096
"""Characters kept of one run; the rest of a longer run begins a new one."""


@dataclass(frozen=True, slots=True)
class FoundString:
    """A run of readable characters: `length` bytes at `offset`."""

    offset: int
    length: int
    text: str
    wide: bool = False

    @property
    def encoding(self) -> str:
        """The encoding in a word."""
        return "utf-16" if self.wide else "ascii"


def extract_strings(
    source: ByteSource,
    minimum: int = MINIMUM,
    limit: int = DEFAULT.strings_shown,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, list[FoundString]]]:
    """For every piece of `source`: (bytes looked at up to now, the strings that begin in it, in order).

    Readable are the ASCII characters from space to tilde, and tab. Ends after `limit` strings, or between two
    pieces when `stop` says so.
    """
    longest = max(LONGEST, minimum)
    ascii_runs = re.compile(rb"[\x20-\x7e\t]{%d,%d}" % (minimum, longest))
    wide_runs = re.compile(rb"(?:[\x20-\x7e\t]\x00){%d,%d}" % (minimum, longest))
    position = {False: 0, True: 0}
    left = limit
    for start in range(0, source.size, PIECE):
        if stop() or left <= 0:
            return
        content = source.read(start, PIECE + 2 * longest)
        found: list[FoundString] = []
        for wide, runs in ((False, ascii_runs), (True, wide_runs)):
            from_here = max(0, position[wide] - start)
            for match in runs.finditer(content, from_here):
                if match.start() >= PIECE:
                    break
                text = match.group()[::2] if wide else match.group()
                found.append(
                    FoundString(start + match.start(), len(match.group()), text.decode("ascii"), wide)
                )
                position[wide] = start + match.end()
        found.sort(key=lambda string: string.offset)
        yield min(start + PIECE, source.size), found[:left]
        left -= len(found)
