"""A dialogue that lists things of which one is to be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from forensics.tui.screens.modal import Dialogue
from forensics.tui.widgets import Column, Styled, VirtualTable, to_content


class _Lines:
    """Lines of text, one a row."""

    def __init__(self, lines: Sequence[Styled]) -> None:
        self._lines = lines

    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def row(self, index: int) -> Sequence[Styled]:
        """One line."""
        return (self._lines[index],)


class ChooseScreen(Dialogue[int | None]):
    """Gives the number of the line that was chosen, None when the person went away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", "Close", show=False)]

    def __init__(self, title: str, heading: str, lines: Sequence[Styled]) -> None:
        super().__init__()
        self._title_text = title
        self._heading = heading
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The list in a frame."""
        with Vertical(classes="dialogue") as frame:
            frame.border_title = to_content(self._title_text)
            frame.border_subtitle = to_content("enter choose · esc close")
            yield VirtualTable(_Lines(self._lines), [Column(self._heading, 40, min_width=20, flexible=True)])

    def on_mount(self) -> None:
        """The list gets the keys."""
        self.query_one(VirtualTable).focus()

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.finish(event.index)

    def action_cancel(self) -> None:
        """Nothing is chosen."""
        self.finish(None)
