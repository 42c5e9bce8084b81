"""A place in the bytes is reached however late the view of them comes on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual import events

from forensics.model.findings import Finding
from forensics.pipeline.events import FactsLearnt
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.viewers._status_line import WithStatus
from forensics.tui.widgets import HexView, TextView
from tests.tui.conftest import Open, Program
from tests.tui.story_image import MINER

SCRIPT = "/app/run.sh"
LATE = 0.4


@pytest.fixture
def slow_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every view of bytes takes its time to appear, as on a machine that is busy."""

    async def late(self: WithStatus, event: events.Compose) -> None:
        await asyncio.sleep(LATE)

    monkeypatch.setattr(WithStatus, "_on_compose", late, raising=False)


@pytest.fixture
def slow_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The view of a text is there, but finds its lines late."""
    begin: Callable[[TextView], None] = TextView.on_mount

    async def late(self: TextView) -> None:
        await asyncio.sleep(LATE)
        begin(self)

    monkeypatch.setattr(TextView, "on_mount", late)


def pointing_findings(program: Program, path: str) -> list[tuple[Finding, int]]:
    """The findings about a file that name an offset behind its start, with the first such offset."""
    found = []
    for finding in program.store.findings.ordered:
        offsets = [piece.offset for piece in finding.evidence if piece.offset]
        if finding.path == path and offsets:
            found.append((finding, offsets[0]))
    return found


@pytest.mark.usefixtures("slow_views")
async def test_a_finding_is_opened_at_its_bytes_though_the_view_is_late(open_story: Open) -> None:
    async with open_story() as program:
        work = program.screen.workspace
        finding, offset = pointing_findings(program, MINER)[0]
        work.enter("findings")
        while work.findings_pane.chosen is not finding:
            await program.press("j")
        await program.press("enter")
        await program.until(lambda: work.detail_pane.byte_offset == offset)
        hex_view = work.detail_pane.query_one(HexView)
        assert hex_view.marks(offset, offset + 1)
        await program.until(lambda: hex_view.has_focus)
        top = hex_view.scroll_offset.y
        assert top <= hex_view.cursor < top + hex_view.page_rows, "and it is on the screen"


@pytest.mark.usefixtures("slow_views")
@pytest.mark.parametrize("viewer", ["text", "hex"])
async def test_each_view_of_bytes_is_aimed_at_the_place(open_story: Open, viewer: str) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        version = program.store.files.of_path(SCRIPT)[0]
        detail.show_version(version, viewer, 15, 4)
        assert detail.byte_offset is None, "there is no view yet"
        await program.until(lambda: detail.byte_offset == 15)
        shown = detail.query_one(TextView if viewer == "text" else HexView)
        assert shown.marks(15, 16)


@pytest.mark.usefixtures("slow_lines")
async def test_a_text_is_aimed_at_a_place_whose_line_is_found_late(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        version = program.store.files.of_path("/etc/passwd")[1]
        detail.show_version(version, "text", 30, 3)
        await program.until(lambda: detail.byte_offset == 30)
        assert detail.query_one(TextView).cursor_line == 2


@pytest.mark.usefixtures("slow_views")
async def test_of_several_places_the_last_one_counts(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        version = program.store.files.of_path(MINER)[0]
        for offset in (0x1000, 0x20, 0x1010):
            detail.show_version(version, "hex", offset, 1)
            await program.pilot.pause(0.05)
        await program.until(lambda: detail.byte_offset == 0x1010)


@pytest.mark.usefixtures("slow_views")
async def test_a_place_is_forgotten_with_the_file_it_was_in(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        miner = program.store.files.of_path(MINER)[0]
        script = program.store.files.of_path(SCRIPT)[0]
        detail.show_version(miner, "hex", 17, 1)
        detail.show_version(script, "hex")
        await program.until(lambda: detail.byte_offset is not None)
        await program.pilot.pause(LATE / 2)
        assert detail.byte_offset == 0


@pytest.mark.usefixtures("slow_views")
async def test_another_way_to_look_keeps_a_place_not_reached_yet(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        detail.show_version(program.store.files.of_path(SCRIPT)[0], "text", 12, 1)
        assert detail.use("hex")
        await program.until(lambda: detail.query(HexView) and detail.byte_offset == 12)


async def test_a_place_is_reached_when_the_hidden_column_is_shown(open_story: Open) -> None:
    async with open_story(size=(80, 24)) as program:
        work = program.screen.workspace
        assert program.store.files is not None
        version = program.store.files.of_path(MINER)[0]
        work.enter("layers")
        assert not work.detail_pane.is_on_screen
        work.detail_pane.show_version(version, "hex", 0x1008, 2)
        await program.pilot.pause(0.2)
        work.enter("detail")
        await program.until(lambda: work.detail_pane.byte_offset == 0x1008)
        hex_view = work.detail_pane.query_one(HexView)
        await program.until(lambda: hex_view.size.height > 0)
        await program.pilot.pause(0.1)
        top = hex_view.scroll_offset.y
        assert top < hex_view.cursor < top + hex_view.page_rows - 1, "mid-screen, not at an edge"


async def test_a_place_survives_a_look_at_what_is_known_of_the_file(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        detail.show_version(program.store.files.of_path(MINER)[0], "hex", 0x1008, 2)
        await program.until(lambda: detail.byte_offset == 0x1008)
        assert detail.use("info")
        await program.pilot.pause(0.1)
        assert detail.byte_offset is None
        assert detail.use("hex")
        await program.until(lambda: detail.byte_offset == 0x1008)


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_the_place_stays_and_marks_appear_while_the_analysis_goes_on(
    open_story: Open, size: tuple[int, int]
) -> None:
    async with open_story(size=size, hold=FactsLearnt) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        detail = program.screen.workspace.detail_pane
        assert program.store.files is not None
        detail.show_version(program.store.files.of_path(MINER)[0], "hex", 8, 2)
        await program.until(lambda: detail.byte_offset == 8)
        hex_view = detail.query_one(HexView)
        assert len(hex_view.highlights) == 0
        program.worker.release()
        await program.until(lambda: program.store.report)
        await program.until(lambda: len(hex_view.highlights))
        assert detail.query_one(HexView) is hex_view
        assert detail.byte_offset == 8
