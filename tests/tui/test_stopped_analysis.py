"""While an analysis goes on, and after it was stopped, no pane speaks as if all were known."""

from __future__ import annotations

import pytest

from forensics.errors import ForensicsError
from forensics.pipeline.events import InventoryReady, Progress, ReportReady, Stage
from forensics.tui.findings_book import FindingsBook
from forensics.tui.panes._records import RecordsPane
from forensics.tui.panes.coverage import CoveragePane
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.notice import NoticeScreen
from forensics.tui.screens.save import SaveReportScreen
from forensics.tui.store import Run
from forensics.tui.widgets import KeyValues, plain
from tests.tui.conftest import Open, Program
from tests.tui.key_clock import KeyClock
from tests.widget_host import screen_lines


async def silenced(program: Program) -> None:
    """A screen that has heard of neither an issue nor a finding, 45.12 % of the way through the bytes."""
    await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
    program.store.issues.clear()
    program.store.findings = FindingsBook()
    program.screen.store_changed(program.store.apply(Progress(Stage.EXAMINE, 4512, 10_000)))


async def shown(program: Program, key: str) -> str:
    """Everything that stands on the screen once this tab is drawn, in one line."""
    await program.press(key)
    await program.pilot.pause(0.1)
    await KeyClock(program.app, lambda: "").calm()
    return " ".join(" ".join(line.strip(" │") for line in screen_lines(program.app)).split())


@pytest.fixture
def size() -> tuple[int, int]:
    """Room for whole sentences."""
    return (200, 50)


async def test_the_coverage_of_a_stopped_analysis(open_story: Open, size: tuple[int, int]) -> None:
    async with open_story(size=size, hold=InventoryReady) as program:
        await silenced(program)
        going_on = await shown(program, "8")
        assert "verything was examined" not in going_on
        assert "No issue so far; the analysis goes on." in going_on
        await program.press("ctrl+c")
        await program.until(lambda: program.store.run is Run.STOPPED)
        stopped = await shown(program, "8")
        assert "verything was examined" not in stopped
        assert "No issue so far; the analysis was stopped." in stopped
        assert "45.12 % of the bytes" in stopped
        assert "findings and issues are those found so far" in stopped


async def test_issues_of_a_stopped_analysis_stand_below_the_same_words(
    open_story: Open, size: tuple[int, int]
) -> None:
    async with open_story(size=size, hold=ReportReady) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        await program.press("8", "ctrl+c")
        await program.until(lambda: program.store.run is Run.STOPPED)
        pane = program.screen.panes_of_tabs["coverage"]
        assert isinstance(pane, CoveragePane)
        summary = "\n".join(plain(getattr(item, "text", "")) for item in pane.summary())
        assert "stopped before its end" in summary


async def test_findings_are_those_so_far(open_story: Open, size: tuple[int, int]) -> None:
    async with open_story(size=size, hold=InventoryReady) as program:
        await silenced(program)
        assert "No finding so far; the analysis goes on." in await shown(program, "3")
        await program.press("ctrl+c")
        await program.until(lambda: program.store.run is Run.STOPPED)
        assert "No finding so far; the analysis was stopped." in await shown(program, "3")
        assert "nothing found so far" in await shown(program, "1")


async def test_a_filter_that_leaves_no_finding_says_so(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("3", "slash", *"zzzz")
        pane = program.screen.panes_of_tabs["findings"]
        assert isinstance(pane, FindingsPane)
        told = [plain(getattr(item, "text", "")) for item in pane.query_one(KeyValues).items]
        assert told == ["No finding answers the filter."]


@pytest.mark.parametrize("tab", ["packages", "sbom"])
async def test_what_a_stopped_analysis_never_learnt_is_not_awaited(
    open_story: Open, tab: str, size: tuple[int, int]
) -> None:
    async with open_story(size=size, hold=InventoryReady) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        await program.press("ctrl+c")
        await program.until(lambda: program.store.run is Run.STOPPED)
        pane = program.screen.panes_of_tabs[tab]
        assert isinstance(pane, RecordsPane)
        on_screen = await shown(program, str(4 if tab == "sbom" else 5))
        assert "not known: the analysis was stopped" in on_screen
        assert "not known yet" not in on_screen


async def test_why_there_is_no_report_of_a_stopped_analysis(open_story: Open) -> None:
    async with open_story(size=(100, 40), hold=ReportReady) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        await program.press("ctrl+s")
        assert isinstance(program.app.screen, AnalysisScreen), "there will be one: it is only too early"
        await program.press("ctrl+c")
        await program.until(lambda: program.store.run is Run.STOPPED)
        await program.press("ctrl+s")
        assert isinstance(program.app.screen, NoticeScreen)
        assert not isinstance(program.app.screen, SaveReportScreen)
        await program.pilot.pause(0.1)
        words = " ".join("".join(screen_lines(program.app)).replace("│", " ").split())
        assert "The analysis was stopped" in words
        await program.press("enter")
        assert isinstance(program.app.screen, AnalysisScreen)


async def test_why_there_is_no_report_of_a_failed_analysis(open_story: Open) -> None:
    async with open_story(size=(100, 40), hold=ReportReady) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        program.worker.error = ForensicsError("the disk [/is] full", "make room")
        await program.until(lambda: program.store.run is Run.FAILED)
        await program.press("ctrl+s")
        await program.until(lambda: isinstance(program.app.screen, NoticeScreen))
        await program.pilot.pause(0.1)
        assert any("the disk [/is] full" in line for line in screen_lines(program.app))
        await program.press("escape")
        assert isinstance(program.app.screen, AnalysisScreen)
