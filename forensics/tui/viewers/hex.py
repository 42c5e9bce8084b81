"""Any file as bytes, with what the bytes under the cursor mean as numbers."""

from __future__ import annotations

from textual import on
from textual.widget import Widget

from forensics.tui.viewers._sheet import not_at_hand
from forensics.tui.viewers._status_line import WithStatus
from forensics.tui.viewers._viewer import ViewedFile, Viewer
from forensics.tui.widgets import ByteSource, HexView, Highlight, Part

WIDTHS = (1, 2, 4, 8)
"""Bytes of the numbers that are shown."""


class HexViewer(Viewer):
    """Bytes, whatever they are; the marked places are what findings and signatures point to."""

    id = "hex"
    title = "Hex"

    def priority(self, file: ViewedFile) -> int:
        """For every file with content."""
        return 40 if file.has_bytes else 0

    def make(self, file: ViewedFile) -> Widget:
        """Bytes and a line with numbers, or a sentence when the image is not at hand."""
        source = file.source()
        return HexPane(source, file.highlights()) if source else not_at_hand()


class HexPane(WithStatus):
    """The hex view, and below it offset, marks and numbers."""

    def __init__(self, source: ByteSource, highlights: tuple[Highlight, ...]) -> None:
        self._view = HexView(source, highlights)
        super().__init__(self._view)

    def on_mount(self) -> None:
        """Say where the cursor begins."""
        self._say()

    @on(HexView.Moved)
    def _moved(self, event: HexView.Moved) -> None:
        event.stop()
        self._say()

    @on(HexView.Copied)
    def _copied(self, event: HexView.Copied) -> None:
        event.stop()
        self.tell(((f"copied {event.count:,} bytes as hex digits", "success"),))

    def _say(self) -> None:
        view = self._view
        if not view.source.size:
            self.tell("no bytes")
            return
        offset = view.cursor_offset
        place = [f"0x{offset:x} ({offset:,}) of {view.source.size:,} bytes"]
        labels = [mark.label for mark in view.highlights.between(offset, offset + 1) if mark.label]
        marks: tuple[Part, ...] = (("  [" + "] [".join(labels) + "]", "evidence"),) if labels else ()
        around = f"\n{numbers(view.bytes_at(offset, max(WIDTHS)))}"
        count = len(view.highlights)
        if count and not labels:
            marks = ((f"  {count} marked, n next", "muted"),)
        self.tell((*place, *marks, around))


def numbers(content: bytes) -> str:
    """What the first bytes are as unsigned numbers, little-endian and, where it differs, big-endian."""
    words = []
    for width in WIDTHS:
        if width > len(content):
            break
        little = int.from_bytes(content[:width], "little")
        big = int.from_bytes(content[:width], "big")
        words.append(f"u{8 * width} {little}" + (f"/{big}" if big != little and width < 8 else ""))
    return "  ".join(words) if words else "the bytes are not in the archive"


VIEWER = HexViewer()
