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
from forensics.tui.case import Case
from forensics.tui.commands import CommandList
from forensics.tui.notebook import Notebook
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.choose import ChooseScreen
from forensics.tui.screens.find_path import FindPathScreen
from forensics.tui.screens.open_image import OpenAnotherScreen, OpenImageScreen
from forensics.tui.screens.progress import ProgressScreen
from forensics.tui.state_folder import RecentImage, StateFolder
from forensics.tui.store import Files, Store, Topic, files_of_report, files_of_view
from forensics.tui.themes import DARK, LIGHT, THEMES

_LOOKS = {theme.name: theme for theme in THEMES}

DRAIN_SECONDS = 0.05
"""How often the screens hear of what the analysis said."""


class ForensicsApp(App[int]):
    """Holds the image that is examined and the one being opened; everything else belongs to the screens."""

    TITLE = "Image Forensics"
    CSS_PATH = "interface.tcss"
    COMMANDS: ClassVar = {CommandList}
    COMMAND_PALETTE_DISPLAY = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True),
    ]

    class FilesMade(Message):
        """Every file version was sorted, for this store; `source` is the id of what they were taken from."""

        def __init__(self, store: Store, source: int, files: Files) -> None:
            super().__init__()
            self.store = store
            self.source = source
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
        self._current: Case | None = None
        self._opening: Case | None = None
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
        """The state of the image that is being opened, or else of the one that is examined."""
        case = self._opening or self._current
        return case.store if case else None

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
        self.exit(self._failure.exit_code if self._failure is not None and self._current is None else 0)

    def close_worker(self) -> None:
        """Stop the analysis and give its files and processes back."""
        self._close_opening()
        if self._current is not None:
            self._current.worker.close()
            self._current = None

    def _close_opening(self) -> None:
        """Give up the image that is being opened."""
        if self._opening is not None:
            self._opening.worker.close()
            self._opening = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The palette has the commands of the analysis, so it opens there alone."""
        if action == "command_palette" and not isinstance(self.screen, AnalysisScreen):
            return False
        return super().check_action(action, parameters)

    def action_switch_look(self) -> None:
        """Dark becomes light, and the reverse."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    # -- one image --------------------------------------------------------------------------------------

    def _begin(self, reference: str | None, options: Options, report_path: Path | None = None) -> None:
        """Open an image, or a saved report with its image or without; a reference may name a report too.

        What is examined stays until the other is open.
        """
        self._close_opening()
        if reference is not None and report_path is None and is_saved_report(Path(reference)):
            report_path, reference = Path(reference), None
        self._failure = None
        worker = self._hire(reference, options, report_path)
        self._opening = Case(worker, Store(worker.reference, Notebook(self._state)))
        worker.start()
        self.push_screen(ProgressScreen(self._opening.store))

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
        if self._opening is not None:
            self._to_form(self._opening, None)

    def action_open_another(self) -> None:
        """The form, over the analysis of this image."""
        if isinstance(self.screen, AnalysisScreen):
            self.push_screen(OpenAnotherScreen(self._state.recent()))

    def action_leave_form(self) -> None:
        """Back to the analysis, or out of the program when there is none."""
        if isinstance(self.screen, OpenAnotherScreen):
            self.pop_screen()
        else:
            self.action_leave()

    def action_stop_analysis(self) -> None:
        """Stop what runs; when nothing runs, leave."""
        if self._current is not None and not self._current.worker.ended:
            self._current.worker.cancel()
            self.notify("stopping the analysis; what is known stays on the screen", markup=False)
        else:
            self.action_leave()

    def _to_form(self, case: Case, failure: ForensicsError | None) -> None:
        """Back to the form that asked for an image which did not open, with the reason if there is one."""
        form = next(each for each in reversed(self.screen_stack) if isinstance(each, OpenImageScreen))
        while self.screen is not form:
            self.pop_screen()
        self._close_opening()
        self._failure = failure
        form.set_recent(self._state.recent())
        form.show_error(case.worker.reference, failure)

    # -- events -----------------------------------------------------------------------------------------

    def _carry(self) -> None:
        """Take in what the analyses said since the last time, and tell the screens once."""
        for case in (self._current, self._opening):
            if case is None:
                continue
            topics = case.hear()
            if case is self._opening and case.failed_to_open:
                self._not_opened(case)
            elif topics:
                self._tell(case, topics)

    def _tell(self, case: Case, topics: frozenset[Topic]) -> None:
        self._sort_files(case)
        if case is self._opening and case.is_open:
            self._show(case)
            return
        for screen in self.screen_stack:
            if not isinstance(screen, (AnalysisScreen, ProgressScreen)) or not screen.is_mounted:
                continue
            if screen.store is case.store:
                screen.store_changed(topics)

    def _show(self, case: Case) -> None:
        """An image is open: it takes the place of the one that was examined before."""
        before, self._current, self._opening = self._current, case, None
        self._remember(case)
        while self.screen_stack[-2] is not self._form:
            self.pop_screen()
        self.switch_screen(AnalysisScreen(case.store, "overview" if case.worker.report_path else "layers"))
        if before is not None:
            before.worker.close()

    def _not_opened(self, case: Case) -> None:
        error = case.worker.error
        if isinstance(error, ChoiceNeeded):
            self._to_form(case, error)
            self._choose(case.worker, error)
        else:
            self._to_form(case, None if is_cancelled(error) else error)

    def _choose(self, worker: Worker, error: ChoiceNeeded) -> None:
        """Let the person pick one of several images; the number stands in front of each."""

        def chosen(line: int | None) -> None:
            if line is not None:
                number = int(error.choices[line].split()[0])
                self._begin(worker.reference, replace(worker.options, image=number))

        self.push_screen(ChooseScreen("Which image?", error.message, error.choices), chosen)

    def _remember(self, case: Case) -> None:
        options = case.worker.options
        sbom = str(options.sbom[-1]) if options.sbom else ""
        reference = _absolute(case.worker.reference)
        if reference.isprintable() and sbom.isprintable():
            self._state.remember(RecentImage(reference, sbom))

    def _sort_files(self, case: Case) -> None:
        """Have every file version sorted in a thread: those of the image, or until then those of a report."""
        store = case.store
        make: Callable[[], Files]
        if store.view is not None:
            # Report and image may come at once: then nobody else asks the report for its statuses.
            saved = store.report if case.worker.report_path is not None else None
            source, make = id(store.view), partial(files_of_view, store.view, saved)
        elif store.report is not None:
            source, make = id(store.report), partial(files_of_report, store.report)
        else:
            return
        if source == case.sorted:
            return
        case.sorted = source
        self.run_worker(
            partial(self._make_files, store, source, make), thread=True, group="files", exit_on_error=False
        )

    def _make_files(self, store: Store, source: int, make: Callable[[], Files]) -> None:
        """The thread that sorts."""
        with collector_at_rest():
            files = make()
        self.post_message(self.FilesMade(store, source, files))

    @on(FilesMade)
    def _files_made(self, event: FilesMade) -> None:
        event.stop()
        for case in (self._current, self._opening):
            if case is not None and event.store is case.store and event.source == case.sorted:
                self._tell(case, event.store.accept_files(event.files))


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
