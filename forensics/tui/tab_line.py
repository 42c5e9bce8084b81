"""One line of titles to choose from, with room for a note at its right end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from forensics.tui.widgets import Styled, to_content

_SHORT = 4


@dataclass(frozen=True, slots=True)
class Tab:
    """One title; `key` is what chooses it from the keyboard, shown in front of it."""

    id: str
    title: str
    key: str = ""


class TabLine(Widget):
    """Titles in a row, the active one marked; a click chooses. Where there is no room they are shortened."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TabLine { height: 1; width: 1fr; color: $text-muted; background: $surface; }
    """

    class Selected(Message):
        """The person clicked the tab with the id `tab`."""

        def __init__(self, line: TabLine, tab: str) -> None:
            super().__init__()
            self.line = line
            self.tab = tab

        @property
        def control(self) -> TabLine:
            """The line that sent it."""
            return self.line

    def __init__(self, tabs: Sequence[Tab] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._tabs = tuple(tabs)
        self._active = self._tabs[0].id if self._tabs else ""
        self._note: Styled = ""

    @property
    def active(self) -> str:
        """The id of the active tab."""
        return self._active

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """What can be chosen."""
        return self._tabs

    def set_tabs(self, tabs: Sequence[Tab], active: str) -> None:
        """Offer other tabs."""
        if tuple(tabs) != self._tabs or active != self._active:
            self._tabs, self._active = tuple(tabs), active
            self.refresh()

    def activate(self, tab: str) -> None:
        """Mark another tab as active, without a message."""
        if tab != self._active:
            self._active = tab
            self.refresh()

    def note(self, text: Styled) -> None:
        """Say something at the right end, where there is room."""
        if text != self._note:
            self._note = text
            self.refresh()

    def neighbour(self, step: int) -> str:
        """The id of the tab `step` places on, going round."""
        ids = [tab.id for tab in self._tabs]
        if not ids:
            return ""
        here = ids.index(self._active) if self._active in ids else 0
        return ids[(here + step) % len(ids)]

    def render(self) -> RenderResult:
        """The line."""
        width = self.size.width
        pieces: list[Content] = []
        used = 0
        for tab, label in self._labels(width):
            style = "bold $text-primary reverse" if tab.id == self._active else ""
            pieces.append(Content.styled(label, style))
            used += cell_len(label)
        note = to_content(self._note)
        room = width - used - 1
        if note.cell_length and room >= note.cell_length:
            pieces.append(Content(" " * (room - note.cell_length + 1)))
            pieces.append(note)
        return Content("").join(pieces)

    def on_click(self, event: events.Click) -> None:
        """Tell which tab was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        end = 0
        for tab, label in self._labels(self.size.width):
            end += cell_len(label)
            if offset.x < end:
                self.post_message(self.Selected(self, tab.id))
                return

    def _labels(self, width: int) -> list[tuple[Tab, str]]:
        """The tabs with what is shown of each at this width."""
        for pad, most in ((1, 99), (0, 99), (0, _SHORT), (0, 0)):
            labels = [(tab, self._label(tab, pad, most)) for tab in self._tabs]
            if sum(cell_len(label) for _, label in labels) <= width + 1 - pad:
                return labels
        return labels

    def _label(self, tab: Tab, pad: int, most: int) -> str:
        whole = tab.id == self._active or cell_len(tab.title) <= most
        title = tab.title if whole else tab.title[:most]
        text = f"{tab.key} {title}".strip() if tab.key else title or "·"
        return " " * pad + text + " " * max(1, pad)
