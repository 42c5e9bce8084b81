"""All versions of a path, and what differs between the one looked at and another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Label
from textual.worker import get_current_worker

from forensics.limits import KIB, MIB
from forensics.model.files import FileKind, FileState
from forensics.model.report import ReportFile
from forensics.model.sbom import FileStatus
from forensics.parsers.filetype import HEAD_BYTES, TEXT_TYPES, file_type
from forensics.printable import printable
from forensics.tui.viewers._difference import Line, difference
from forensics.tui.viewers._viewer import (
    NOT_AT_HAND,
    JumpToOffset,
    Read,
    ShowVersion,
    ViewedFile,
    Viewer,
)
from forensics.tui.widgets import Below, Column, Styled, VirtualTable, to_content
from forensics.tui.words import mode_text, size_text, state_text, status_part

TEXT_BYTES = 512 * KIB
"""Bytes up to which two texts are compared line by line."""

PIECE = MIB
"""Bytes compared at a time."""

_TONES = {"+": "added", "-": "deleted", "@": "muted"}


class VersionsViewer(Viewer):
    """Every version a path has in the layers; opening one shows it, the cursor compares with it."""

    id = "versions"
    title = "Versions"

    def priority(self, file: ViewedFile) -> int:
        """For a path with more than one version."""
        return 35 if len(file.versions) > 1 else 0

    def make(self, file: ViewedFile) -> Widget:
        """The list and the comparison."""
        return VersionsPane(file)


@dataclass(frozen=True)
class Comparison:
    """What differs: a sentence, the lines of two texts, or the first byte that differs in the newer one."""

    sentence: str
    lines: tuple[Line, ...] = ()
    first: int | None = None


class VersionRows:
    """The versions as rows of a table."""

    def __init__(self, file: ViewedFile) -> None:
        self._file = file

    def count(self) -> int:
        """How many there are."""
        return len(self._file.versions)

    def row(self, index: int) -> Sequence[Styled]:
        """Number, layer, size, status, mode, state, digest."""
        row = self._file.versions[index]
        here = row.key == self._file.row.key
        state = state_text(FileState(row.state), row.changed_by_layer)
        return (
            ((f"{'▸' if here else ' '}v{index + 1}", "strong"),),
            str(row.layer),
            size_text(row.size) if row.sha256 else row.kind,
            (status_part(FileStatus(row.status) if row.status else None),),
            f"{row.mode:04o} {mode_text(row.mode, FileKind(row.kind))}",
            ((state, "" if row.state == FileState.VISIBLE else "warning"),),
            ((row.sha256[:12] if row.sha256 else row.link, "muted"),),
        )


class DifferenceRows:
    """The lines of a comparison as rows of a table."""

    def __init__(self, lines: Sequence[Line] = ()) -> None:
        self._lines = lines

    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def row(self, index: int) -> Sequence[Styled]:
        """Numbers of the line in both texts, sign, text."""
        line = self._lines[index]
        tone = _TONES.get(line.sign, "")
        text = printable(line.text.removesuffix(b"\n").replace(b"\t", b"    "))
        if line.sign == "@":
            text = "⋯"
        elif not line.text.endswith(b"\n"):
            text += "  (no line feed at the end)"
        shown = line.sign != "@"
        return (
            ((str(line.old) if line.old and shown else "", "muted"),),
            ((str(line.new) if line.new and shown else "", "muted"),),
            ((f"{line.sign if shown else ' '} {text}", tone),),
        )


class VersionsPane(Below):
    """The list above, the comparison below."""

    DEFAULT_CSS = """
    VersionsPane > #versions-list { height: auto; max-height: 40%; min-height: 3; }
    VersionsPane > #versions-sentence {
        width: 1fr; height: auto; max-height: 3; color: $text-muted; background: $panel;
    }
    VersionsPane > #versions-lines { height: 1fr; }
    """

    def __init__(self, file: ViewedFile) -> None:
        super().__init__()
        self._file = file
        self._compared: Comparison | None = None
        self._list = VirtualTable(
            VersionRows(file),
            (
                Column("", 4, importance=9),
                Column("layer", 5, "right", importance=8),
                Column("size", 8, "right", importance=7),
                Column("status", 10, importance=4),
                Column("mode", 15, importance=3),
                Column("state", 16, min_width=10, flexible=True, importance=6),
                Column("sha256", 12, importance=5),
            ),
            id="versions-list",
        )
        self._sentence = Label("", markup=False, id="versions-sentence")
        self._lines = VirtualTable(
            DifferenceRows(),
            (Column("old", 5, "right"), Column("new", 5, "right"), Column("", 20, flexible=True)),
            id="versions-lines",
        )

    def compose(self) -> ComposeResult:
        """List, sentence, lines."""
        yield self._list
        yield self._sentence
        yield self._lines

    @property
    def compared(self) -> Comparison | None:
        """The comparison on the screen, None while there is none."""
        return self._compared

    def on_mount(self) -> None:
        """Compare with the version before, or the one after the first."""
        keys = [row.key for row in self._file.versions]
        here = keys.index(self._file.row.key) if self._file.row.key in keys else 0
        other = here - 1 if here else 1
        self._list.move_cursor(other, notify=False)
        self._compare(other)

    def _compare(self, index: int) -> None:
        """Compare in a thread: the older version is the left one."""
        other = self._file.versions[index]
        if other.key == self._file.row.key:
            self._show(Comparison("This is the version that is looked at; choose another to compare with."))
            return
        older, newer = sorted((other, self._file.row), key=lambda row: row.key)
        self.run_worker(
            partial(self._work, older, newer),
            thread=True,
            exclusive=True,
            group="compare",
            exit_on_error=False,
        )

    def _work(self, older: ReportFile, newer: ReportFile) -> None:
        worker = get_current_worker()
        made = compare(self._file, older, newer, lambda: worker.is_cancelled)
        if not worker.is_cancelled and made is not None:
            self.app.call_from_thread(self._show, made)

    def _show(self, comparison: Comparison) -> None:
        self._compared = comparison
        lead = "  ⏎ in the lines below shows the bytes" if comparison.first is not None else ""
        self._sentence.update(to_content((comparison.sentence, (lead, "accent"))))
        self._lines.refresh_model(DifferenceRows(comparison.lines), cursor=0)

    @on(VirtualTable.Highlighted, "#versions-list")
    def _other(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        self._compare(event.index)

    @on(VirtualTable.Opened, "#versions-list")
    def _open(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.post_message(ShowVersion(self._file.versions[event.index].key))

    @on(VirtualTable.Highlighted, "#versions-lines")
    def _quiet(self, event: VirtualTable.Highlighted) -> None:
        event.stop()

    @on(VirtualTable.Opened, "#versions-lines")
    def _bytes(self, event: VirtualTable.Opened) -> None:
        event.stop()
        if self._compared and self._compared.first is not None:
            self.post_message(JumpToOffset(self._compared.first, 1))


def compare(
    file: ViewedFile, older: ReportFile, newer: ReportFile, stop: Callable[[], bool] = lambda: False
) -> Comparison | None:
    """What differs between two versions of the path; None when `stop` said so in between."""
    if not (older.sha256 and newer.sha256):
        return Comparison(f"{_thing(older)} became {_thing(newer)}. {_about(older, newer)}")
    if older.sha256 == newer.sha256:
        return Comparison(f"The same bytes. {_about(older, newer)}")
    left = file.read_version(older.key) if file.read_version else None
    right = file.read_version(newer.key) if file.read_version else None
    if left is None or right is None:
        return Comparison(NOT_AT_HAND)
    if max(older.size, newer.size) <= TEXT_BYTES:
        old, new = left(0, older.size), right(0, newer.size)
        if _is_text(old) and _is_text(new):
            lines = tuple(difference(old, new))
            added = sum(line.sign == "+" for line in lines)
            removed = sum(line.sign == "-" for line in lines)
            return Comparison(f"+{added} -{removed} lines. {_about(older, newer)}", lines)
    first = _first_difference(left, right, max(older.size, newer.size), stop)
    if stop():
        return None
    shown = min(first, max(0, file.size - 1))
    return Comparison(f"The bytes differ from 0x{first:x} on. {_about(older, newer)}", first=shown)


def _first_difference(left: Read, right: Read, size: int, stop: Callable[[], bool]) -> int:
    """The offset of the first byte that differs; `size` when none does or `stop` said so."""
    for start in range(0, size, PIECE):
        if stop():
            break
        one, other = left(start, PIECE), right(start, PIECE)
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            return start + next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
    return size


def _is_text(content: bytes) -> bool:
    return not content or file_type(content[:HEAD_BYTES], len(content)).id in TEXT_TYPES


def _thing(row: ReportFile) -> str:
    return f"{row.kind} to {row.link}" if row.kind == FileKind.SYMLINK else row.kind


def _about(older: ReportFile, newer: ReportFile) -> str:
    """Size, mode and owner from the older to the newer version, as far as they differ."""
    words = [f"layer {older.layer} → {newer.layer}"]
    if older.size != newer.size:
        words.append(f"{older.size:,} → {newer.size:,} bytes")
    if older.mode != newer.mode:
        words.append(f"mode {older.mode:04o} → {newer.mode:04o}")
    if (older.uid, older.gid) != (newer.uid, newer.gid):
        words.append(f"owner {older.uid}:{older.gid} → {newer.uid}:{newer.gid}")
    return " · ".join(words)


VIEWER = VersionsViewer()
