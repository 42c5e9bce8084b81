"""Finds the lines of a file of any size, keeping the place of one line in many."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass

from forensics.tui.widgets.byte_source import ByteSource

STRIDE = 32
"""Rows between two places that are kept."""

ROW_BYTES = 4096
"""Bytes of one row; a longer line goes on in the next row."""

CHUNK = 64 << 10
"""Bytes read at once when rows are taken out."""


@dataclass(frozen=True)
class RowSpan:
    r"""One row: `length` bytes from `offset` without the line end, of the line `line` (from 1).

    `continued` is true when it does not begin its line, `ending` is the line end that follows
    it: `\n`, `\r\n`, or empty when the line goes on or the file ends.
    """

    offset: int
    length: int
    line: int
    continued: bool
    ending: str


class LineIndex:
    """Rows of a source, found piece by piece with `extend`, which may run in a thread of its own.

    A row is a line without its end, or a part of a line that is longer than `row_bytes`; UTF-8 characters are
    not cut. A short read is the end: content that is not there has no lines. Memory: 20 bytes for every
    `STRIDE` rows.
    """

    def __init__(self, source: ByteSource, row_bytes: int = ROW_BYTES) -> None:
        self._source = source
        self.row_bytes = max(8, row_bytes)
        self._starts = array("Q")
        self._lines = array("Q")
        self._continued = bytearray()
        self._rows = 0
        self._position = 0
        self._line = 1
        self._inside = False
        self._complete = source.size == 0

    @property
    def rows(self) -> int:
        """Rows found up to now."""
        return self._rows

    @property
    def lines(self) -> int:
        """Lines found up to now; one that is not at its end yet is counted."""
        return self._line if self._inside else self._line - 1

    @property
    def indexed(self) -> int:
        """Bytes looked at up to now."""
        return self._position

    @property
    def complete(self) -> bool:
        """Whether all rows were found."""
        return self._complete

    def extend(self, budget: int) -> None:
        """Look at about `budget` more bytes."""
        if self._complete:
            return
        start = self._position
        wanted = max(budget, self.row_bytes + 2)
        content = self._source.read(start, wanted)
        at_end = start + len(content) >= self._source.size or len(content) < wanted
        position, rows, line, inside = 0, self._rows, self._line, self._inside
        limit = len(content) if at_end else len(content) - self.row_bytes - 1
        while position < limit:
            if rows % STRIDE == 0:
                self._starts.append(start + position)
                self._lines.append(line)
                self._continued.append(inside)
            end, broke = _row_end(content, position, self.row_bytes)
            line += broke
            inside = not broke
            position = end
            rows += 1
        self._line, self._inside = line, inside
        self._rows, self._position = rows, start + position
        self._complete = at_end

    def row_of(self, offset: int) -> int | None:
        """The row with the byte `offset`; None when it was not looked at yet."""
        if not 0 <= offset < self._position:
            return None
        place = bisect_right(self._starts, offset) - 1
        row = place * STRIDE
        for span in self.spans(row, STRIDE):
            if offset < span.offset + span.length + len(span.ending):
                return row
            row += 1
        return min(row, self._rows - 1)

    def spans(self, first: int, count: int) -> list[RowSpan]:
        """The rows `first` … `first + count`, as far as they were found."""
        count = min(count, self._rows - first)
        if count <= 0 or first < 0:
            return []
        place = first // STRIDE
        offset, line, inside = self._starts[place], self._lines[place], bool(self._continued[place])
        skip = first - place * STRIDE
        spans: list[RowSpan] = []
        content, base = b"", offset
        while len(spans) < count:
            if offset - base + self.row_bytes + 1 > len(content):
                content, base = self._source.read(offset, max(CHUNK, self.row_bytes + 2)), offset
            if not content:
                break
            end, broke = _row_end(content, offset - base, self.row_bytes)
            if skip:
                skip -= 1
            else:
                spans.append(_span(content, offset - base, end, base, (line, inside)))
            line += broke
            inside = not broke
            offset = base + end
        return spans


def _row_end(content: bytes, start: int, row_bytes: int) -> tuple[int, bool]:
    """Where the row from `start` ends, its line end included, and whether the line ends there."""
    newline = content.find(b"\n", start, start + row_bytes + 1)
    if newline >= 0:
        return newline + 1, True
    end = start + row_bytes
    if end >= len(content):
        return len(content), False
    for back in range(4):
        if content[end - back] & 0xC0 != 0x80:
            return end - back, False
    return end, False


def _span(content: bytes, start: int, end: int, base: int, begins: tuple[int, bool]) -> RowSpan:
    """The row `start` … `end` of `content`, which was read at `base`; `begins` is (line, continued)."""
    row = content[start:end]
    ending = "\r\n" if row.endswith(b"\r\n") else "\n" if row.endswith(b"\n") else ""
    return RowSpan(base + start, len(row) - len(ending), *begins, ending)
