"""The program on the screen: opens images, carries their events to the screens, and ends cleanly."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import ANSIToTruecolor, LineFilter
from textual.message import Message
from textual.theme import Theme
from textual.widgets import Input

from forensics.collector import collector_at_rest
from forensics.errors import ChoiceNeeded, ForensicsError
from forensics.pipeline import Options
from forensics.reports import is_saved_report
from forensics.tui.analysis_worker import AnalysisWorker, Worker, is_cancelled
from forensics.tui.commands import CommandList
from forensics.tui.notebook import Notebook
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.choose import ChooseScreen
from forensics.tui.screens.find_path import FindPathScreen
from forensics.tui.screens.open_image import OpenImageScreen
from forensics.tui.screens.progress import ProgressScreen
from forensics.tui.state_folder import RecentImage, StateFolder
from forensics.tui.store import Files, Run, Store, Topic, files_of_report, files_of_view
from forensics.tui.themes import DARK, LIGHT, THEMES

_LOOKS = {theme.name: theme for theme in THEMES}

DRAIN_SECONDS = 0.05
"""How often the screens hear of what the analysis said."""


class ForensicsApp(App[int]):
    """Holds one worker and one store at a time; everything else belongs to the screens."""

    TITLE = "Image Forensics"
    CSS_PATH = "interface.tcss"
    COMMANDS: ClassVar = {CommandList}
    COMMAND_PALETTE_DISPLAY = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True),
    ]

    class FilesMade(Message):
        """Every file version was sorted, for this store."""

        def __init__(self, store: Store, files: Files) -> None:
            super().__init__()
            self.store = store
            self.files = files

    def __init__(
        self,
        reference: str | None,
        options: Options,
        report_path: Path | None,
        *,
        hire: Callable[[str | None, Options, Path | None], Worker] = AnalysisWorker,
    ) -> None:
        super().__init__()
        self._hire = hire
        self._first = (reference, report_path)
        self._options = options
        self._state = StateFolder()
        self._worker: Worker | None = None
        self._store: Store | None = None
        self._sorted: int | None = None
        self._told_end = False
        self._failure: ForensicsError | None = None

    # -- beginning and end ------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The form to open an image lies below everything else."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name
        self._form = OpenImageScreen(self._state.recent())
        self.push_screen(self._form)
        reference, report_path = self._first
        if reference is not None or report_path is not None:
            self._begin(reference, self._options, report_path)
        self.set_interval(DRAIN_SECONDS, self._carry)
        gc.freeze()

    @property
    def current_theme(self) -> Theme:
        """The look in force, found without copying the table of all looks: it is asked for at every line."""
        return _LOOKS.get(self.theme) or super().current_theme

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every drawn line goes through: not the conversion of old colours, which nothing here uses."""
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    @property
    def failure(self) -> ForensicsError | None:
        """Why the image that was asked for last could not be opened."""
        return self._failure

    @property
    def store(self) -> Store | None:
        """The state of the image that is examined."""
        return self._store

    def on_key(self, event: events.Key) -> None:
        """Letters typed right behind the key that opened an input belong to it.

        They were sent to whatever had the keys before and come here because that had no use for them; the
        input itself lets no letter through.
        """
        if not event.is_printable or not event.character:
            return
        if isinstance(self.focused, Input):
            self.focused.insert_text_at_cursor(event.character)
            event.prevent_default()
        elif isinstance(self.screen, FindPathScreen) and not self.screen.is_mounted:
            self.screen.take_letter(event.character)
            event.prevent_default()

    def action_leave(self) -> None:
        """End the program; with the code of the failure when nothing else was opened after it."""
        self.exit(self._failure.exit_code if self._failure is not None and self._store is None else 0)

    def close_worker(self) -> None:
        """Stop the analysis and give its files and processes back."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def action_switch_look(self) -> None:
        """Dark becomes light, and the reverse."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    # -- one image --------------------------------------------------------------------------------------

    def _begin(self, reference: str | None, options: Options, report_path: Path | None = None) -> None:
        """Open an image, or a saved report with its image or without; a reference may name a report too."""
        self.close_worker()
        if reference is not None and report_path is None and is_saved_report(Path(reference)):
            report_path, reference = Path(reference), None
        self._failure = None
        self._worker = self._hire(reference, options, report_path)
        self._store = store = Store(self._worker.reference, Notebook(self._state))
        self._sorted = None
        self._told_end = False
        self._worker.start()
        self.push_screen(ProgressScreen(store))

    @on(OpenImageScreen.Asked)
    def _asked(self, event: OpenImageScreen.Asked) -> None:
        event.stop()
        options = self._options
        if event.sbom:
            options = replace(options, sbom=(*options.sbom, Path(event.sbom).expanduser()))
        self._begin(_expanded(event.reference), options)

    @on(ProgressScreen.GivenUp)
    def _given_up(self, event: ProgressScreen.GivenUp) -> None:
        event.stop()
        self._to_form(None)

    def action_open_another(self) -> None:
        """Back to the form; the analysis of this image ends."""
        self._to_form(None)

    def action_stop_analysis(self) -> None:
        """Stop what runs; when nothing runs, leave."""
        if self._worker is not None and not self._worker.ended:
            self._worker.cancel()
            self.notify("stopping the analysis; what is known stays on the screen", markup=False)
        else:
            self.action_leave()

    def _to_form(self, failure: ForensicsError | None) -> None:
        """Back to the form, with the reason when something failed."""
        reference = self._worker.reference if self._worker is not None else ""
        while self.screen is not self._form and len(self.screen_stack) > 1:
            self.pop_screen()
        self.close_worker()
        self._store = None
        self._failure = failure
        self._form.set_recent(self._state.recent())
        self._form.show_error(reference, failure)

    # -- events -----------------------------------------------------------------------------------------

    def _carry(self) -> None:
        """Take in what the analysis said since the last time, and tell the screens once."""
        worker, store = self._worker, self._store
        if worker is None or store is None:
            return
        ended = worker.ended
        topics: set[Topic] = set()
        for event in worker.drain():
            topics |= store.apply(event)
        if ended and not self._told_end:
            self._told_end = True
            if store.card is None:
                self._not_opened(worker)
                return
            if worker.error is not None:
                run = Run.STOPPED if is_cancelled(worker.error) else Run.FAILED
                topics |= store.stop(run, worker.error)
        if topics:
            self._tell(store, frozenset(topics))

    def _tell(self, store: Store, topics: frozenset[Topic]) -> None:
        self._sort_files(store)
        if store.card is not None and isinstance(self.screen, ProgressScreen):
            self._remember()
            saved = self._worker is not None and self._worker.report_path is not None
            self.switch_screen(AnalysisScreen(store, "overview" if saved else "layers"))
            return
        for screen in self.screen_stack:
            if isinstance(screen, (AnalysisScreen, ProgressScreen)) and screen.is_mounted:
                screen.store_changed(topics)

    def _not_opened(self, worker: Worker) -> None:
        error = worker.error
        if isinstance(error, ChoiceNeeded):
            self._to_form(error)
            self._choose(worker, error)
        else:
            self._to_form(None if is_cancelled(error) else error)

    def _choose(self, worker: Worker, error: ChoiceNeeded) -> None:
        """Let the person pick one of several images; the number stands in front of each."""

        def chosen(line: int | None) -> None:
            if line is not None:
                number = int(error.choices[line].split()[0])
                self._begin(worker.reference, replace(worker.options, image=number))

        self.push_screen(ChooseScreen("Which image?", error.message, error.choices), chosen)

    def _remember(self) -> None:
        worker = self._worker
        if worker is not None:
            sbom = str(worker.options.sbom[-1]) if worker.options.sbom else ""
            reference = _absolute(worker.reference)
            if reference.isprintable() and sbom.isprintable():
                self._state.remember(RecentImage(reference, sbom))

    def _sort_files(self, store: Store) -> None:
        """Have every file version sorted in a thread: those of the image, or until then those of a report."""
        make: Callable[[], Files]
        if store.view is not None:
            source, make = id(store.view), partial(files_of_view, store.view)
        elif store.report is not None:
            source, make = id(store.report), partial(files_of_report, store.report)
        else:
            return
        if source == self._sorted:
            return
        self._sorted = source
        self.run_worker(
            partial(self._make_files, store, make), thread=True, group="files", exit_on_error=False
        )

    def _make_files(self, store: Store, make: Callable[[], Files]) -> None:
        """The thread that sorts."""
        with collector_at_rest():
            files = make()
        self.post_message(self.FilesMade(store, files))

    @on(FilesMade)
    def _files_made(self, event: FilesMade) -> None:
        event.stop()
        if event.store is self._store:
            self._tell(event.store, event.store.accept_files(event.files))


def _expanded(reference: str) -> str:
    """`~` as the shell would read it; everything else as it was typed."""
    return str(Path(reference).expanduser()) if reference.startswith("~") else reference


def _absolute(reference: str) -> str:
    """A plain path so that it can be opened from another folder; a reference with a scheme as it is."""
    with contextlib.suppress(OSError):
        path = Path(reference)
        if path.exists():
            return str(path.absolute())
    return reference
