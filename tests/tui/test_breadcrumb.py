"""The breadcrumb: where one is, and back by a click."""

from __future__ import annotations

from forensics.tui.widgets import Breadcrumb
from tests.widget_host import hosted, lines_of

STEPS = ("Layers", "layer 5", "/usr/lib/.x/kworker", "Hex")


async def test_steps_stand_in_order_and_a_click_names_the_step() -> None:
    crumbs = Breadcrumb(STEPS)
    async with hosted(crumbs, Breadcrumb.Selected, size=(60, 3)) as (pilot, host):
        line = lines_of(crumbs)[0]
        assert line == "Layers › layer 5 › /usr/lib/.x/kworker › Hex"
        for step in (0, 1, 2):
            await pilot.click(crumbs, offset=(line.index(STEPS[step]), 0))
        assert [message.index for message in host.take()] == [0, 1, 2]
        await pilot.click(crumbs, offset=(line.index("›"), 0))
        assert host.take() == []


async def test_the_first_steps_give_way_when_the_line_is_short() -> None:
    crumbs = Breadcrumb(STEPS)
    async with hosted(crumbs, Breadcrumb.Selected, size=(33, 3)) as (pilot, host):
        assert lines_of(crumbs)[0] == "… › /usr/lib/.x/kworker › Hex"
        await pilot.click(crumbs, offset=(0, 0))
        assert [message.index for message in host.take()] == [1]
        crumbs.set_steps(["x" * 50])
        await pilot.pause()
        assert lines_of(crumbs)[0] == "x" * 32 + "…"


async def test_no_steps_are_an_empty_line_and_hostile_ones_are_printable() -> None:
    crumbs = Breadcrumb()
    async with hosted(crumbs, size=(40, 3)) as (_, __):
        assert lines_of(crumbs)[0] == ""
        crumbs.set_steps(["[/foo]\x1b[2J\u202e"])
        assert lines_of(crumbs)[0] == "[/foo]\\x1b[2J\\u202e"
