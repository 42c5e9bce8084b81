"""The two dialogues that write to this machine: export evidence, save the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Label, Static

from forensics.model.files import FileVersion
from forensics.model.report import Report
from forensics.printable import printable
from forensics.reports import ReportFormat, reports
from forensics.tui.local_paths import PathSuggester
from forensics.tui.screens.modal import Dialogue
from forensics.tui.widgets import Column, Styled, VirtualTable, to_content


@dataclass(frozen=True, slots=True)
class Export:
    """What to export, and to which folder."""

    versions: tuple[FileVersion, ...]
    folder: Path


class _Options:
    """Words to choose from, one a row."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words

    def count(self) -> int:
        """How many there are."""
        return len(self._words)

    def row(self, index: int) -> Sequence[Styled]:
        """One of them."""
        return (self._words[index],)


class ExportScreen(Dialogue[Export | None]):
    """Which versions, and where to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False)]

    def __init__(self, groups: Sequence[tuple[str, tuple[FileVersion, ...]]], folder: Path) -> None:
        super().__init__()
        self._groups = [group for group in groups if group[1]]
        self._folder = folder

    def compose(self) -> ComposeResult:
        """List and input in a frame."""
        with Vertical(classes="dialogue") as frame:
            frame.border_title = to_content("Export evidence")
            frame.border_subtitle = to_content("enter exports · esc close")
            words = [f"{words}  ({len(versions):,})" for words, versions in self._groups]
            yield VirtualTable(_Options(words), [Column("what", 40, min_width=20, flexible=True)])
            yield Label("To the folder", markup=False)
            yield Input(str(self._folder), suggester=PathSuggester())
            yield Static(
                to_content(
                    (("Files are named after their SHA-256; manifest.json says what they were.", "muted"),)
                )
            )

    def on_mount(self) -> None:
        """The list gets the keys."""
        self.query_one(VirtualTable).focus()

    def action_cancel(self) -> None:
        """Nothing is exported."""
        self.finish(None)

    @on(VirtualTable.Opened)
    @on(Input.Submitted)
    def _chosen(self) -> None:
        folder = self.query_one(Input).value.strip()
        if folder:
            versions = self._groups[self.query_one(VirtualTable).cursor][1]
            self.finish(Export(versions, Path(folder).expanduser()))


class SaveReportScreen(Dialogue[Path | None]):
    """Which format, and where to; a file that is there is replaced only when asked twice."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False)]

    class Saved(Message):
        """The report was written, or `problem` says why not."""

        def __init__(self, path: Path, problem: str = "") -> None:
            super().__init__()
            self.path = path
            self.problem = problem

    def __init__(self, report: Report, stem: str) -> None:
        super().__init__()
        self._report = report
        self._stem = stem
        self._formats: tuple[ReportFormat, ...] = tuple(reports().values())
        self._asked_for = ""

    def compose(self) -> ComposeResult:
        """List and input in a frame."""
        with Vertical(classes="dialogue") as frame:
            frame.border_title = to_content("Save the report")
            frame.border_subtitle = to_content("enter saves · esc close")
            words = [each.id for each in self._formats]
            yield VirtualTable(_Options(words), [Column("format", 20, min_width=10, flexible=True)])
            yield Label("To the file", markup=False)
            yield Input(suggester=PathSuggester())
            yield Static(id="problem")

    def on_mount(self) -> None:
        """JSON is offered first, since it can be opened again."""
        ids = [each.id for each in self._formats]
        table = self.query_one(VirtualTable)
        table.move_cursor(ids.index("json") if "json" in ids else 0)
        table.focus()
        self._propose()

    def action_cancel(self) -> None:
        """Nothing is saved."""
        self.finish(None)

    @on(VirtualTable.Highlighted)
    def _propose(self) -> None:
        chosen = self._formats[self.query_one(VirtualTable).cursor]
        self.query_one(Input).value = self._stem + chosen.extension

    @on(VirtualTable.Opened)
    @on(Input.Submitted)
    def _chosen(self) -> None:
        name = self.query_one(Input).value.strip()
        if not name:
            return
        path = Path(name).expanduser()
        if path.exists() and self._asked_for != name:
            self._asked_for = name
            self._say((("The file is there already; enter again replaces it.", "warning"),))
            return
        report_format = self._formats[self.query_one(VirtualTable).cursor]
        self._say((("saving …", "muted"),))
        self.run_worker(
            partial(self._save, report_format, path), thread=True, exclusive=True, exit_on_error=False
        )

    def _save(self, report_format: ReportFormat, path: Path) -> None:
        """The thread that renders and writes."""
        try:
            path.write_text(report_format.render(self._report), encoding="utf-8")
        except OSError as error:
            reason = printable(error.strerror or str(error))
            self.post_message(self.Saved(path, f"cannot write {printable(str(path))}: {reason}"))
        else:
            self.post_message(self.Saved(path))

    @on(Saved)
    def _saved(self, event: Saved) -> None:
        event.stop()
        if event.problem:
            self._say(((event.problem, "error"),))
        else:
            self.finish(event.path)

    def _say(self, text: Styled) -> None:
        self.query_one("#problem", Static).update(to_content(text))
