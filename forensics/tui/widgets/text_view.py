"""Text of any size, line by line: numbers, marks, colours, and every byte accounted for."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from forensics.printable import printable
from forensics.tui.widgets import syntax
from forensics.tui.widgets._byte_view import ByteView
from forensics.tui.widgets._rows import RowsMessage
from forensics.tui.widgets.byte_source import ByteSource, Highlight
from forensics.tui.widgets.line_index import ROW_BYTES, LineIndex, RowSpan
from forensics.tui.widgets.styled import fit, width_of

FIRST_BYTES = 256 << 10
"""Bytes whose lines are found before the first drawing."""

PIECE = 1 << 20
"""Bytes whose lines the thread finds at a time."""

TAB = 4
"""Cells between two tab stops."""

SHIFT = 8
"""Cells the text moves with one press of left or right."""


class TextView(ByteView):
    """A text view over a `ByteSource`.

    A line longer than a row goes on in the next row, which `↪` shows where the line's number would be. Marked
    places are underlined and their lines carry `»`. `w` wraps at the width of the screen and back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "wrap", "Wrap", show=False),
        Binding("y", "copy", "Copy line", show=False),
    ]

    class Indexed(RowsMessage):
        """More lines were found, or all of them."""

    def __init__(
        self,
        source: ByteSource,
        highlights: Iterable[Highlight] = (),
        *,
        language: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(source, highlights, id=id, classes=classes)
        self._language = language
        self._wrap = False
        self._shift = 0
        self._pending: tuple[int, int] | None = None
        self._cursor_byte = 0
        self._index = LineIndex(source)
        self._spans: tuple[int, list[RowSpan]] = (0, [])

    # -- lines ------------------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """Rows found up to now."""
        return self._index.rows

    @property
    def index(self) -> LineIndex:
        """Where the lines are."""
        return self._index

    @property
    def line_count(self) -> int:
        """Lines found up to now, those that go on in further rows counted once."""
        return self._index.lines

    @property
    def cursor_line(self) -> int:
        """The number of the line the cursor is on, from 1."""
        span = self._span(self.cursor)
        return span.line if span else 1

    @property
    def wrapped(self) -> bool:
        """Whether lines are cut at the width of the screen."""
        return self._wrap

    @property
    def cursor_offset(self) -> int:
        """The byte that was jumped to, or the first of the row the cursor is on."""
        return self._cursor_byte

    def on_mount(self) -> None:
        """Find the first lines at once and the others in a thread."""
        self._begin()

    def _begin(self) -> None:
        self._spans = (0, [])
        self._index.extend(FIRST_BYTES)
        self.rows_changed()
        if not self._index.complete:
            self.run_worker(self._find_lines, thread=True, exclusive=True, group="lines", exit_on_error=False)

    def _find_lines(self) -> None:
        """The thread that finds the lines."""
        worker, index = get_current_worker(), self._index
        while not (index.complete or worker.is_cancelled):
            index.extend(PIECE)
            if not worker.is_cancelled:
                self.app.call_from_thread(self._found_lines, index)

    def _found_lines(self, index: LineIndex) -> None:
        if index is not self._index:
            return
        self.rows_changed()
        self.post_message(self.Indexed(self))
        if self._pending:
            self.jump(*self._pending)

    def jump(self, offset: int, length: int = 0) -> None:
        """Put the cursor on the line with the byte `offset`, mid-screen, and mark `length` bytes from there.

        Where the lines have not been found that far yet, it jumps as soon as they are.
        """
        offset = max(0, min(offset, self.source.size - 1))
        self.mark_hit(offset, length)
        if length > 1 and self.bytes_at(offset, 1) == b"\n":
            offset += 1  # what is marked begins with the end of a line: the line behind it is meant
        row = self._index.row_of(offset)
        if row is None:
            self._pending = None if self._index.complete else (offset, length)
            return
        self._pending = None
        self.move_cursor(row, notify=False, center=True)
        self._cursor_byte = offset
        self._show_column(row, offset)
        self.post_message(self.Moved(self, offset))

    def jump_to_offset(self, offset: int) -> None:
        """`jump` without a mark."""
        self.jump(offset)

    def row_highlighted(self, row: int) -> None:
        """Tell which byte begins the row the cursor came to."""
        span = self._span(row)
        if span:
            self._cursor_byte = span.offset
            self.post_message(self.Moved(self, span.offset))

    def _span(self, row: int) -> RowSpan | None:
        """A row, from those last looked up around the screen."""
        first, held = self._spans
        if not first <= row < first + len(held):
            first = max(0, row - self.page_rows)
            held = self._index.spans(first, 3 * self.page_rows)
            self._spans = (first, held)
        return held[row - first] if first <= row < first + len(held) else None

    def rows_changed(self) -> None:
        """Look rows up again."""
        self._spans = (0, [])
        super().rows_changed()

    # -- drawing ----------------------------------------------------------------------------------------

    @property
    def gutter_cells(self) -> int:
        """Cells in front of the text: the line number and the sign of a mark."""
        return max(4, len(str(self.row_count))) + 3

    def render_row(self, row: int, width: int, base: Style) -> Iterable[Segment]:
        """One row: number, sign of a mark, text."""
        span = self._span(row)
        if span is None:
            return ()
        end = span.offset + span.length
        marks = self.marks(span.offset, max(end, span.offset + 1))
        number = "↪" if span.continued else str(span.line)
        sign = "»" if marks else " "
        gutter = [
            Segment(number.rjust(self.gutter_cells - 3), base + self.tone("muted")),
            Segment(f" {sign} ", base + self.tone("critical")),
        ]
        text = self._text(span, marks, base, self._shift + width)
        return gutter + fit(text, width - self.gutter_cells, base, shift=self._shift)

    def _text(self, span: RowSpan, marks: list[Highlight], base: Style, cells: int) -> list[Segment]:
        """The text of a row, tabs expanded, every piece printable, in the colours of syntax and marks.

        Bytes that cannot come within the first `cells` cells are left out: a character has four at most.
        """
        content = self.bytes_at(span.offset, min(span.length, 4 * (cells + 1)))
        segments: list[Segment] = []
        column = 0
        for start, end, style in self._runs(content, span, marks):
            text = _expanded(content[start:end], column)
            column += cell_len(text)
            segments.append(Segment(text, base + style))
        if span.ending == "\r\n" and len(content) == span.length:
            segments.append(Segment("␍", base + self.tone("muted")))
        return segments

    def _runs(self, content: bytes, span: RowSpan, marks: list[Highlight]) -> list[tuple[int, int, Style]]:
        """(start, end, style) that cover the row's bytes in order."""
        colours = syntax.tokens(content, self._language)
        cuts = {0, len(content)}
        cuts.update(place for start, end, _ in colours for place in (start, end))
        placed = [
            (max(0, mark.offset - span.offset), min(len(content), mark.end - span.offset), mark.tone)
            for mark in marks
        ]
        cuts.update(place for start, end, _ in placed for place in (start, end) if start < end)
        edges = sorted(cuts)
        runs = []
        for start, end in pairwise(edges):
            style = Style.null()
            for first, last, tone in (*colours, *placed):
                if first <= start and end <= last:
                    style += self.tone(tone)
            runs.append((start, end, style))
        return runs

    # -- keys -------------------------------------------------------------------------------------------

    def action_cursor_left(self) -> None:
        """Scroll the text back."""
        self._move_text(-SHIFT)

    def action_cursor_right(self) -> None:
        """Scroll the text on, as far as the rows on the screen need it."""
        self._move_text(SHIFT)

    def _move_text(self, cells: int) -> None:
        wanted = self._shift + cells
        room = self.row_width - self.gutter_cells
        top = self.scroll_offset.y
        most = 0
        for row in range(top, min(top + self.page_rows, self.row_count)):
            most = max(most, self._cells_of(row, wanted + room) - room)
            if most >= wanted:
                break
        self._set_shift(max(0, min(wanted, most)))

    def _cells_of(self, row: int, enough: int) -> int:
        """Cells that a row takes, counted as far as `enough`."""
        span = self._span(row)
        return width_of(self._text(span, [], Style.null(), enough)) if span else 0

    def _show_column(self, row: int, offset: int) -> None:
        """Scroll sideways so that the byte `offset` of `row` is on the screen."""
        span = self._span(row)
        if span is None:
            return
        column = cell_len(_expanded(self.bytes_at(span.offset, offset - span.offset), 0))
        room = max(1, self.row_width - self.gutter_cells)
        if not self._shift <= column < self._shift + room - SHIFT:
            self._set_shift(max(0, column - room // 2) if column >= room - SHIFT else 0)

    def _set_shift(self, shift: int) -> None:
        if shift != self._shift:
            self._shift = shift
            self.refresh()

    def action_wrap(self) -> None:
        """Cut lines at the width of the screen, or no longer."""
        self._wrap = not self._wrap
        self._lay_out()

    def _lay_out(self) -> None:
        """Find the rows again, and stay on the same byte."""
        offset = self._cursor_byte
        self._shift = 0
        self._index = LineIndex(self.source, self.row_width - self.gutter_cells if self._wrap else ROW_BYTES)
        self._cursor = 0
        self._begin()
        row = self._index.row_of(offset)
        self._pending = (offset, 0) if row is None and not self._index.complete else None
        self.move_cursor(row or 0, notify=False, center=True)

    def on_resize(self) -> None:
        """Wrap again at the new width."""
        if self._wrap and self._index.row_bytes != max(8, self.row_width - self.gutter_cells):
            self._lay_out()

    def action_copy(self) -> None:
        """Copy the row under the cursor, printable."""
        span = self._span(self.cursor)
        if span:
            self.app.copy_to_clipboard(printable(self.source.read(span.offset, span.length)))


def _expanded(content: bytes, column: int) -> str:
    """`content` printable, with tabs as the spaces up to the next tab stop from `column` on."""
    pieces = content.split(b"\t")
    result = printable(pieces[0])
    for piece in pieces[1:]:
        result += " " * (TAB - (column + cell_len(result)) % TAB)
        result += printable(piece)
    return result
