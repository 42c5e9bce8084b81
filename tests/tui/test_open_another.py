"""The form to open an image: over an analysis it changes nothing until one opens; there is a way out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from forensics.errors import ChoiceNeeded, ForensicsError
from forensics.pipeline import Options
from forensics.pipeline.events import FactsLearnt, ImageOpened
from forensics.tui.app import ForensicsApp
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.choose import ChooseScreen
from forensics.tui.screens.open_image import OpenAnotherScreen, OpenImageScreen
from forensics.tui.screens.progress import ProgressScreen
from forensics.tui.state_folder import RecentImage, StateFolder
from forensics.tui.widgets import VirtualTable
from tests.tui.conftest import Analysis, Replay, wait_until
from tests.widget_host import screen_lines


class House:
    """The program with workers that can be held, one for each image that was asked for."""

    def __init__(self, analysis: Analysis) -> None:
        self.hired: list[Replay] = []
        self.hold_next = False
        self.analysis = analysis

    def hire(self, reference: str | None, options: Options, report_path: Path | None) -> Replay:
        worker = Replay(self.analysis, reference or "", options, report_path)
        worker.hold_before(ImageOpened if self.hold_next else FactsLearnt)
        self.hired.append(worker)
        return worker

    @asynccontextmanager
    async def open(
        self, size: tuple[int, int] = (120, 40)
    ) -> AsyncIterator[tuple[Pilot[int], ForensicsApp, AnalysisScreen]]:
        """On an analysis that goes on."""
        app = ForensicsApp("first.tar", Options(), None, hire=self.hire)
        async with app.run_test(size=size) as pilot:
            await wait_until(pilot, lambda: isinstance(app.screen, AnalysisScreen))
            screen = app.screen
            assert isinstance(screen, AnalysisScreen)
            yield pilot, app, screen


@pytest.fixture
def house(analysis: Analysis) -> House:
    """The program, with workers of this test's own."""
    return House(analysis)


async def ask_for(pilot: Pilot[int], reference: str) -> None:
    """Open the form over the analysis and ask for an image."""
    await pilot.press("o")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, OpenAnotherScreen))
    pilot.app.screen.query_one("#reference", Input).value = reference
    await pilot.press("enter")


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_the_analysis_goes_on_behind_the_form(house: House, key: str) -> None:
    async with house.open() as (pilot, app, screen):
        await pilot.press("o")
        assert isinstance(app.screen, OpenAnotherScreen)
        assert not house.hired[0].cancelled
        assert not house.hired[0].closed
        house.hired[0].release()
        await wait_until(pilot, lambda: screen.store.report)
        await pilot.press(key)
        await wait_until(pilot, lambda: app.screen is screen)
        assert not house.hired[0].cancelled
        await wait_until(pilot, lambda: "●" in screen_lines(app)[0])
        assert "so far" not in screen_lines(app)[0], "what came in meanwhile is drawn"


async def test_only_an_image_that_opens_takes_the_place(house: House) -> None:
    async with house.open() as (pilot, app, screen):
        house.hold_next = True
        await ask_for(pilot, "second.tar")
        await wait_until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        assert not house.hired[0].closed
        house.hired[1].release()
        await wait_until(pilot, lambda: isinstance(app.screen, AnalysisScreen))
        assert app.screen is not screen
        assert house.hired[0].closed
        assert not house.hired[1].closed
        assert app.store is not None
        assert app.store.reference == "second.tar"
        assert screen not in app.screen_stack
        await pilot.press("o", "escape")
        await wait_until(pilot, lambda: isinstance(app.screen, AnalysisScreen))


@pytest.mark.parametrize("given_up", [True, False])
async def test_an_image_that_does_not_open_costs_nothing(house: House, given_up: bool) -> None:
    async with house.open() as (pilot, app, screen):
        house.hold_next = True
        await ask_for(pilot, "second.tar")
        await wait_until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        if given_up:
            await pilot.press("escape")
        else:
            house.hired[1].error = ForensicsError("there is no such [/file]", "check the path")
        await wait_until(pilot, lambda: isinstance(app.screen, OpenAnotherScreen))
        assert house.hired[1].closed
        assert not house.hired[0].closed
        problem = app.screen.query_one("#problem", Static)
        assert problem.display is not given_up
        assert app.screen.query_one("#reference", Input).value == "second.tar"
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen)
        await pilot.press("q")
    assert app.return_value == 0, "the image that is examined did open"


async def test_a_choice_among_images_can_be_declined(house: House) -> None:
    async with house.open() as (pilot, app, screen):
        house.hold_next = True
        await ask_for(pilot, "both.tar")
        await wait_until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        house.hired[1].error = ChoiceNeeded("there are two", "choose", ("0 one", "1 two"))
        await wait_until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await pilot.press("escape")
        await wait_until(pilot, lambda: isinstance(app.screen, OpenAnotherScreen))
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen)
        assert not house.hired[0].closed


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_the_first_form_says_how_to_leave(size: tuple[int, int]) -> None:
    app = ForensicsApp(None, Options(), None)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.2)
        last = screen_lines(app)[-1]
        assert "esc Quit" in last
        assert "palette" not in last
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, OpenImageScreen), "there is no command for it"
        await pilot.press("q", "escape")
    assert app.return_value == 0


async def test_the_form_over_an_analysis_says_how_to_go_back(house: House) -> None:
    async with house.open(size=(80, 24)) as (pilot, app, _):
        await pilot.press("o")
        await pilot.pause(0.2)
        last = screen_lines(app)[-1]
        assert "esc Back to the analysis" in last
        assert "ctrl+q Quit" in last
        assert "palette" not in last


async def test_leaving_after_a_failure_gives_its_code(tmp_path: Path) -> None:
    app = ForensicsApp(str(tmp_path / "nonexistent.tar"), Options(jobs=1), None)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: app.failure)
        await pilot.press("escape")
    app.close_worker()
    assert app.return_value == 3


async def test_up_leads_from_the_first_line_of_the_list_to_the_input() -> None:
    StateFolder().remember(RecentImage("one.tar", ""))
    StateFolder().remember(RecentImage("two.tar", ""))
    app = ForensicsApp(None, Options(), None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "down")
        assert isinstance(app.focused, VirtualTable)
        await pilot.press("up")
        assert isinstance(app.focused, VirtualTable)
        await pilot.press("up")
        assert isinstance(app.focused, Input)
        assert app.focused.id == "reference"
