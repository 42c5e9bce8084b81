"""The filter bar appears, tells what is typed, and goes away."""

from __future__ import annotations

from forensics.tui.widgets import FilterBar
from tests.widget_host import hosted, screen_lines

HEARD = (FilterBar.Changed, FilterBar.Submitted, FilterBar.Closed)


def told(messages: list[object]) -> list[tuple[str, str]]:
    return [(type(message).__name__, message.value) for message in messages]  # type: ignore[attr-defined]


async def test_it_is_hidden_until_it_is_opened_and_takes_the_keys_then() -> None:
    bar = FilterBar("/", "part of a name", id="bar")
    async with hosted(bar, *HEARD, size=(60, 5)) as (pilot, host):
        assert not bar.display
        bar.open()
        await pilot.pause()
        assert screen_lines(host)[0].startswith(" / part of a name")
        await pilot.press("a", "b", "enter")
        assert told(host.take()) == [("Changed", "a"), ("Changed", "ab"), ("Submitted", "ab")]
        assert bar.is_open


async def test_escape_closes_it_and_forgets_the_text() -> None:
    bar = FilterBar()
    async with hosted(bar, *HEARD, size=(60, 5)) as (pilot, host):
        bar.open("old")
        await pilot.press("x", "escape")
        assert told(host.take()) == [("Changed", "oldx"), ("Closed", "")]
        assert (bar.value, bar.is_open) == ("", False)
        bar.close()
        await pilot.pause()
        assert host.take() == []


async def test_opening_can_change_prompt_and_placeholder_and_sends_nothing() -> None:
    bar = FilterBar()
    async with hosted(bar, *HEARD, size=(60, 5)) as (pilot, host):
        bar.open("", prompt=":", placeholder="offset")
        await pilot.pause()
        assert screen_lines(host)[0].startswith(" : offset")
        assert host.take() == []


async def test_a_note_stands_at_the_right_and_is_no_markup() -> None:
    bar = FilterBar()
    async with hosted(bar, size=(60, 5)) as (pilot, host):
        bar.open()
        bar.note((("[/x] 6 of 31\x1b[2J", "error"),))
        await pilot.pause()
        assert screen_lines(host)[0].rstrip().endswith("[/x] 6 of 31\\x1b[2J")


async def test_a_problem_stands_below_in_full_and_goes_away() -> None:
    bar = FilterBar()
    async with hosted(bar, size=(40, 6)) as (pilot, host):
        bar.open("x")
        await pilot.pause()
        assert bar.size.height == 1
        bar.complain("no field [/bogus] here. Fields: severity confidence layer\x1b[2J")
        await pilot.pause()
        shown = " ".join(" ".join(line.strip() for line in screen_lines(host)[1:4]).split())
        assert shown == "no field [/bogus] here. Fields: severity confidence layer\\x1b[2J"
        assert bar.size.height == 3
        bar.complain("")
        await pilot.pause()
        assert bar.size.height == 1
        bar.complain("again")
        bar.close()
        bar.open("y")
        await pilot.pause()
        assert bar.size.height == 1
