"""From the layers to the bytes and back, with the keys of the real program over the real pipeline."""

from __future__ import annotations

import pytest
from textual.events import Key

from forensics.model.files import Change
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.scopes import Scope
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.help import HelpScreen
from forensics.tui.widgets import FilterBar, FlatTree, HexView, TextView, VirtualTable
from tests.tui.conftest import Open, Program
from tests.tui.story_image import MINER, POOL


def listed_paths(screen: AnalysisScreen) -> list[str]:
    """The paths the tree shows now, top to bottom."""
    tree = screen.workspace.files_pane.file_tree
    return [str(tree.node_at(row)) for row in range(tree.row_count)]


async def choose_layer(program: Program, layer: int) -> None:
    """With the keys: start of the list, then down."""
    await program.press("g", *(["j"] * (layer + 1)))
    await program.settled()
    assert program.screen.workspace.files_pane.scope.layer == layer


async def test_layer_file_bytes_and_back(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        work = screen.workspace
        await choose_layer(program, 2)
        assert MINER in listed_paths(screen), "a short listing is shown with its folders open"
        await program.press("enter")
        assert work.active == "files"
        while work.files_pane.chosen is None or work.files_pane.chosen.path != MINER:
            await program.press("j")
        await program.until(lambda: work.detail_pane.version and work.detail_pane.version.path == MINER)
        assert work.detail_pane.viewer == "info"
        await program.press("enter")
        assert work.active == "detail"
        await program.press("H")
        await program.until(lambda: work.detail_pane.query(HexView))
        await program.press("escape", "escape")
        assert work.active == "layers"


async def test_a_finding_moves_all_three_columns_and_shows_its_bytes(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        work = screen.workspace
        store = program.store
        at_pool = next(
            finding
            for finding in store.findings.ordered
            if finding.path == MINER and any(piece.offset is not None for piece in finding.evidence)
        )
        work.enter("findings")
        table = work.findings_pane.table
        while work.findings_pane.chosen is not at_pool:
            await program.press("j")
        await program.press("enter")
        await program.until(lambda: work.detail_pane.query(HexView))
        assert work.layers_pane.chosen == 2
        assert work.files_pane.scope == Scope(2)
        await program.until(lambda: work.files_pane.chosen and work.files_pane.chosen.path == MINER)
        offset = next(piece.offset for piece in at_pool.evidence if piece.offset is not None)
        await program.until(lambda: work.detail_pane.byte_offset == offset)
        hex_view = work.detail_pane.query_one(HexView)
        assert hex_view.marks(offset, offset + 1)
        assert work.active == "detail"
        await program.press("escape")
        assert work.active == "findings"
        assert table.has_focus


async def test_n_and_shift_n_walk_through_the_findings(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        ordered = list(screen.workspace.findings_pane.listed)
        seen = []
        for key in ("n", "n", "n", "N"):
            await program.press(key)
            await program.pilot.pause(0.05)
            chosen = screen.workspace.findings_pane.chosen
            assert chosen is not None
            seen.append(chosen)
        assert seen == [ordered[0], ordered[1], ordered[2], ordered[1]]
        await program.press("escape")
        assert screen.place.finding is None, "back to where one was before the findings"


async def test_a_finding_about_no_file_shows_its_card(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        about_image = next(each for each in program.store.findings.ordered if each.path is None)
        await program.press("3")
        pane = screen.query_one("#findings", FindingsPane)
        pane.table.move_cursor(list(pane.listed).index(about_image))
        await program.press("enter")
        await program.pilot.pause(0.1)
        assert screen.tab == "layers"
        assert screen.workspace.detail_pane.version is None
        await program.press("escape")
        assert screen.tab == "findings"


async def test_accumulated_and_alone(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        files = screen.workspace.files_pane
        await choose_layer(program, 1)
        alone = files.listed
        assert alone is not None
        assert {row.version.path for row in alone.listing.rows} == {"/etc/passwd", "/app/run.sh"}
        await program.press("ctrl+l")
        await program.until(lambda: files.listed and files.listed.scope.accumulated)
        assert files.listed is not None
        changes = {row.version.path: row.change for row in files.listed.listing.rows}
        assert changes["/etc/passwd"] is Change.MODIFIED
        assert changes["/etc/os-release"] is Change.UNCHANGED
        await program.press("ctrl+l")
        await program.until(lambda: files.listed and not files.listed.scope.accumulated)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("ctrl+a", Change.ADDED),
        ("ctrl+o", Change.MODIFIED),
        ("ctrl+r", Change.DELETED),
        ("ctrl+u", Change.UNCHANGED),
    ],
)
async def test_each_kind_of_change_can_be_hidden(open_story: Open, key: str, change: Change) -> None:
    async with open_story() as program:
        screen = program.screen
        files = screen.workspace.files_pane
        assert files.listed is not None
        assert change in {row.change for row in files.listed.listing.rows}
        await program.press(key)
        await program.until(
            lambda: files.listed and change not in {row.change for row in files.listed.listing.rows}
        )
        await program.press(key)
        await program.until(
            lambda: files.listed and change in {row.change for row in files.listed.listing.rows}
        )


async def test_the_tree_collapses_and_moves_as_it_says(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        screen.workspace.enter("files")
        tree = screen.workspace.files_pane.file_tree
        await program.press("ctrl+@")
        collapsed = tree.row_count
        await program.press("G")
        assert tree.cursor == tree.row_count - 1
        await program.press("g")
        assert tree.cursor == 0
        await program.press("space")
        assert tree.row_count > collapsed
        await program.press("l")
        assert tree.cursor == 1
        await program.press("h", "h")
        assert (tree.cursor, tree.row_count) == (0, collapsed)


async def test_the_files_can_be_filtered(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        files = screen.workspace.files_pane
        await program.press("tab", "slash", *"status:unowned", "space", *"type:elf")
        await program.until(lambda: files.listed and files.listed.filtered and len(files.listed.listing) == 1)
        assert MINER in listed_paths(screen)
        await program.press("enter")
        assert files.file_tree.has_focus
        await program.press("slash", "escape")
        await program.until(lambda: files.listed and not files.listed.filtered)


async def test_esc_ends_the_filter_first_and_goes_back_then(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        files = screen.workspace.files_pane
        await program.press("tab", "slash", *"passwd", "enter")
        await program.until(lambda: files.listed and files.listed.filtered)
        bar = files.query_one(FilterBar)
        assert bar.is_open
        assert files.file_tree.has_focus
        await program.press("escape")
        await program.until(lambda: files.listed and not files.listed.filtered)
        assert not bar.is_open
        assert screen.workspace.active == "files"
        await program.press("escape")
        assert screen.workspace.active == "layers"


async def test_what_is_typed_right_behind_enter_is_no_part_of_the_filter(open_story: Open) -> None:
    async with open_story() as program:
        files = program.screen.workspace.files_pane
        await program.press("tab", "slash", *"passwd")
        for key, character in (("enter", "\r"), ("question_mark", "?")):
            program.app.post_message(Key(key, character))
        await program.until(lambda: isinstance(program.app.screen, HelpScreen))
        await program.press("escape")
        assert files.query_one(FilterBar).value == "passwd"


async def test_a_wrong_filter_says_so_and_leaves_the_list(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        files = screen.workspace.files_pane
        before = files.listed
        assert before is not None
        await program.press("tab", "slash", *"size>x")
        await program.pilot.pause(0.2)
        assert files.listed is not None
        assert len(files.listed.listing) in (len(before.listing), 0)
        assert "cannot compare" in files.problem


async def test_searching_in_the_bytes_and_going_to_an_offset(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        work = screen.workspace
        store = program.store
        assert store.files is not None
        assert store.view is not None
        version = store.files.of_path(MINER)[0]
        place = store.view.read(version).index(POOL)
        await program.press("f", *"kworker", "enter")
        await program.until(lambda: work.detail_pane.version and work.detail_pane.version.path == MINER)
        await program.press("H", "slash", *"stratum", "enter")
        await program.until(lambda: work.detail_pane.byte_offset == place)
        await program.press("colon", *"0x10", "enter")
        await program.until(lambda: work.detail_pane.byte_offset == 16)
        await program.press("colon", *"far", "enter")
        assert work.detail_pane.byte_offset == 16
        await program.press("escape")
        assert work.detail_pane.query_one(HexView).has_focus


async def test_the_ways_to_look_go_round(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        detail = screen.workspace.detail_pane
        await program.press("f", *"run.sh", "enter")
        await program.until(lambda: detail.viewer)
        first = detail.viewer
        seen = []
        for _ in range(len(detail.ways)):
            await program.press("right_square_bracket")
            seen.append(detail.viewer)
        assert seen[-1] == first
        assert set(seen) >= {"info", "text", "hex", "strings"}
        await program.press("left_square_bracket")
        assert detail.viewer == seen[-2]


async def test_what_was_chosen_to_look_with_stays(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        detail = screen.workspace.detail_pane
        await program.press("f", *"run.sh", "enter")
        await program.until(lambda: detail.viewer)
        detail.use("text")
        await program.until(lambda: detail.query(TextView))
        await program.press("f", *"os-release", "enter")
        await program.until(lambda: detail.version and detail.version.path == "/etc/os-release")
        assert detail.viewer == "text"


async def test_a_deleted_file_is_found_and_its_bytes_are_there(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        await program.press("f", *"kwrkr")
        await program.until(lambda: program.app.screen.query_one(VirtualTable).row_count)
        await program.press("enter")
        detail = screen.workspace.detail_pane
        await program.until(lambda: detail.version and detail.version.path == MINER)
        assert detail.version is not None
        assert detail.version.changed_by_layer == 3
        assert screen.workspace.active == "detail"


async def test_a_jump_can_be_undone_step_by_step(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        await choose_layer(program, 1)
        await program.press("f", *"os-release", "enter")
        await program.until(lambda: screen.workspace.detail_pane.version)
        assert screen.workspace.layers_pane.chosen == 0
        await program.press("5")
        assert screen.tab == "packages"
        await program.press("escape")
        assert screen.tab == "layers"
        await program.press("escape")
        await program.until(lambda: screen.workspace.files_pane.scope == Scope(1))
        assert screen.workspace.layers_pane.chosen == 1
        assert screen.workspace.active == "layers"


async def test_zoom_shows_one_column(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        await program.press("tab", "z")
        await program.pilot.pause()
        assert screen.workspace.files_pane.size.width > 100
        assert not screen.workspace.layers_pane.is_on_screen
        await program.press("z")
        await program.pilot.pause()
        assert screen.workspace.layers_pane.is_on_screen


async def test_the_mouse_works(open_story: Open) -> None:
    async with open_story() as program:
        screen = program.screen
        await program.pilot.click("#layer-table", offset=(5, 4))
        assert screen.workspace.layers_pane.chosen == 2
        await program.pilot.click("#main-tabs", offset=(30, 0))
        assert screen.tab == "findings"
        await program.press("2")
        await program.until(lambda: screen.workspace.files_pane.listed)
        tree = screen.query_one("#file-tree", FlatTree)
        await program.pilot.click("#file-tree", offset=(12, 1))
        assert tree.has_focus
        await program.until(lambda: screen.workspace.detail_pane.border_title)


async def test_hex_begins_where_the_chosen_finding_points(open_story: Open) -> None:
    async with open_story(size=(160, 40)) as program:
        work = program.screen.workspace
        offsets: dict[str, int] = {}
        for finding in program.store.findings.ordered:
            for piece in finding.evidence:
                if finding.path == MINER and piece.offset is not None:
                    offsets.setdefault(finding.id, piece.offset)
        await program.press("n")
        while work.findings_pane.chosen is None or work.findings_pane.chosen.id not in offsets:
            await program.press("n")
        await program.settled()
        assert work.findings_pane.chosen is not None
        first = offsets[work.findings_pane.chosen.id]
        assert first, "the beginning of the file would be no proof"
        await program.press("H")
        await program.until(lambda: work.detail_pane.byte_offset == first)
        hex_view = work.detail_pane.query_one(HexView)
        await program.until(lambda: hex_view.has_focus)
        assert hex_view.row_length == 16


async def test_another_way_to_look_at_bytes_stays_at_the_same_bytes(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        await program.press("f", *"run.sh", "enter")
        await program.until(lambda: detail.version)
        detail.use("text")
        await program.until(lambda: detail.query(TextView))
        await program.press("colon", *"12", "enter")
        await program.until(lambda: detail.byte_offset == 12)
        await program.press("H")
        await program.until(lambda: detail.query(HexView) and detail.byte_offset == 12)


async def test_letters_typed_right_behind_the_key_of_an_input_belong_to_it(open_story: Open) -> None:
    async with open_story() as program:
        for key in ("slash", *"passwd"):
            program.app.post_message(Key(key, None if key == "slash" else key))
        files = program.screen.workspace.files_pane
        await program.until(lambda: files.listed and files.listed.filtered)
        await program.until(lambda: files.query_one(FilterBar).value == "passwd")
