"""What the hex and the text view share: a source, marked places, jumping, and a search in a thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from time import monotonic, sleep
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.worker import get_current_worker

from forensics.tui.widgets._rows import Rows, RowsMessage
from forensics.tui.widgets.byte_source import ByteSource, Highlight, Highlights, Hit, find_bytes

WINDOW = 16 << 10
"""Bytes kept from the last read around what is on the screen."""

PROGRESS_SECONDS = 0.1
"""How often a search says how far it is; oftener would keep the screen from hearing of anything else."""


class ByteView(Rows):
    """A view over a `ByteSource` that reads what is on the screen and no more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next_match", "Next match", show=False),
        Binding("N", "previous_match", "Previous match", show=False),
    ]

    class Shown(RowsMessage):
        """The view has its lines and a size: from now on it can jump."""

    class Moved(RowsMessage):
        """The cursor came to the byte `offset`."""

        def __init__(self, widget: ByteView, offset: int) -> None:
            super().__init__(widget)
            self.offset = offset

    class Searching(RowsMessage):
        """A search goes on: `done` of `total` bytes."""

        def __init__(self, widget: ByteView, done: int, total: int) -> None:
            super().__init__(widget)
            self.done = done
            self.total = total

    class SearchEnded(RowsMessage):
        """A search ended with a `hit`, or with None: what was looked for is not there."""

        def __init__(self, widget: ByteView, hit: Hit | None) -> None:
            super().__init__(widget)
            self.hit = hit

    def __init__(
        self,
        source: ByteSource,
        highlights: Iterable[Highlight] = (),
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._source = source
        self._highlights = self._inside(highlights)
        self._hit: Hit | None = None
        self._needles: tuple[bytes, ...] = ()
        self._window = (0, b"")
        self._shown = False

    # -- what subclasses give ---------------------------------------------------------------------------

    @property
    def cursor_offset(self) -> int:
        """The byte the cursor is on."""
        return 0

    def jump(self, offset: int, length: int = 0) -> None:
        """Put the cursor on the byte `offset` and show it mid-screen; mark `length` bytes from there."""
        self.mark_hit(offset, length)

    @property
    def can_jump(self) -> bool:
        """Whether it was measured: a jump before would not know where the screen ends."""
        return self._shown

    def on_resize(self) -> None:
        """Say that one can jump now, the first time there is room."""
        if not self._shown and self.size.height:
            self._shown = True
            self.post_message(self.Shown(self))

    # -- bytes and marks --------------------------------------------------------------------------------

    @property
    def source(self) -> ByteSource:
        """What is shown."""
        return self._source

    @property
    def highlights(self) -> Highlights:
        """The marked places."""
        return self._highlights

    def set_highlights(self, highlights: Iterable[Highlight]) -> None:
        """Mark other places."""
        self._highlights = self._inside(highlights)
        self.refresh()

    def _inside(self, highlights: Iterable[Highlight]) -> Highlights:
        """The marked places as far as there are bytes for them: a report may claim any offset."""
        size = self._source.size
        return Highlights(
            replace(mark, length=min(mark.length, size - mark.offset))
            for mark in highlights
            if 0 <= mark.offset < size
        )

    def marks(self, start: int, end: int) -> list[Highlight]:
        """The marked places with a byte in `start` … `end`, the place last jumped to as the last of them."""
        found = self._highlights.between(start, end)
        if self._hit and self._hit.offset < end and self._hit.offset + self._hit.length > start:
            found.append(Highlight(self._hit.offset, self._hit.length, "match", "match"))
        return found

    def mark_hit(self, offset: int, length: int) -> None:
        """Mark the place that was jumped to; no length, no mark."""
        length = min(length, self._source.size - offset)
        self._hit = Hit(offset, length) if length > 0 else None
        self.refresh()

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Some bytes, from the last read where it has them."""
        start, held = self._window
        if not (start <= offset and offset + length <= start + len(held)):
            start = max(0, offset - WINDOW // 4)
            held = self._source.read(start, max(WINDOW, offset - start + length))
            self._window = (start, held)
        return held[offset - start : offset - start + length]

    # -- search -----------------------------------------------------------------------------------------

    def find(self, needles: tuple[bytes, ...], *, backwards: bool = False, ignore_case: bool = False) -> None:
        """Look for the nearest of `needles` from the cursor on, in a thread; ends in `SearchEnded`.

        A search that still goes on is given up. Nothing to look for ends the search mode: then `n` and `N` go
        through the marked places again.
        """
        self.cancel_find()
        self._needles = needles
        self._ignore_case = ignore_case
        if needles:
            self._start_search(backwards=backwards, again=False)
        else:
            self.mark_hit(0, 0)

    def cancel_find(self) -> None:
        """Give up a search that still goes on."""
        self.workers.cancel_group(self, "find")

    def _start_search(self, *, backwards: bool, again: bool) -> None:
        start = self.cursor_offset + (1 if again and not backwards else 0)
        self.run_worker(
            partial(self._search, self._needles, start, backwards=backwards, ignore_case=self._ignore_case),
            thread=True,
            exclusive=True,
            group="find",
            exit_on_error=False,
        )

    def _search(self, needles: tuple[bytes, ...], start: int, *, backwards: bool, ignore_case: bool) -> None:
        """The thread of a search."""
        worker = get_current_worker()
        total = self._source.size
        told = monotonic()

        def given_up() -> bool:
            sleep(0)  # lets the thread of the screen in between two pieces
            return worker.is_cancelled

        def tell_progress(done: int) -> None:
            nonlocal told
            if monotonic() - told >= PROGRESS_SECONDS:
                told = monotonic()
                self.post_message(self.Searching(self, done, total))

        hit = find_bytes(
            self._source,
            needles,
            start,
            backwards=backwards,
            ignore_case=ignore_case,
            stop=given_up,
            progress=tell_progress,
        )
        if not worker.is_cancelled:
            self.app.call_from_thread(self._search_ended, hit)

    def _search_ended(self, hit: Hit | None) -> None:
        if hit:
            self.jump(hit.offset, hit.length)
        self.post_message(self.SearchEnded(self, hit))

    def action_next_match(self) -> None:
        """The next place where the search finds something, or without a search the next marked place."""
        if self._needles:
            self._start_search(backwards=False, again=True)
        else:
            self._jump_to(self._highlights.after(self.cursor_offset))

    def action_previous_match(self) -> None:
        """The place before, of the search or of the marks."""
        if self._needles:
            self._start_search(backwards=True, again=True)
        else:
            self._jump_to(self._highlights.before(self.cursor_offset))

    def _jump_to(self, highlight: Highlight | None) -> None:
        if highlight:
            self.jump(highlight.offset, highlight.length)
