"""One small image, analysed once by the real pipeline, for all tests of the interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from forensics.errors import Cancelled, ForensicsError
from forensics.layers import ImageView
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event
from forensics.reports import reports
from forensics.tui.app import ForensicsApp
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.store import Store
from tests.tui.story_image import write_drifted_sbom, write_story


@dataclass(frozen=True)
class Analysis:
    """What the pipeline said about the story image, while its bytes can still be read."""

    path: Path
    sbom: Path
    events: tuple[Event, ...]
    view: ImageView
    report: Report


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the story image."""
    return write_story(tmp_path_factory.mktemp("story") / "lookalike.tar")


@pytest.fixture(scope="session")
def analysis(story: Path) -> Iterator[Analysis]:
    """The finished analysis, with a declared SBOM that disagrees."""
    events: list[Event] = []
    sbom = write_drifted_sbom(story.parent / "declared.cdx.json")
    with Session(str(story), Options(sbom=(sbom,), cache=False, jobs=1)) as session:
        report = session.analyze(events.append)
        yield Analysis(story, sbom, tuple(events), session.index(), report)


@pytest.fixture(scope="session")
def saved(analysis: Analysis) -> Path:
    """The report of the story image as a file."""
    path = analysis.path.parent / "report.json"
    path.write_text(reports()["json"].render(analysis.report), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the state of whoever runs it."""
    folder = tmp_path / "state"
    monkeypatch.setenv("FORENSICS_STATE_DIR", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


class Replay:
    """A worker that says again what the pipeline said about the story image; `held` keeps the end back."""

    def __init__(
        self, analysis: Analysis, reference: str, options: Options, report_path: Path | None
    ) -> None:
        self.reference = reference
        self.options = options
        self.report_path = report_path
        self.error: ForensicsError | None = None
        self._events = list(analysis.events)
        self._at = 0
        self.until = len(self._events)
        self.cancelled = False
        self.closed = False

    @property
    def ended(self) -> bool:
        """Whether everything was said."""
        return self._at >= len(self._events) or self.error is not None

    def start(self) -> None:
        """There is nothing to start."""

    def drain(self) -> list[Event]:
        """Everything up to where it is held."""
        said = self._events[self._at : self.until]
        self._at = max(self._at, self.until)
        return said

    def hold_before(self, kind: type[Event]) -> None:
        """Say nothing from the first event of this kind on."""
        self.until = next(number for number, event in enumerate(self._events) if isinstance(event, kind))

    def release(self) -> None:
        """Say all the rest."""
        self.until = len(self._events)

    def cancel(self) -> None:
        """As the pipeline does: the end, without a report."""
        self.cancelled = True
        self.error = Cancelled()

    def close(self) -> None:
        """Nothing to give back."""
        self.closed = True


async def wait_until(pilot: Pilot[int], ready: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something the interface does by itself."""
    for _ in range(int(seconds / 0.01)):
        if ready():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    pytest.fail("waited in vain")


@dataclass
class Program:
    """The running program: its pilot and its analysis screen."""

    pilot: Pilot[int]
    app: ForensicsApp
    worker: Replay

    @property
    def screen(self) -> AnalysisScreen:
        """The analysis screen, wherever it is in the stack."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, AnalysisScreen))

    @property
    def store(self) -> Store:
        """What the screens draw from."""
        assert self.app.store is not None
        return self.app.store

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def until(self, ready: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait for something the interface does by itself."""
        await wait_until(self.pilot, ready, seconds)

    async def settled(self) -> None:
        """Wait until the file tree, if it is there, shows what was asked for, and the cursor has rested."""
        files = self.screen.workspace.files_pane
        await self.until(
            lambda: not files.is_on_screen or (files.listed is not None and files.listed.scope == files.scope)
        )
        await self.pilot.pause(0.1)


Open = Callable[..., AbstractAsyncContextManager[Program]]


@pytest.fixture
def open_story(analysis: Analysis) -> Open:
    """Opens the program on the story image; `hold` is an event to stop before, `size` the terminal's."""

    @asynccontextmanager
    async def opening(
        size: tuple[int, int] = (120, 40), hold: type[Event] | None = None
    ) -> AsyncIterator[Program]:
        hired: list[Replay] = []

        def hire(reference: str, options: Options, report_path: Path | None) -> Replay:
            hired.append(Replay(analysis, reference, options, report_path))
            if hold is not None:
                hired[-1].hold_before(hold)
            return hired[-1]

        app = ForensicsApp(str(analysis.path), Options(), None, hire=hire)
        async with app.run_test(size=size) as pilot:
            program = Program(pilot, app, hired[0])
            if hold is None:
                await program.until(
                    lambda: isinstance(app.screen, AnalysisScreen) and app.store and app.store.files
                )
                await program.settled()
            yield program

    return opening
