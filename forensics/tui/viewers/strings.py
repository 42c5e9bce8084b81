"""The readable strings of a file, each leading to its bytes."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from forensics.parsers.filetype import TEXT_TYPES
from forensics.tui.viewers._sheet import not_at_hand
from forensics.tui.viewers._viewer import JumpToOffset, ViewedFile, Viewer
from forensics.tui.widgets import Below, ByteSource, StringsView


class StringsViewer(Viewer):
    """ASCII and UTF-16LE strings with their offsets; `/` narrows, `+` and `-` change the least length."""

    id = "strings"
    title = "Strings"

    def priority(self, file: ViewedFile) -> int:
        """For content that is not read as text anyway."""
        if not file.has_bytes or file.size == 0:
            return 0
        return 20 if file.type in TEXT_TYPES else 50

    def make(self, file: ViewedFile) -> Widget:
        """The strings, or a sentence when the image is not at hand."""
        source = file.source()
        return StringsPane(source) if source else not_at_hand()


class StringsPane(Below):
    """The list of strings; opening one shows its bytes."""

    def __init__(self, source: ByteSource) -> None:
        super().__init__()
        self._source = source

    def compose(self) -> ComposeResult:
        """The list."""
        yield StringsView(self._source)

    @on(StringsView.Opened)
    def _open(self, event: StringsView.Opened) -> None:
        event.stop()
        self.post_message(JumpToOffset(event.string.offset, event.string.length))


VIEWER = StringsViewer()
