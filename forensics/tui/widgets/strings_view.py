"""The readable strings of a file, found in a thread and narrowed down as one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Label
from textual.worker import get_current_worker

from forensics.limits import DEFAULT
from forensics.tui.widgets.boxes import Below
from forensics.tui.widgets.byte_source import ByteSource
from forensics.tui.widgets.filter_bar import FilterBar
from forensics.tui.widgets.strings import MINIMUM, FoundString, extract_strings
from forensics.tui.widgets.styled import Styled, to_content
from forensics.tui.widgets.virtual_table import Column, VirtualTable

STEPS = (4, 6, 8, 12, 16, 24)
"""Least lengths that `+` and `-` go through."""


class StringsModel:
    """The strings that hold what was typed, without regard to letter case."""

    def __init__(self) -> None:
        self.all: list[FoundString] = []
        self._needle = ""
        self.shown: list[FoundString] = []

    def add(self, found: Sequence[FoundString]) -> None:
        """More strings were found."""
        self.all.extend(found)
        self.shown.extend(string for string in found if self._wanted(string))

    def narrow(self, needle: str) -> None:
        """Show those with `needle` in them."""
        self._needle = needle.lower()
        self.shown = [string for string in self.all if self._wanted(string)] if needle else list(self.all)

    def _wanted(self, string: FoundString) -> bool:
        return self._needle in string.text.lower()

    def count(self) -> int:
        """How many are shown."""
        return len(self.shown)

    def row(self, index: int) -> Sequence[Styled]:
        """Offset, encoding, length, text."""
        string = self.shown[index]
        return (
            ((f"{string.offset:08x}", "muted"),),
            (("16" if string.wide else "8", "muted"),),
            ((str(string.length), "muted"),),
            string.text.replace("\t", " "),
        )


class StringsView(Below):
    """Offset, bits of a character, length and text of every string; `/` narrows, Enter leads to the bytes."""

    DEFAULT_CSS = """
    StringsView > .strings-view--status {
        height: 1; width: 1fr; color: $text-muted; background: $panel; padding: 0 1;
    }
    StringsView > VirtualTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", show=False),
        Binding("plus", "longer", "Longer strings", show=False),
        Binding("minus", "shorter", "Shorter strings", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]

    class Opened(Message):
        """The person opened a string."""

        def __init__(self, widget: StringsView, string: FoundString) -> None:
            super().__init__()
            self.widget = widget
            self.string = string

        @property
        def control(self) -> StringsView:
            """The widget that sent it."""
            return self.widget

    def __init__(
        self,
        source: ByteSource,
        *,
        minimum: int = MINIMUM,
        limit: int = DEFAULT.strings_shown,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._source = source
        self._minimum = minimum
        self._limit = limit
        self._done = 0
        self._ended = False
        self._model = StringsModel()
        self._table = VirtualTable(
            self._model,
            (
                Column("offset", 10, "right"),
                Column("bits", 4, "right", importance=-2),
                Column("bytes", 5, "right", importance=-1),
                Column("string", 20, min_width=20, flexible=True),
            ),
        )
        self._bar = FilterBar("/", "part of a string")
        self._status = Label("", markup=False, classes="strings-view--status")

    def compose(self) -> ComposeResult:
        """The table, the filter, and a line that says how far it is."""
        yield self._table
        yield self._bar
        yield self._status

    @property
    def model(self) -> StringsModel:
        """The strings."""
        return self._model

    @property
    def table(self) -> VirtualTable:
        """The table of strings."""
        return self._table

    @property
    def minimum(self) -> int:
        """Characters a string has at least."""
        return self._minimum

    @property
    def ended(self) -> bool:
        """Whether all strings were found, or as many as may be listed."""
        return self._ended

    def on_mount(self) -> None:
        """Begin to look."""
        self._begin()

    def _begin(self) -> None:
        needle = self._bar.value
        self._model.all.clear()
        self._model.narrow(needle)
        self._done, self._ended = 0, False
        self._table.refresh_model(cursor=0)
        self._tell()
        self.run_worker(self._extract, thread=True, exclusive=True, group="strings", exit_on_error=False)

    def _extract(self) -> None:
        """The thread that looks for strings."""
        worker = get_current_worker()
        stop = lambda: worker.is_cancelled  # noqa: E731
        for done, found in extract_strings(self._source, self._minimum, self._limit, stop):
            if worker.is_cancelled:
                return
            self.app.call_from_thread(self._found, done, found)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._finish)

    def _found(self, done: int, found: list[FoundString]) -> None:
        self._done = done
        self._model.add(found)
        self._table.refresh_model()
        self._tell()

    def _finish(self) -> None:
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        """The status line."""
        shown, found = self._model.count(), len(self._model.all)
        words = f"{shown:,} of {found:,} strings" if shown != found else f"{found:,} strings"
        words += f" of {self._minimum} characters or more"
        if found >= self._limit:
            words += f" · the first {self._limit:,} are listed, up to offset {self._model.all[-1].offset:#x}"
        elif not self._ended and self._source.size:
            words += f" · … {100 * self._done // self._source.size} %"
        self._status.update(to_content(words))

    def action_filter(self) -> None:
        """Open the filter."""
        self._bar.open()

    def action_longer(self) -> None:
        """Only longer strings."""
        self._set_minimum(next((step for step in STEPS if step > self._minimum), self._minimum))

    def action_shorter(self) -> None:
        """Shorter strings too."""
        self._set_minimum(next((step for step in reversed(STEPS) if step < self._minimum), self._minimum))

    def _set_minimum(self, minimum: int) -> None:
        if minimum != self._minimum:
            self._minimum = minimum
            self._begin()

    def action_copy(self) -> None:
        """Copy the string under the cursor."""
        if self._model.shown:
            self.app.copy_to_clipboard(self._model.shown[self._table.cursor].text)

    @on(FilterBar.Changed)
    def _narrow(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._model.narrow(event.value)
        self._table.refresh_model(cursor=0)
        self._tell()

    @on(FilterBar.Submitted)
    def _to_table(self, event: FilterBar.Submitted) -> None:
        event.stop()
        self._table.focus()

    @on(FilterBar.Closed)
    def _all_again(self, event: FilterBar.Closed) -> None:
        event.stop()
        self._model.narrow("")
        self._table.refresh_model(cursor=0)
        self._tell()
        self._table.focus()

    @on(VirtualTable.Opened)
    def _open(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.post_message(self.Opened(self, self._model.shown[event.index]))

    @on(VirtualTable.Highlighted)
    def _quiet(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
