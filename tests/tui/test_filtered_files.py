"""While a filter narrows the tree, what is shown of a file is of one that is listed, or the tree says not."""

from __future__ import annotations

from forensics.tui.panes import ChooseFinding
from forensics.tui.widgets import FilterBar
from tests.tui.conftest import Open, Program
from tests.tui.story_image import MINER
from tests.widget_host import screen_lines

SCRIPT = "/app/run.sh"


def shown(program: Program) -> str | None:
    """The path whose content the detail pane shows."""
    version = program.screen.workspace.detail_pane.version
    return version.path if version else None


async def at_script(program: Program) -> None:
    """The tree of the whole image, with the cursor on the script."""
    await program.press("f", *"run.sh", "enter")
    await program.until(lambda: shown(program) == SCRIPT)
    program.screen.workspace.enter("files")
    await program.settled()


async def test_the_first_file_that_a_filter_leaves_is_shown(open_story: Open) -> None:
    async with open_story(size=(160, 45)) as program:
        await at_script(program)
        await program.press("slash", *"passwd")
        await program.until(lambda: shown(program) == "/etc/passwd")
        files = program.screen.workspace.files_pane
        assert files.chosen is not None
        assert files.chosen.path == "/etc/passwd"
        assert files.query_one(FilterBar).has_focus_within, "the person is still typing"
        await program.press("enter", "escape", "escape")


async def test_what_the_filter_leaves_stays_chosen(open_story: Open) -> None:
    async with open_story(size=(160, 45)) as program:
        await at_script(program)
        await program.press("slash", *"r")
        await program.pilot.pause(0.3)
        assert shown(program) == SCRIPT


async def test_no_file_is_shown_while_none_is_left_and_the_old_one_comes_back(open_story: Open) -> None:
    async with open_story(size=(160, 45)) as program:
        await at_script(program)
        await program.press("slash", *"zzzz")
        await program.until(lambda: shown(program) is None)
        await program.until(
            lambda: any("No file here answers the filter." in line for line in screen_lines(program.app))
        )
        await program.press("escape")
        await program.until(lambda: shown(program) == SCRIPT)


async def test_a_file_from_elsewhere_that_the_filter_leaves_out_is_told(open_story: Open) -> None:
    async with open_story(size=(200, 50)) as program:
        await at_script(program)
        await program.press("slash", *"passwd", "enter")
        await program.until(lambda: shown(program) == "/etc/passwd")
        finding = next(each for each in program.store.findings.ordered if each.path == MINER)
        program.screen.post_message(ChooseFinding(finding, deeper=True))
        await program.until(lambda: shown(program) == MINER)
        files = program.screen.workspace.files_pane
        await program.until(lambda: "the file shown is not listed here" in str(files.border_subtitle))
        assert shown(program) == MINER
        await program.press("escape")
        await program.until(lambda: "not listed" not in str(files.border_subtitle))
