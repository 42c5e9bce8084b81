"""What is known of a thing: headings, facts to copy, paragraphs, and lines that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType

from forensics.tui.widgets._rows import Rows, RowsMessage
from forensics.tui.widgets.styled import Part, Styled, parts_of, plain, segments_of

LABEL_CELLS = 12
"""Cells of the labels' column, where labels are not longer."""

LINES = 400
"""Lines one text may take; what is cut off is said."""


@dataclass(frozen=True)
class Heading:
    """A line that begins a section."""

    text: Styled


@dataclass(frozen=True)
class Fact:
    """`label  value`. `copy` is what goes to the clipboard if that is not the value's own text.

    With a `payload` the line can be activated.
    """

    label: str
    value: Styled
    copy: str = ""
    payload: object = None


@dataclass(frozen=True)
class Paragraph:
    """Text wrapped at the width, `indent` cells to the right; with a `payload` it can be activated."""

    text: Styled
    indent: int = 0
    payload: object = None


@dataclass(frozen=True)
class Blank:
    """An empty line."""


Item = Heading | Fact | Paragraph | Blank


@dataclass(frozen=True)
class _Line:
    item: int
    parts: tuple[Part, ...]


class KeyValues(Rows):
    """A sheet of items. The cursor goes line by line; Enter activates, `y` copies what is under it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy", show=False)]

    class Activated(RowsMessage):
        """The person activated an item with the payload `payload`."""

        def __init__(self, widget: KeyValues, payload: object) -> None:
            super().__init__(widget)
            self.payload = payload

    class Copied(RowsMessage):
        """`text` went to the clipboard."""

        def __init__(self, widget: KeyValues, text: str) -> None:
            super().__init__(widget)
            self.text = text

    def __init__(
        self,
        items: Iterable[Item] = (),
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._items = tuple(items)
        self._lines: list[_Line] = []
        self._laid_out = 0

    @property
    def items(self) -> tuple[Item, ...]:
        """What is shown."""
        return self._items

    @property
    def row_count(self) -> int:
        """Lines at the present width."""
        return len(self._lines)

    @property
    def cursor_item(self) -> Item | None:
        """The item under the cursor."""
        return self._items[self._lines[self.cursor].item] if self._lines else None

    def set_items(self, items: Iterable[Item]) -> None:
        """Show other items; the cursor stays on its line where there is one."""
        fresh = tuple(items)
        if fresh != self._items or self._laid_out != self.row_width:
            self._items = fresh
            self._lay_out()

    def on_resize(self) -> None:
        """Wrap at the new width."""
        if self._laid_out != self.row_width:
            self._lay_out()

    def _lay_out(self) -> None:
        item = self._lines[self.cursor].item if self._lines else 0
        width = max(8, self.row_width)
        self._laid_out = self.row_width
        labels = [fact.label for fact in self._items if isinstance(fact, Fact)]
        label_cells = min(max([LABEL_CELLS, *map(cell_len, labels)]), max(4, width // 3))
        self._lines = [
            _Line(index, parts)
            for index, shown in enumerate(self._items)
            for parts in _lines_of(shown, width, label_cells)
        ]
        self._cursor = next((row for row, line in enumerate(self._lines) if line.item >= item), 0)
        self.rows_changed()

    def render_row(self, row: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """One line."""
        return segments_of(self._lines[row].parts, base, self.tone, self.app.console)

    def row_opened(self, row: int) -> None:
        """Activate the item of `row`, if it leads somewhere."""
        item = self._items[self._lines[row].item]
        payload = getattr(item, "payload", None)
        if payload is not None:
            self.post_message(self.Activated(self, payload))

    def action_copy(self) -> None:
        """Copy the value under the cursor, printable."""
        item = self.cursor_item
        if item is None or isinstance(item, Blank):
            return
        text = plain(item.copy or item.value) if isinstance(item, Fact) else plain(item.text)
        self.app.copy_to_clipboard(text)
        self.post_message(self.Copied(self, text))


def _lines_of(item: Item, width: int, label_cells: int) -> list[tuple[Part, ...]]:
    """The lines of one item at `width` cells."""
    if isinstance(item, Blank):
        return [()]
    if isinstance(item, Heading):
        return [tuple((text, tone or "heading") for text, tone in line) for line in wrap(item.text, width)]
    if isinstance(item, Paragraph):
        arrow = "→ " if item.payload is not None else ""
        indent = min(item.indent, width // 2)
        lead = " " * indent
        lines = wrap(item.text, width - indent - cell_len(arrow))
        rest = " " * cell_len(arrow)
        return [
            (lead, (arrow if first else rest, "accent"), *line)
            for first, line in zip([True] + [False] * len(lines), lines, strict=False)
        ]
    label = _cut(item.label, label_cells)
    arrow = "→ " if item.payload is not None else ""
    lines = wrap(item.value, width - label_cells - 1 - cell_len(arrow))
    result: list[tuple[Part, ...]] = []
    for line in lines:
        head = (label.ljust(label_cells + 1), "muted") if not result else " " * (label_cells + 1)
        result.append((head, (arrow if not result else " " * cell_len(arrow), "accent"), *line))
    return result


def _cut(text: str, cells: int) -> str:
    text = plain(text)
    return text if cell_len(text) <= cells else text[: max(0, cells - 1)] + "…"


def wrap(styled: Styled, width: int) -> list[list[tuple[str, str]]]:
    """`styled` in lines of at most `width` cells, broken at spaces where there are some; `LINES` at most.

    A newline in the text begins a new line. Always at least one line.
    """
    width = max(4, width)
    lines: list[list[tuple[str, str]]] = [[]]
    used = 0
    for text, tone in _words(styled):
        if text == "\n":
            lines.append([])
            used = 0
            continue
        cells = cell_len(text)
        if used and used + cells > width:
            lines.append([])
            used = 0
            if not text.strip():
                continue
        for piece in _pieces(text, width - used if used else width, width):
            piece_cells = cell_len(piece)
            if used and used + piece_cells > width:
                lines.append([])
                used = 0
            lines[-1].append((piece, tone))
            used += piece_cells
        if len(lines) > LINES:
            return [*lines[:LINES], [("… cut here", "muted")]]
    return lines


def _words(styled: Styled) -> Iterable[tuple[str, str]]:
    """Words, spaces and newlines one after the other, printable, with their tones."""
    source: Sequence[Part] = [styled] if isinstance(styled, str) else parts_of(styled)
    for part in source:
        text, tone = (part, "") if isinstance(part, str) else part
        for number, line in enumerate(text.split("\n")):
            if number:
                yield "\n", ""
            for count, word in enumerate(plain(line).split(" ")):
                if count:
                    yield " ", tone
                if word:
                    yield word, tone


def _pieces(text: str, first: int, width: int) -> Iterable[str]:
    """`text` in pieces of at most `first`, then `width` cells; a word that fits is one piece."""
    if cell_len(text) <= first:
        yield text
        return
    piece, used, room = "", 0, first
    for char in text:
        cells = cell_len(char)
        if used + cells > room and piece:
            yield piece
            piece, used, room = "", 0, width
        piece += char
        used += cells
    yield piece
