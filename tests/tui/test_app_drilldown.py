"""From the layers to the bytes and back, with the keys of the real program over the real pipeline."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from forensics.model.files import Change
from forensics.pipeline import Options
from forensics.tui.app import ForensicsApp
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.scopes import Scope
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.store import Store
from forensics.tui.widgets import FlatTree, HexView, TextView, VirtualTable
from tests.tui.story_image import MINER, POOL


async def until(pilot: Pilot[int], ready: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something the interface does by itself."""
    for _ in range(int(seconds / 0.02)):
        if ready():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    pytest.fail("waited in vain")


@asynccontextmanager
async def opened(
    path: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], AnalysisScreen]]:
    """The program with the finished analysis of an image, or with a saved report."""
    app = ForensicsApp(str(path), Options(cache=False, jobs=1), None)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.store and app.store.report and app.store.files)
        await until(pilot, lambda: isinstance(app.screen, AnalysisScreen))
        screen = app.screen
        assert isinstance(screen, AnalysisScreen)
        await until(pilot, lambda: screen.workspace.files_pane.listed)
        yield pilot, screen
    app.close_worker()


def listed_paths(screen: AnalysisScreen) -> list[str]:
    """The paths the tree shows now, top to bottom."""
    tree = screen.workspace.files_pane.file_tree
    return [str(tree.node_at(row)) for row in range(tree.row_count)]


def store_of(screen: AnalysisScreen) -> Store:
    """What the screen draws from."""
    return screen.store


async def choose_layer(pilot: Pilot[int], screen: AnalysisScreen, layer: int) -> None:
    """With the keys: start of the list, then down."""
    await pilot.press("g", *(["j"] * (layer + 1)))
    await until(pilot, lambda: (listed := screen.workspace.files_pane.listed) and listed.scope.layer == layer)


async def test_layer_file_bytes_and_back(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        work = screen.workspace
        await choose_layer(pilot, screen, 2)
        assert MINER in listed_paths(screen), "a short listing is shown with its folders open"
        await pilot.press("enter")
        assert work.active == "files"
        while work.files_pane.chosen is None or work.files_pane.chosen.path != MINER:
            await pilot.press("j")
        await until(pilot, lambda: work.detail_pane.version and work.detail_pane.version.path == MINER)
        assert work.detail_pane.viewer == "info"
        await pilot.press("enter")
        assert work.active == "detail"
        await pilot.press("H")
        await until(pilot, lambda: work.detail_pane.query(HexView))
        await pilot.press("escape", "escape")
        assert work.active == "layers"


async def test_a_finding_moves_all_three_columns_and_shows_its_bytes(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        work = screen.workspace
        store = store_of(screen)
        at_pool = next(
            finding
            for finding in store.findings.ordered
            if finding.path == MINER and any(piece.offset is not None for piece in finding.evidence)
        )
        work.enter("findings")
        table = work.findings_pane.table
        while work.findings_pane.chosen is not at_pool:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: work.detail_pane.query(HexView))
        assert work.layers_pane.chosen == 2
        assert work.files_pane.scope == Scope(2)
        await until(pilot, lambda: work.files_pane.chosen and work.files_pane.chosen.path == MINER)
        offset = next(piece.offset for piece in at_pool.evidence if piece.offset is not None)
        await until(pilot, lambda: work.detail_pane.byte_offset == offset)
        hex_view = work.detail_pane.query_one(HexView)
        assert hex_view.marks(offset, offset + 1)
        assert work.active == "detail"
        await pilot.press("escape")
        assert work.active == "findings"
        assert table.has_focus


async def test_n_and_shift_n_walk_through_the_findings(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        ordered = list(screen.workspace.findings_pane.listed)
        seen = []
        for key in ("n", "n", "n", "N"):
            await pilot.press(key)
            await pilot.pause(0.05)
            chosen = screen.workspace.findings_pane.chosen
            assert chosen is not None
            seen.append(chosen)
        assert seen == [ordered[0], ordered[1], ordered[2], ordered[1]]
        await pilot.press("escape")
        assert screen.place.finding is None, "back to where one was before the findings"


async def test_a_finding_about_no_file_shows_its_card(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        about_image = next(each for each in store_of(screen).findings.ordered if each.path is None)
        await pilot.press("3")
        pane = screen.query_one("#findings", FindingsPane)
        pane.table.move_cursor(list(pane.listed).index(about_image))
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert screen.tab == "layers"
        assert screen.workspace.detail_pane.version is None
        await pilot.press("escape")
        assert screen.tab == "findings"


async def test_accumulated_and_alone(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        files = screen.workspace.files_pane
        await choose_layer(pilot, screen, 1)
        alone = files.listed
        assert alone is not None
        assert {row.version.path for row in alone.listing.rows} == {"/etc/passwd", "/app/run.sh"}
        await pilot.press("ctrl+l")
        await until(pilot, lambda: files.listed and files.listed.scope.accumulated)
        assert files.listed is not None
        changes = {row.version.path: row.change for row in files.listed.listing.rows}
        assert changes["/etc/passwd"] is Change.MODIFIED
        assert changes["/etc/os-release"] is Change.UNCHANGED
        await pilot.press("ctrl+l")
        await until(pilot, lambda: files.listed and not files.listed.scope.accumulated)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("ctrl+a", Change.ADDED),
        ("ctrl+o", Change.MODIFIED),
        ("ctrl+r", Change.DELETED),
        ("ctrl+u", Change.UNCHANGED),
    ],
)
async def test_each_kind_of_change_can_be_hidden(story: Path, key: str, change: Change) -> None:
    async with opened(story) as (pilot, screen):
        files = screen.workspace.files_pane
        assert files.listed is not None
        assert change in {row.change for row in files.listed.listing.rows}
        await pilot.press(key)
        await until(
            pilot, lambda: files.listed and change not in {row.change for row in files.listed.listing.rows}
        )
        await pilot.press(key)
        await until(
            pilot, lambda: files.listed and change in {row.change for row in files.listed.listing.rows}
        )


async def test_the_tree_collapses_and_moves_as_it_says(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        screen.workspace.enter("files")
        tree = screen.workspace.files_pane.file_tree
        await pilot.press("ctrl+@")
        collapsed = tree.row_count
        await pilot.press("G")
        assert tree.cursor == tree.row_count - 1
        await pilot.press("g")
        assert tree.cursor == 0
        await pilot.press("space")
        assert tree.row_count > collapsed
        await pilot.press("l")
        assert tree.cursor == 1
        await pilot.press("h", "h")
        assert (tree.cursor, tree.row_count) == (0, collapsed)


async def test_the_files_can_be_filtered(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        files = screen.workspace.files_pane
        await pilot.press("tab", "slash", *"status:unowned", "space", *"type:elf")
        await until(pilot, lambda: files.listed and files.listed.filtered and len(files.listed.listing) == 1)
        assert MINER in listed_paths(screen)
        await pilot.press("enter")
        assert files.file_tree.has_focus
        await pilot.press("slash", "escape")
        await until(pilot, lambda: files.listed and not files.listed.filtered)


async def test_a_wrong_filter_says_so_and_leaves_the_list(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        files = screen.workspace.files_pane
        before = files.listed
        assert before is not None
        await pilot.press("tab", "slash", *"size>x")
        await pilot.pause(0.2)
        assert files.listed is not None
        assert len(files.listed.listing) in (len(before.listing), 0)
        assert "cannot compare" in files.problem


async def test_searching_in_the_bytes_and_going_to_an_offset(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        work = screen.workspace
        store = store_of(screen)
        assert store.files is not None
        assert store.view is not None
        version = store.files.of_path(MINER)[0]
        place = store.view.read(version).index(POOL)
        await pilot.press("f", *"kworker", "enter")
        await until(pilot, lambda: work.detail_pane.version and work.detail_pane.version.path == MINER)
        await pilot.press("H", "slash", *"stratum", "enter")
        await until(pilot, lambda: work.detail_pane.byte_offset == place)
        await pilot.press("colon", *"0x10", "enter")
        await until(pilot, lambda: work.detail_pane.byte_offset == 16)
        await pilot.press("colon", *"far", "enter")
        assert work.detail_pane.byte_offset == 16
        await pilot.press("escape")
        assert work.detail_pane.query_one(HexView).has_focus


async def test_the_ways_to_look_go_round(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        detail = screen.workspace.detail_pane
        await pilot.press("f", *"run.sh", "enter")
        await until(pilot, lambda: detail.viewer)
        first = detail.viewer
        seen = []
        for _ in range(len(detail.ways)):
            await pilot.press("right_square_bracket")
            seen.append(detail.viewer)
        assert seen[-1] == first
        assert set(seen) >= {"info", "text", "hex", "strings"}
        await pilot.press("left_square_bracket")
        assert detail.viewer == seen[-2]


async def test_what_was_chosen_to_look_with_stays(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        detail = screen.workspace.detail_pane
        await pilot.press("f", *"run.sh", "enter")
        await until(pilot, lambda: detail.viewer)
        detail.use("text")
        await until(pilot, lambda: detail.query(TextView))
        await pilot.press("f", *"os-release", "enter")
        await until(pilot, lambda: detail.version and detail.version.path == "/etc/os-release")
        assert detail.viewer == "text"


async def test_a_deleted_file_is_found_and_its_bytes_are_there(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        await pilot.press("f", *"kwrkr")
        await until(pilot, lambda: pilot.app.screen.query_one(VirtualTable).row_count)
        await pilot.press("enter")
        detail = screen.workspace.detail_pane
        await until(pilot, lambda: detail.version and detail.version.path == MINER)
        assert detail.version is not None
        assert detail.version.changed_by_layer == 3
        assert screen.workspace.active == "detail"


async def test_a_jump_can_be_undone_step_by_step(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        await choose_layer(pilot, screen, 1)
        await pilot.press("f", *"os-release", "enter")
        await until(pilot, lambda: screen.workspace.detail_pane.version)
        assert screen.workspace.layers_pane.chosen == 0
        await pilot.press("5")
        assert screen.tab == "packages"
        await pilot.press("escape")
        assert screen.tab == "layers"
        await pilot.press("escape")
        await until(pilot, lambda: screen.workspace.files_pane.scope == Scope(1))
        assert screen.workspace.layers_pane.chosen == 1
        assert screen.workspace.active == "layers"


async def test_zoom_shows_one_column(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        await pilot.press("tab", "z")
        await pilot.pause()
        assert screen.workspace.files_pane.size.width > 100
        assert not screen.workspace.layers_pane.is_on_screen
        await pilot.press("z")
        await pilot.pause()
        assert screen.workspace.layers_pane.is_on_screen


async def test_the_mouse_works(story: Path) -> None:
    async with opened(story) as (pilot, screen):
        await pilot.click("#layer-table", offset=(5, 4))
        assert screen.workspace.layers_pane.chosen == 2
        await pilot.click("#main-tabs", offset=(30, 0))
        assert screen.tab == "findings"
        await pilot.press("2")
        await until(pilot, lambda: screen.workspace.files_pane.listed)
        tree = screen.query_one("#file-tree", FlatTree)
        await pilot.click("#file-tree", offset=(12, 1))
        assert tree.has_focus
        await until(pilot, lambda: screen.workspace.detail_pane.border_title)
