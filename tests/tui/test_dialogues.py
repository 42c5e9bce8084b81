"""A dialogue ends once, whatever else comes in while it goes away."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from forensics.tui.path_search import PathSearch
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.choose import ChooseScreen
from forensics.tui.screens.find_path import FindPathScreen
from forensics.tui.screens.help import HelpScreen
from forensics.tui.screens.save import SaveReportScreen
from forensics.tui.widgets import VirtualTable
from tests.tui.conftest import Open
from tests.tui.story_image import MINER


async def test_paths_found_after_the_person_went_away_choose_nothing(
    open_story: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_story() as program:
        await program.press("f")
        screen = program.app.screen
        assert isinstance(screen, FindPathScreen)
        screen.post_message(FindPathScreen.Found("", []))
        field = screen.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = "kworker"
        await program.press("enter")
        assert program.store.files is not None
        paths = PathSearch(program.store.files.paths).find("kworker", 10)
        assert paths == [MINER]
        screen.call_later(screen.action_cancel)
        screen.post_message(FindPathScreen.Found("kworker", paths))
        await program.pilot.pause(0.1)
        assert isinstance(program.app.screen, AnalysisScreen)
        assert program.screen.workspace.detail_pane.version is None


async def test_a_choice_made_twice_counts_once(open_story: Open) -> None:
    async with open_story() as program:
        chosen: list[int | None] = []
        dialogue = ChooseScreen("Which?", "thing", ["one", "two"])
        program.app.push_screen(dialogue, chosen.append)
        await program.pilot.pause()
        table = dialogue.query_one(VirtualTable)
        table.post_message(VirtualTable.Opened(table, 1))
        table.post_message(VirtualTable.Opened(table, 0))
        await program.until(lambda: chosen)
        await program.pilot.pause(0.1)
        assert chosen == [1]
        assert isinstance(program.app.screen, AnalysisScreen)


async def test_a_report_saved_after_the_person_went_away_closes_nothing_else(
    open_story: Open, tmp_path: Path
) -> None:
    async with open_story() as program:
        await program.press("ctrl+s")
        dialogue = program.app.screen
        assert isinstance(dialogue, SaveReportScreen)
        dialogue.post_message(SaveReportScreen.Saved(tmp_path / "one"))
        dialogue.post_message(SaveReportScreen.Saved(tmp_path / "two"))
        await program.press("escape")
        await program.pilot.pause(0.1)
        assert isinstance(program.app.screen, AnalysisScreen)


async def test_what_stands_in_front_of_a_dialogue_is_not_closed_in_its_place(open_story: Open) -> None:
    async with open_story() as program:
        chosen: list[int | None] = []
        dialogue = ChooseScreen("Which?", "thing", ["one", "two"])
        program.app.push_screen(dialogue, chosen.append)
        await program.pilot.pause()
        program.app.push_screen(HelpScreen())
        await program.until(lambda: program.app.screen is not dialogue)
        table = dialogue.query_one(VirtualTable)
        table.post_message(VirtualTable.Opened(table, 1))
        await program.pilot.pause(0.1)
        assert dialogue in program.app.screen_stack
        assert chosen == []


async def test_the_palette_does_not_open_over_a_dialogue(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("question_mark")
        dialogue = program.app.screen
        await program.press("ctrl+p")
        await program.pilot.pause(0.1)
        assert program.app.screen is dialogue, "its commands are those of the analysis"
