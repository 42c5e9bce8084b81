"""A filter that names what is no field says so, and which fields there are."""

from __future__ import annotations

import pytest

from forensics.tui.panes import Pane
from forensics.tui.panes._records import RecordsPane
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.widgets import FilterBar
from tests.tui.conftest import Open, Program
from tests.widget_host import screen_lines

LISTS = {
    "3": "severity confidence layer",
    "4": "kind path package",
    "5": "name version type",
    "7": "layer created",
    "8": "stage code subject",
}


def on_screen(program: Program) -> str:
    """Everything that is shown, without the frames."""
    return " ".join("\n".join(screen_lines(program.app)).replace("│", " ").split())


def open_bar(program: Program) -> FilterBar:
    """The bar that is typed into."""
    return next(bar for bar in program.screen.query(FilterBar) if bar.is_open)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
@pytest.mark.parametrize("key", LISTS)
async def test_an_unknown_field_is_told_with_those_there_are(
    open_story: Open, key: str, size: tuple[int, int]
) -> None:
    async with open_story(size=size) as program:
        await program.press(key, "slash", *"bogus:1")
        await program.until(lambda: "no field bogus here: taken as text." in on_screen(program))
        assert f"Fields: {LISTS[key]}" in on_screen(program)
        await program.press("escape", "slash", *"bogus>=1")
        await program.until(lambda: "no field bogus here. Fields:" in on_screen(program))


async def test_a_field_of_another_list_is_told_in_the_findings(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("3", "slash", *"finding>=high")
        await program.until(lambda: "no field finding here. Fields: severity" in on_screen(program))
        pane = program.screen.panes_of_tabs["findings"]
        assert isinstance(pane, Pane)
        await program.press("escape")
        await program.until(lambda: "no field" not in on_screen(program))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_unknown_field_is_told_in_the_tree(open_story: Open, size: tuple[int, int]) -> None:
    async with open_story(size=size) as program:
        await program.press("enter", "slash", *"bogus:1")
        await program.until(lambda: "no field bogus here: taken as text." in on_screen(program))
        assert "setuid" in on_screen(program)
        await program.press("enter", "slash", *" ")
        assert open_bar(program).complaint
        await program.press("escape")
        await program.until(lambda: "no field" not in on_screen(program))


async def test_what_a_field_is_compared_with_is_told(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("3", "slash", *"severity>=")
        await program.pilot.pause(0.05)
        assert not open_bar(program).complaint, "it is still being typed"
        await program.press(*"hug")
        await program.until(lambda: "it takes info low medium high critical" in on_screen(program))


async def test_a_negated_field_holds_for_what_has_none(open_story: Open) -> None:
    async with open_story() as program:
        findings = program.store.findings
        about_the_image = [each for each in findings.ordered if each.state is None]
        assert about_the_image
        left = findings.listed("-state:visible")
        assert set(about_the_image) <= set(left)
        assert not set(about_the_image) & set(findings.listed("-state:visible -state:none"))


@pytest.mark.parametrize("key", ["3", "5", "8"])
async def test_a_filter_that_is_not_understood_takes_nothing_away(open_story: Open, key: str) -> None:
    async with open_story(size=(160, 45)) as program:
        await program.press(key)
        pane = program.screen.panes_of_tabs[program.screen.tab]
        assert isinstance(pane, (FindingsPane, RecordsPane))
        everything = list(pane.listed)
        await program.press("slash", *"zzzz")
        assert not pane.listed
        await program.press(*">=1")
        assert list(pane.listed) == everything
        assert "zzzz" not in str(pane.border_title)
        assert open_bar(program).complaint
        await program.press(*["backspace"] * 7)
        assert not open_bar(program).complaint


async def test_a_filter_of_the_tree_that_is_not_understood_takes_nothing_away(open_story: Open) -> None:
    async with open_story(size=(160, 45)) as program:
        files = program.screen.workspace.files_pane
        await program.press("slash", *"zzzz")
        await program.until(lambda: files.listed and not files.listed.listing.rows)
        await program.press(*">=1")
        await program.until(lambda: files.listed and len(files.listed.listing) == files.listed.total)
        await program.until(lambda: open_bar(program).complaint)
        await program.press(*["backspace"] * 7, "quotation_mark")
        await program.until(lambda: open_bar(program).complaint == "a quote is not closed")
        await program.press("backspace")
        await program.until(lambda: not open_bar(program).complaint)
