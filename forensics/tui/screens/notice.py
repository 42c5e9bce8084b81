"""A dialogue that only says something, at more length than a line that goes away by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from forensics.tui.screens.modal import Dialogue
from forensics.tui.widgets import Styled, to_content


class NoticeScreen(Dialogue[None]):
    """Paragraphs in a frame, until a key takes them away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", "Close", show=False)]

    def __init__(self, title: str, paragraphs: Sequence[Styled]) -> None:
        super().__init__()
        self._title_text = title
        self._paragraphs = paragraphs

    def compose(self) -> ComposeResult:
        """The paragraphs, one below the other."""
        with Vertical(classes="dialogue") as frame:
            frame.border_title = to_content(self._title_text)
            frame.border_subtitle = to_content("esc close")
            for paragraph in self._paragraphs:
                yield Static(to_content(paragraph), classes="paragraph")

    def action_close(self) -> None:
        """Back to what was looked at."""
        self.finish(None)
