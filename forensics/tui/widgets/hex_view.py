"""Bytes as hex digits and characters, whatever the size of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType

from forensics.tui.widgets._byte_view import ByteView
from forensics.tui.widgets._rows import RowsMessage
from forensics.tui.widgets.byte_source import ByteSource

HexSource = ByteSource
"""What a hex view shows."""

ROW_LENGTHS = (16, 8, 4)
"""Bytes a row may have, the most that fits is taken."""

COPY_BYTES = 1 << 16
"""Bytes that may go to the clipboard at once."""


class HexView(ByteView):
    """A hex view with a byte cursor. Marked places stand in brackets and are underlined.

    `v` begins a selection that grows with the cursor; `y` copies it, or the byte under the cursor, or
    the marked place around it, as hex digits.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "select", "Select", show=False),
        Binding("y", "copy", "Copy as hex", show=False),
        Binding("escape", "unselect", "End selection", show=False),
    ]

    class Copied(RowsMessage):
        """`count` bytes went to the clipboard as hex digits."""

        def __init__(self, widget: HexView, count: int) -> None:
            super().__init__(widget)
            self.count = count

    COMPONENT_CLASSES = {"hex-view--cursor", "hex-view--selection"}
    DEFAULT_CSS = """
    HexView > .hex-view--cursor { background: $foreground; color: $background; text-style: bold; }
    HexView > .hex-view--selection { background: $secondary; }
    """

    _row_length = ROW_LENGTHS[0]
    _column = 0
    _anchor: int | None = None

    # -- geometry ---------------------------------------------------------------------------------------

    @property
    def header_rows(self) -> int:
        """The line that numbers the columns."""
        return 1

    @property
    def row_count(self) -> int:
        """Rows of the whole file."""
        return -(-self.source.size // self._row_length)

    @property
    def row_length(self) -> int:
        """Bytes a row has at this width."""
        return self._row_length

    @property
    def cursor_offset(self) -> int:
        """The byte the cursor is on."""
        return max(0, min(self.cursor * self._row_length + self._column, self.source.size - 1))

    @property
    def offset_digits(self) -> int:
        """Hex digits of the offset column."""
        return max(8, len(f"{max(self.source.size - 1, 0):x}"))

    def _width_with(self, row_length: int) -> int:
        """Cells of a row: offset, gaps and digits, a space in the middle, and the characters in bars."""
        middle = 1 if row_length > ROW_LENGTHS[-1] else 0
        return self.offset_digits + 1 + 3 * row_length + 1 + middle + 1 + row_length + 1

    def on_resize(self) -> None:
        """Take as many bytes a row as fit, and stay on the same byte."""
        offset = self.cursor_offset
        width = self.row_width
        self._row_length = next(
            (length for length in ROW_LENGTHS if self._width_with(length) <= width), ROW_LENGTHS[-1]
        )
        self._cursor, self._column = divmod(offset, self._row_length)

    def jump(self, offset: int, length: int = 0) -> None:
        """Put the cursor on the byte `offset` (clamped), mid-screen, and mark `length` bytes from there."""
        self.mark_hit(offset, length)
        self._go(offset, center=True)

    def _go(self, offset: int, *, center: bool = False) -> None:
        offset = max(0, min(offset, self.source.size - 1))
        before = self.cursor_offset
        row, self._column = divmod(offset, self._row_length)
        self.move_cursor(row, notify=False, center=center)
        if self._anchor is None:
            self.refresh_row(row)
        else:
            self.refresh()
        if offset != before:
            self.post_message(self.Moved(self, offset))

    # -- drawing ----------------------------------------------------------------------------------------

    def render_header(self, line: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """The columns' numbers."""
        numbers = [f"{column:02x}" for column in range(self._row_length)]
        return [Segment(" " * (self.offset_digits + 1) + " " + self._spaced(numbers), base)]

    def _spaced(self, cells: list[str]) -> str:
        middle = self._row_length // 2
        if self._row_length == ROW_LENGTHS[-1]:
            return " ".join(cells)
        return " ".join(cells[:middle]) + "  " + " ".join(cells[middle:])

    def render_row(self, row: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """One row: offset, hex digits, characters."""
        start = row * self._row_length
        count = min(self._row_length, self.source.size - start)
        content = self.bytes_at(start, count)
        styles, gaps = self._marked(start, count, content, base)
        segments = [Segment(f"{start:0{self.offset_digits}x} ", base + self.tone("muted"))]
        for column in range(self._row_length):
            gap = gaps[column]
            if column == self._row_length // 2 and self._row_length > ROW_LENGTHS[-1]:
                gap = gap + " " if gap == "]" else " " + gap
            segments.append(Segment(gap, base + self.tone("strong")))
            if column >= count:
                segments.append(Segment("  ", base))
            else:
                digits = f"{content[column]:02x}" if column < len(content) else "--"
                segments.append(Segment(digits, styles[column]))
        bar = base + self.tone("muted")
        segments.append(Segment(gaps[self._row_length], base + self.tone("strong")))
        segments.append(Segment("│", bar))
        for column in range(count):
            byte = content[column] if column < len(content) else 0
            segments.append(Segment(chr(byte) if 0x20 <= byte < 0x7F else "·", styles[column]))
        segments.append(Segment("│", bar))
        return segments

    def _marked(self, start: int, count: int, content: bytes, base: Style) -> tuple[list[Style], list[str]]:
        """The style of every byte of a row, and the sign in every gap between them."""
        styles = [base + self._byte_style(byte) for byte in content]
        styles += [base + self.tone("muted")] * (count - len(styles))
        gaps = [" "] * (self._row_length + 1)
        for mark in self.marks(start, start + count):
            first, last = max(mark.offset - start, 0), min(mark.end - start, count)
            tone = self.tone(mark.tone)
            for column in range(first, last):
                styles[column] += tone
            if mark.offset >= start:
                gaps[first] = "[" if gaps[first] in " [" else "|"
            if mark.end <= start + count:
                gaps[last] = "]" if gaps[last] in " ]" else "|"
        selected = self._selection()
        for column in range(count):
            if start + column == self.cursor_offset:
                styles[column] = self.get_component_rich_style("hex-view--cursor")
            elif start + column in selected:
                styles[column] += self.get_component_rich_style("hex-view--selection", partial=True)
        return styles, gaps

    def _byte_style(self, byte: int) -> Style:
        if byte == 0:
            return self.tone("muted")
        return Style.null() if 0x20 <= byte < 0x7F else self.tone("accent")

    # -- keys and mouse ---------------------------------------------------------------------------------

    def row_clicked(self, row: int, x: int) -> None:
        """A click on a byte, as digits or as a character, puts the cursor on it."""
        self._go(row * self._row_length + self._column_at(x))

    def _column_at(self, x: int) -> int:
        digits = self.offset_digits + 1
        middle = self._row_length // 2 if self._row_length > ROW_LENGTHS[-1] else self._row_length
        characters = self._width_with(self._row_length) - 1 - self._row_length
        if x >= characters:
            return min(x - characters, self._row_length - 1)
        x -= digits
        column = x // 3 if x < middle * 3 else (x - 1) // 3
        return max(0, min(column, self._row_length - 1))

    def action_cursor_up(self) -> None:
        """One row up."""
        self._go_rows(-1)

    def action_cursor_down(self) -> None:
        """One row down."""
        self._go_rows(1)

    def action_page_up(self) -> None:
        """One screen up."""
        self._go_rows(-self.page_rows)

    def action_page_down(self) -> None:
        """One screen down."""
        self._go_rows(self.page_rows)

    def _go_rows(self, rows: int) -> None:
        """Move whole rows, in the same column; at an end as far as there are rows."""
        row = max(0, min(self.cursor + rows, self.row_count - 1))
        self._go(row * self._row_length + self._column)

    def action_cursor_left(self) -> None:
        """One byte back."""
        self._go(self.cursor_offset - 1)

    def action_cursor_right(self) -> None:
        """One byte on."""
        self._go(self.cursor_offset + 1)

    def action_cursor_first(self) -> None:
        """To the first byte."""
        self._go(0)

    def action_cursor_last(self) -> None:
        """To the last byte."""
        self._go(self.source.size - 1)

    # -- selection --------------------------------------------------------------------------------------

    def _selection(self) -> range:
        if self._anchor is None:
            return range(0)
        first, last = sorted((self._anchor, self.cursor_offset))
        return range(first, last + 1)

    def action_select(self) -> None:
        """Begin a selection at the cursor, or end the one that is."""
        self._anchor = self.cursor_offset if self._anchor is None else None
        self.refresh()

    def action_unselect(self) -> None:
        """End the selection."""
        self._anchor = None
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is taken while there is a selection to end, and left to others when there is none."""
        if action == "unselect":
            return self._anchor is not None
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Copy the selection, the marked place around the cursor, or the byte under it, as hex digits."""
        offset = self.cursor_offset
        span = self._selection()
        if not span:
            marks = self.marks(offset, offset + 1)
            span = range(marks[-1].offset, marks[-1].end) if marks else range(offset, offset + 1)
        content = self.source.read(span.start, min(len(span), COPY_BYTES))
        self.app.copy_to_clipboard(content.hex(" "))
        self.post_message(self.Copied(self, len(content)))
