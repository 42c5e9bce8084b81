"""Text and scripts with colours, line numbers, and the places that findings point to."""

from __future__ import annotations

from textual import on
from textual.widget import Widget

from forensics.parsers.filetype import TEXT_TYPES
from forensics.tui.viewers._sheet import not_at_hand
from forensics.tui.viewers._status_line import WithStatus
from forensics.tui.viewers._viewer import ViewedFile, Viewer
from forensics.tui.widgets import ByteSource, Highlight, Part, TextView, language_of


class TextViewer(Viewer):
    """Lines of text. Bytes that are no text are shown as escapes, so that nothing is hidden."""

    id = "text"
    title = "Text"

    def priority(self, file: ViewedFile) -> int:
        """In front of the bytes for text, behind them for everything else with content."""
        if not file.has_bytes:
            return 0
        return 80 if file.type in TEXT_TYPES else 15

    def make(self, file: ViewedFile) -> Widget:
        """Lines, or a sentence when the image is not at hand."""
        source = file.source()
        return TextPane(source, file.highlights(), _language(file)) if source else not_at_hand()


def _language(file: ViewedFile) -> str:
    if file.facts and file.facts.script:
        return file.facts.script.language
    return language_of(file.path)


class TextPane(WithStatus):
    """The text view, and below it line, offset and language."""

    def __init__(self, source: ByteSource, highlights: tuple[Highlight, ...], language: str) -> None:
        self._view = TextView(source, highlights, language=language)
        self._language = language
        super().__init__(self._view)

    def on_mount(self) -> None:
        """Say where the cursor begins."""
        self._say()

    @on(TextView.Moved)
    def _moved(self, event: TextView.Moved) -> None:
        event.stop()
        self._say()

    @on(TextView.Indexed)
    def _indexed(self, event: TextView.Indexed) -> None:
        event.stop()
        self._say()

    def _say(self) -> None:
        view = self._view
        if not view.source.size:
            self.tell("no bytes")
            return
        lines = f"{view.line_count:,}" if view.index.complete else f"{view.line_count:,}…"
        words = [f"line {view.cursor_line:,} of {lines}", f"byte 0x{view.cursor_offset:x}"]
        if self._language:
            words.append(self._language)
        words.append("w long lines" if view.wrapped else "w wrap")
        told: list[Part] = [" · ".join(words)]
        if count := len(view.highlights):
            told += ["  ", (f"» {count} marked, n next", "critical")]
        missing = view.source.size - view.index.indexed
        if view.index.complete and missing:
            told.append((f"  {missing:,} bytes are not in the archive", "warning"))
        self.tell(told)


VIEWER = TextViewer()
