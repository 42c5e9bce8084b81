"""A way to look that was chosen by hand stays for files of the same kind; another kind gets its best one."""

from __future__ import annotations

from forensics.model.findings import Finding
from forensics.tui.panes import ChooseFinding
from forensics.tui.widgets import HexView, TextView
from tests.tui.conftest import Open, Program
from tests.tui.story_image import MINER

SCRIPT = "/app/run.sh"
OTHER_TEXT = "/usr/lib/.x/config.json"


async def show(program: Program, path: str) -> None:
    """Go to a file as the dialogue that finds paths does."""
    detail = program.screen.workspace.detail_pane
    await program.press("f", *path.rpartition("/")[2], "enter")
    await program.until(lambda: detail.version and detail.version.path == path)


def finding_in(program: Program, path: str) -> Finding:
    """A finding that points into a file."""
    return next(
        each
        for each in program.store.findings.ordered
        if each.path == path and any(piece.offset is not None for piece in each.evidence)
    )


async def test_hex_of_a_program_says_nothing_of_scripts(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        await show(program, MINER)
        best = detail.viewer
        await program.press("H")
        await program.until(lambda: detail.query(HexView))
        await show(program, SCRIPT)
        assert detail.viewer == best, "nothing was chosen for scripts"
        await show(program, MINER)
        assert detail.viewer == "hex", "what was chosen for programs stays"


async def test_a_finding_in_a_script_is_shown_as_text_after_the_hex_of_a_program(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        await show(program, MINER)
        await program.press("H")
        await program.until(lambda: detail.query(HexView))
        program.screen.post_message(ChooseFinding(finding_in(program, SCRIPT), deeper=True))
        await program.until(lambda: detail.version and detail.version.path == SCRIPT)
        await program.until(lambda: detail.query(TextView))
        assert detail.viewer == "text"
        program.screen.post_message(ChooseFinding(finding_in(program, MINER), deeper=True))
        await program.until(lambda: detail.version and detail.version.path == MINER)
        assert detail.viewer == "hex"


async def test_what_was_chosen_for_a_script_holds_for_its_findings_and_for_other_texts(
    open_story: Open,
) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        await show(program, SCRIPT)
        await program.press("H")
        await program.until(lambda: detail.query(HexView))
        await show(program, MINER)
        assert detail.viewer != "hex"
        program.screen.post_message(ChooseFinding(finding_in(program, SCRIPT), deeper=True))
        await program.until(lambda: detail.version and detail.version.path == SCRIPT)
        assert detail.viewer == "hex"
        await show(program, OTHER_TEXT)
        assert detail.viewer == "hex"
