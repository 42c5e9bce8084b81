"""A table of any length that asks for the rows on the screen and no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from forensics.tui.widgets._rows import Rows, RowsMessage
from forensics.tui.widgets.styled import Styled, fit, plain, segments_of, width_of

SHIFT = 8
"""Cells the last column moves with one press of left or right."""


SAMPLE = 64
"""Rows looked at to see how wide the texts of a column are."""

_ENDLESS = 1 << 30


class TableModel(Protocol):
    """What a table shows; sorted and filtered by whoever owns it."""

    def count(self) -> int:
        """How many rows there are."""

    def row(self, index: int) -> Sequence[Styled]:
        """One text a column."""


@dataclass(frozen=True)
class Column:
    """A column. A flexible one shares what the others leave, but is never below `min_width` cells.

    A fitted one takes no more than its widest text needs, as far as a sample of the rows shows it; the others
    get the rest. `importance` decides what goes first when the least widths do not fit: the lowest, and the
    rightmost among equals. `cut` is the end at which a text that is too long loses letters: of a path the
    last ones say most. A text with tones is no path and always loses its last ones.
    """

    title: str
    width: int
    align: str = "left"
    min_width: int = 4
    flexible: bool = False
    importance: int = 0
    fitted: bool = False
    cut: Literal["start", "end"] = "end"


class VirtualTable(Rows):
    """A table over a `TableModel` with a header that stays, a cursor row, and a last column that scrolls."""

    class Highlighted(RowsMessage):
        """The cursor came to the row `index`."""

        def __init__(self, widget: VirtualTable, index: int) -> None:
            super().__init__(widget)
            self.index = index

    class Opened(RowsMessage):
        """The person opened the row `index` with Enter or a double click."""

        def __init__(self, widget: VirtualTable, index: int) -> None:
            super().__init__(widget)
            self.index = index

    class HeaderClicked(RowsMessage):
        """The person clicked the title of the column `column`: the owner sorts and calls `set_sort`."""

        def __init__(self, widget: VirtualTable, column: int) -> None:
            super().__init__(widget)
            self.column = column

    def __init__(
        self,
        model: TableModel,
        columns: Sequence[Column],
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._model = model
        self._columns = tuple(columns)
        self._sort: tuple[int, bool] | None = None
        self._shift = 0
        self._measured: tuple[int, tuple[int, ...]] = (-1, ())

    @property
    def header_rows(self) -> int:
        """The titles."""
        return 1

    @property
    def row_count(self) -> int:
        """How many rows the model has."""
        return self._model.count()

    @property
    def model(self) -> TableModel:
        """What the table shows."""
        return self._model

    @property
    def sort(self) -> tuple[int, bool] | None:
        """(column, descending) as the header shows it, None when no order is shown."""
        return self._sort

    def set_sort(self, column: int | None, *, descending: bool = False) -> None:
        """Show an arrow at the title of `column`; None takes it away."""
        self._sort = None if column is None else (column, descending)
        self.refresh()

    def refresh_model(self, model: TableModel | None = None, *, cursor: int | None = None) -> None:
        """The model changed, or `model` takes its place; the cursor goes to `cursor` or stays on its row.

        Highlighted is sent only when `cursor` is another row than before: what a row number means is the
        owner's knowledge.
        """
        if model is not None:
            self._model = model
        self._measured = (-1, ())
        self.rows_changed()
        self.move_cursor(self.cursor if cursor is None else cursor)

    # -- drawing ----------------------------------------------------------------------------------------

    def widths(self, width: int) -> tuple[int, ...]:
        """The width of every column in `width` cells, 0 for a column there is no room for."""
        if self._measured[0] != width:
            self._measured = (width, self._measure(width))
        return self._measured[1]

    def _measure(self, width: int) -> tuple[int, ...]:
        needs = self._needs()
        least = [
            min(column.min_width if column.flexible else column.width, need)
            for column, need in zip(self._columns, needs, strict=True)
        ]
        shown = list(range(len(self._columns)))
        while len(shown) > 1 and sum(least[index] + 1 for index in shown) - 1 > width:
            shown.remove(min(shown, key=lambda index: (self._columns[index].importance, -index)))
        result = [least[index] if index in shown else 0 for index in range(len(self._columns))]
        spare = width - (sum(result) + len(shown) - 1)
        flexible = [index for index in shown if self._columns[index].flexible]
        growing = flexible
        while growing and spare > 0:
            shares = self._shares(growing, spare)
            filled = [index for index in growing if result[index] + shares[index] >= needs[index]]
            for index in filled or growing:
                grown = min(shares[index], needs[index] - result[index])
                result[index] += grown
                spare -= grown
            growing = [index for index in growing if index not in filled] if filled else []
        if flexible:
            result[flexible[-1]] += spare
        return tuple(result)

    def _shares(self, growing: Sequence[int], spare: int) -> dict[int, int]:
        """`spare` cells for these columns, by their widths."""
        shares = {}
        weight = sum(self._columns[index].width for index in growing)
        for index in growing:
            share = spare * self._columns[index].width // weight
            weight -= self._columns[index].width
            shares[index] = share
            spare -= share
        return shares

    def _needs(self) -> list[int]:
        """Cells that the texts of each column take; for one that is not fitted there is no end to it."""
        count = self._model.count() if any(column.fitted for column in self._columns) else 0
        sample = [self._model.row(row) for row in range(0, count, -(-count // SAMPLE) or 1)]
        return [
            max(
                [
                    cell_len(column.title),
                    *(cell_len(plain(cells[index])) for cells in sample if index < len(cells)),
                ]
            )
            if column.fitted and sample
            else _ENDLESS
            for index, column in enumerate(self._columns)
        ]

    def render_header(self, line: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """The titles, with the arrow of the order."""
        titles: list[Styled] = []
        for index, column in enumerate(self._columns):
            arrow = ""
            if self._sort and self._sort[0] == index:
                arrow = "▾" if self._sort[1] else "▴"
            titles.append(column.title + arrow)
        return self._line(titles, width, base, 0)

    def render_row(self, row: int, width: int, base: Style) -> Iterable[Segment]:
        """One row, the last column moved by what the person scrolled."""
        return self._line(self._model.row(row), width, base, self._shift)

    def _line(self, cells: Sequence[Styled], width: int, base: Style, shift: int) -> list[Segment]:
        widths = self.widths(width)
        segments: list[Segment] = []
        for index, (column, cells_wide) in enumerate(zip(self._columns, widths, strict=True)):
            if not cells_wide:
                continue
            if segments:
                segments.append(Segment(" ", base))
            content = self._cell(cells[index] if index < len(cells) else "", base)
            moved = shift if index == len(self._columns) - 1 else 0
            if column.cut == "start" and index < len(cells) and isinstance(cells[index], str):
                moved = max(0, width_of(content) - cells_wide)
            segments += fit(content, cells_wide, base, column.align, moved)
        return segments

    def _cell(self, cell: Styled, base: Style) -> list[Segment]:
        return segments_of(cell, base, self.tone, self.app.console)

    # -- keys and mouse ---------------------------------------------------------------------------------

    def row_highlighted(self, row: int) -> None:
        """Tell which row the cursor came to."""
        self.post_message(self.Highlighted(self, row))

    def row_opened(self, row: int) -> None:
        """Tell which row was opened."""
        self.post_message(self.Opened(self, row))

    def header_clicked(self, x: int) -> None:
        """Tell which title was clicked."""
        start = 0
        for index, width in enumerate(self.widths(self.row_width)):
            if width and start <= x < start + width:
                self.post_message(self.HeaderClicked(self, index))
                return
            start += width + 1 if width else 0

    def action_cursor_left(self) -> None:
        """Scroll the last column back."""
        self._move_last(-SHIFT)

    def action_cursor_right(self) -> None:
        """Scroll the last column on, as far as the rows on the screen need it."""
        self._move_last(SHIFT)

    def _move_last(self, cells: int) -> None:
        top = self.scroll_offset.y
        longest = 0
        for row in range(top, min(top + self.page_rows, self.row_count)):
            values = self._model.row(row)
            if len(values) == len(self._columns):
                longest = max(longest, width_of(self._cell(values[-1], Style.null())))
        most = max(0, longest - self.widths(self.row_width)[-1])
        shift = max(0, min(self._shift + cells, most))
        if shift != self._shift:
            self._shift = shift
            self.refresh()
