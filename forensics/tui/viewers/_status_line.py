"""A view of bytes with a line below it that says where the cursor is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Label

from forensics.tui.widgets import Below, Styled, to_content


class WithStatus(Below):
    """One widget, and `lines` lines about it."""

    DEFAULT_CSS = """
    WithStatus { height: 1fr; }
    WithStatus > Rows { height: 1fr; }
    WithStatus > .status-line {
        height: 1; width: 1fr; color: $text-muted; background: $panel;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, widget: Widget, lines: int = 1) -> None:
        super().__init__()
        self._widget = widget
        self._labels = [Label("", markup=False, classes="status-line") for _ in range(lines)]

    def compose(self) -> ComposeResult:
        """The widget, and the lines."""
        yield self._widget
        yield from self._labels

    def tell(self, *texts: Styled) -> None:
        """Say one text a line; a line without a text is empty."""
        for number, label in enumerate(self._labels):
            label.update(to_content(texts[number] if number < len(texts) else ""))
