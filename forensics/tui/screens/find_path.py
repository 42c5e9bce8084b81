"""Find a file by a few letters of its path, in every layer, also where it was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input
from textual.worker import get_current_worker

from forensics.model.files import FileVersion
from forensics.printable import told_apart
from forensics.tui.file_index import FileIndex
from forensics.tui.path_search import PathSearch
from forensics.tui.screens.modal import Dialogue
from forensics.tui.store import Store
from forensics.tui.widgets import Column, Styled, VirtualTable, to_content
from forensics.tui.words import size_text, state_text, status_part

_MOST = 1_000


class _Found:
    """One row a version of each path that was found, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.versions: list[FileVersion] = []

    def count(self) -> int:
        """How many versions were found."""
        return len(self.versions)

    def row(self, index: int) -> Sequence[Styled]:
        """One version in words."""
        version = self.versions[index]
        return (
            told_apart(version.path),
            str(version.layer),
            size_text(version.entry.size) if version.content else version.entry.kind.value,
            state_text(version.state, version.changed_by_layer),
            (status_part(self._store.status_of(version)),),
        )


class FindPathScreen(Dialogue[FileVersion | None]):
    """Gives the version that was chosen. The search runs in a thread and starts anew with every letter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False)]

    class Found(Message):
        """Paths came out of the thread, for this text."""

        def __init__(self, wanted: str, paths: list[str]) -> None:
            super().__init__()
            self.wanted = wanted
            self.paths = paths

    def __init__(self, store: Store, files: FileIndex) -> None:
        super().__init__()
        self._files = files
        self._found = _Found(store)
        self._search: PathSearch | None = None
        self._typed_ahead = ""
        self._shown_for = ""
        self._impatient = False

    def compose(self) -> ComposeResult:
        """Input and list in a frame."""
        with Vertical(classes="dialogue tall") as frame:
            frame.border_title = to_content("Find a path")
            frame.border_subtitle = to_content("letters of it, in order · ↓ to the list · enter goes there")
            yield Input(placeholder="kworker, etc/cron, libssl.so")
            yield VirtualTable(
                self._found,
                [
                    Column("path", 50, min_width=24, flexible=True, importance=9, cut="start"),
                    Column("layer", 5, "right", importance=8),
                    Column("size", 9, "right", importance=3, fitted=True),
                    Column("state", 17, importance=7, fitted=True),
                    Column("status", 10, importance=5, fitted=True),
                ],
            )

    def on_mount(self) -> None:
        """The input gets the keys, and what was typed before it was there."""
        field = self.query_one(Input)
        self.set_focus(field)
        field.insert_text_at_cursor(self._typed_ahead)

    def on_key(self, event: events.Key) -> None:
        """Up and down move in the list while the input has the keys; letters that come here get to it."""
        table = self.query_one(VirtualTable) if self.is_mounted else None
        if table is not None and self.focused is table:
            return
        if event.is_printable and event.character:
            self.take_letter(event.character)
            event.stop()
        elif table is not None and event.key in ("up", "down", "pageup", "pagedown"):
            step = {"up": -1, "down": 1, "pageup": -table.page_rows, "pagedown": table.page_rows}[event.key]
            table.move_cursor(table.cursor + step)
            event.stop()

    def take_letter(self, letter: str) -> None:
        """A letter typed right behind the key that opened this screen; kept until the input is there."""
        if self.is_mounted:
            self.query_one(Input).insert_text_at_cursor(letter)
        else:
            self._typed_ahead += letter

    def action_cancel(self) -> None:
        """Nothing is chosen."""
        self.finish(None)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        wanted = event.value
        self.run_worker(
            lambda: self._look_for(wanted), thread=True, exclusive=True, group="find", exit_on_error=False
        )

    def _look_for(self, wanted: str) -> None:
        worker = get_current_worker()
        if self._search is None:
            self._search = PathSearch(self._files.paths)
        paths = self._search.find(wanted, _MOST, lambda: worker.is_cancelled)
        if not worker.is_cancelled:
            self.post_message(self.Found(wanted, paths))

    @on(Found)
    def _show(self, event: Found) -> None:
        event.stop()
        table = self.query_one(VirtualTable)
        self._found.versions = [
            version for path in event.paths for version in reversed(self._files.of_path(path))
        ]
        table.refresh_model(cursor=0)
        self._shown_for = event.wanted
        if self._impatient and event.wanted == self.query_one(Input).value:
            self._choose(0)
            return
        frame = self.query_one(".dialogue")
        many = len(event.paths) == _MOST
        count = f"{'more than ' if many else ''}{len(event.paths):,} paths" if event.wanted else ""
        frame.border_title = to_content(("Find a path  ", (count, "muted")))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._impatient = self._shown_for != event.value
        if not self._impatient:
            self._choose(self.query_one(VirtualTable).cursor)

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self._choose(event.index)

    def _choose(self, row: int) -> None:
        self._impatient = False
        if self._found.versions:
            self.finish(self._found.versions[row])
