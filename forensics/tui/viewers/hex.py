"""Any file as bytes, with what the bytes under the cursor mean as numbers."""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.widget import Widget

from forensics.tui.viewers._sheet import not_at_hand
from forensics.tui.viewers._status_line import WithStatus
from forensics.tui.viewers._viewer import ViewedFile, Viewer
from forensics.tui.widgets import ByteSource, HexView, Highlight, Part

Endian = Literal["little", "big"]

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
        elf = file.facts.elf if file.facts else None
        endian: Endian = "big" if elf and elf.endian == "big" else "little"
        return HexPane(source, file.highlights(), endian) if source else not_at_hand()


class HexPane(WithStatus):
    """The hex view, and below it offset, marks and numbers."""

    def __init__(self, source: ByteSource, highlights: tuple[Highlight, ...], endian: Endian) -> None:
        self._view = HexView(source, highlights)
        self._endian: Endian = endian
        super().__init__(self._view, lines=2)

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
        marks: tuple[Part, ...] = ("  ", ("[" + "] [".join(labels) + "]", "critical")) if labels else ()
        count = len(view.highlights)
        if count and not labels:
            marks = ((f"  {count} marked, n next", "muted"),)
        self.tell((*place, *marks), numbers(view.bytes_at(offset, max(WIDTHS)), self._endian))


def numbers(content: bytes, endian: Endian) -> str:
    """What the first bytes are as unsigned numbers of 1, 2, 4 and 8 bytes."""
    if not content:
        return "these bytes are not in the archive"
    words = [
        f"u{8 * width} {int.from_bytes(content[:width], endian)}" for width in WIDTHS if width <= len(content)
    ]
    return f"{endian}-endian  {'  '.join(words)}"


VIEWER = HexViewer()
