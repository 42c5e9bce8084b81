"""A key does what it says where it is shown, and says a word where it cannot."""

from __future__ import annotations

import pytest

from forensics.pipeline.events import LayerIndexed
from forensics.tui.key_line import KeyLine
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.widgets import HexView, KeyValues, TextView, in_memory, plain
from tests.tui.conftest import Open, Program
from tests.tui.story_image import MINER
from tests.widget_host import hosted


def told(program: Program) -> list[str]:
    """What the program said in passing."""
    return [note.message for note in program.app._notifications]


async def test_n_shows_the_finding_on_a_narrow_screen(open_story: Open) -> None:
    async with open_story(size=(80, 24)) as program:
        work = program.screen.workspace
        await program.press("n")
        assert program.screen.finding == program.store.findings.ordered[0]
        assert work.active == "detail"
        assert work.detail_pane.is_on_screen
        await program.press("escape")
        assert work.active == "layers"


async def test_hex_from_the_list_of_findings(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        finding = next(
            each
            for each in program.store.findings.ordered
            if each.path == MINER and any(piece.offset for piece in each.evidence)
        )
        await program.press("3")
        pane = program.screen.panes_of_tabs["findings"]
        assert isinstance(pane, FindingsPane)
        pane.table.move_cursor(program.store.findings.ordered.index(finding))
        await program.press("H")
        offset = next(piece.offset for piece in finding.evidence if piece.offset is not None)
        await program.until(lambda: detail.query(HexView) and detail.byte_offset == offset)
        assert program.screen.tab == "layers"
        await program.press("escape")
        assert program.screen.tab == "findings"


@pytest.mark.parametrize("key", ["H", "z", "right_square_bracket", "colon", "ctrl+l", "ctrl+a"])
async def test_a_key_for_files_says_where_it_works(open_story: Open, key: str) -> None:
    async with open_story() as program:
        files = program.screen.workspace.files_pane
        await program.press("5", key)
        assert program.screen.tab == "packages"
        assert any("2 Layers" in sentence for sentence in told(program))
        assert not files.scope.accumulated


async def test_nothing_that_is_not_seen_is_bookmarked_or_marked(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("f", *"kworker", "enter")
        await program.until(lambda: program.screen.workspace.detail_pane.version)
        await program.press("6", "b", "m")
        assert program.store.notebook.bookmarks == ()
        assert program.store.notebook.reviewed == frozenset()
        assert told(program) == ["choose a file to bookmark", "choose a finding to mark"]


async def test_the_key_line_shows_the_keys_of_the_tab(open_story: Open) -> None:
    async with open_story(size=(160, 45)) as program:
        line = program.screen.query_one(KeyLine)
        assert {"H hex", "/ filter", "b bookmark"} <= keys_of(line)
        await program.press("6")
        assert not keys_of(line) & {"H hex", "/ filter", "b bookmark", "m mark"}
        assert {"f find", "q quit"} <= keys_of(line)
        await program.press("5")
        assert "/ filter" in keys_of(line)


def keys_of(line: KeyLine) -> set[str]:
    """The keys that the line shows, with their names."""
    return {f"{command.key} {command.footer}" for command in line._shown()}


async def test_the_card_of_the_image_fills_in(open_story: Open) -> None:
    async with open_story(hold=LayerIndexed) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen))
        await program.until(lambda: "…" in words(program))
        program.worker.release()
        await program.until(lambda: program.store.report)
        await program.until(lambda: "…" not in words(program))
        assert "Debian GNU/Linux 12" in words(program)


def words(program: Program) -> str:
    """All values of the card that is shown in the detail pane."""
    cards = program.screen.workspace.detail_pane.query(KeyValues)
    return "\n".join(plain(getattr(item, "value", "")) for card in cards for item in card.items)


async def test_a_place_that_begins_with_the_end_of_a_line_is_shown_in_the_next_line() -> None:
    view = TextView(in_memory(b"PATH=/bin\n* * * * * root sh\n"))
    async with hosted(view, size=(40, 6)) as (pilot, _):
        view.jump(9, 10)
        await pilot.pause()
        assert view.cursor_line == 2
        view.jump(9, 1)
        assert view.cursor_line == 1
