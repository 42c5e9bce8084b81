"""A view of bytes with a line below it that says where the cursor is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Label

from forensics.tui.widgets import Styled, to_content


class WithStatus(Vertical):
    """One widget, and one or more lines about it."""

    DEFAULT_CSS = """
    WithStatus { height: 1fr; }
    WithStatus > Rows { height: 1fr; }
    WithStatus > .status-line {
        height: auto; max-height: 3; width: 1fr; color: $text-muted; background: $panel;
    }
    """

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget
        self._line = Label("", markup=False, classes="status-line")

    def compose(self) -> ComposeResult:
        """The widget, and the line."""
        yield self._widget
        yield self._line

    def tell(self, text: Styled) -> None:
        """Say `text` in the line."""
        self._line.update(to_content(text))
