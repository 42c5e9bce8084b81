"""The virtual table: widths, header, order, cursor, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from unittest import mock

import pytest
from textual import events
from textual.geometry import Region

from forensics.tui.widgets import Column, Styled, VirtualTable
from tests.widget_host import hosted, lines_of, quickest

COLUMNS = (
    Column("severity", 10),
    Column("rule", 20, min_width=8, flexible=True, importance=-1),
    Column("layer", 5, "right"),
    Column("path", 40, min_width=12, flexible=True, importance=1),
)


class Rows:
    """Rows that are made when they are asked for; remembers which were."""

    def __init__(self, count: int, path: str = "/usr/bin/thing") -> None:
        self.total = count
        self.path = path
        self.asked: set[int] = set()

    def count(self) -> int:
        return self.total

    def row(self, index: int) -> Sequence[Styled]:
        self.asked.add(index)
        return ((("! high", "high"),), "ownership/unowned", str(index), self.path)


@pytest.mark.parametrize("width", [24, 30, 47, 60, 80, 133, 200])
def test_the_columns_fill_the_width_exactly_and_none_is_below_its_least(width: int) -> None:
    widths = VirtualTable(Rows(0), COLUMNS).widths(width)
    shown = [cells for cells in widths if cells]
    assert sum(shown) + len(shown) - 1 == width
    for column, cells in zip(COLUMNS, widths, strict=True):
        assert cells == 0 or cells >= (column.min_width if column.flexible else column.width)


def test_flexible_columns_share_in_proportion_to_their_widths() -> None:
    table = VirtualTable(Rows(0), (Column("a", 10, flexible=True), Column("b", 30, flexible=True)))
    small, large = table.widths(129)
    assert small + large == 128
    assert (small - 4) * 3 == large - 4


def test_the_least_important_column_goes_first_when_there_is_no_room() -> None:
    assert VirtualTable(Rows(0), COLUMNS).widths(35)[1] == 0


async def test_only_the_rows_on_the_screen_are_asked_for() -> None:
    model = Rows(1_000_000)
    table = VirtualTable(model, COLUMNS)
    async with hosted(table, size=(80, 24)) as (pilot, _):
        await pilot.press("end")
        assert max(model.asked) == 999_999
        assert len(model.asked) <= 2 * 24


async def test_the_header_stays_and_columns_are_aligned() -> None:
    table = VirtualTable(Rows(100), COLUMNS)
    async with hosted(table, size=(80, 10)) as (pilot, _):
        await pilot.press("end")
        header, *rows = lines_of(table)
        assert header.index("path") == rows[0].index("/usr")
        assert header.index("layer") + len("layer") == rows[0].index("91") + 2
        assert rows[-1].split()[3] == "99"


async def test_keys_move_and_tell_once_for_every_row() -> None:
    table = VirtualTable(Rows(3), COLUMNS)
    async with hosted(table, VirtualTable.Highlighted, VirtualTable.Opened) as (pilot, host):
        await pilot.press("j", "down", "down", "k", "g", "G", "enter")
        told = [(type(message).__name__, message.index) for message in host.take()]
        assert told == [
            ("Highlighted", 1),
            ("Highlighted", 2),
            ("Highlighted", 1),
            ("Highlighted", 0),
            ("Highlighted", 2),
            ("Opened", 2),
        ]


async def test_an_empty_table_takes_every_key_and_tells_nothing() -> None:
    table = VirtualTable(Rows(0), COLUMNS)
    async with hosted(table, VirtualTable.Highlighted, VirtualTable.Opened) as (pilot, host):
        await pilot.press("j", "k", "g", "G", "pagedown", "left", "right", "enter")
        assert host.take() == []
        assert table.cursor == 0


async def test_a_click_on_a_title_names_its_column_and_the_order_is_shown() -> None:
    table = VirtualTable(Rows(3), COLUMNS)
    async with hosted(table, VirtualTable.HeaderClicked, size=(90, 10)) as (pilot, host):
        start = lines_of(table)[0].index("path")
        await pilot.click(table, offset=(start, 0))
        assert [message.column for message in host.take()] == [3]
        table.set_sort(3, descending=True)
        assert "path▾" in lines_of(table)[0]
        table.set_sort(3)
        assert "path▴" in lines_of(table)[0]
        table.set_sort(None)
        assert lines_of(table)[0].endswith("path")


async def test_a_click_chooses_a_row_and_a_second_one_opens_it() -> None:
    table = VirtualTable(Rows(9), COLUMNS)
    async with hosted(table, VirtualTable.Highlighted, VirtualTable.Opened) as (pilot, host):
        await pilot.click(table, offset=(5, 4))
        assert [message.index for message in host.take()] == [3]
        await pilot.click(table, offset=(5, 6), times=2)
        assert [(type(message).__name__, message.index) for message in host.take()] == [
            ("Highlighted", 5),
            ("Opened", 5),
        ]


async def test_a_long_last_column_scrolls_to_its_end_and_no_further() -> None:
    path = "/" + "/".join(f"part{number:02}" for number in range(20))
    table = VirtualTable(Rows(3, path), COLUMNS)
    async with hosted(table, size=(80, 10)) as (pilot, _):
        assert lines_of(table)[1].endswith("…")
        for _ in range(40):
            await pilot.press("right")
        shown = lines_of(table)[1]
        assert shown.endswith("part18/part19")
        assert "…" in shown
        for _ in range(40):
            await pilot.press("h")
        assert "/part00/part01" in lines_of(table)[1]


async def test_a_shorter_model_takes_the_cursor_along() -> None:
    table = VirtualTable(Rows(100), COLUMNS)
    async with hosted(table, VirtualTable.Highlighted) as (pilot, host):
        await pilot.press("end")
        host.take()
        table.refresh_model(Rows(5))
        await pilot.pause()
        assert table.cursor == 4
        table.refresh_model(cursor=2)
        await pilot.pause()
        assert [message.index for message in host.take()] == [2]


async def test_a_million_rows_are_painted_and_every_key_answered_within_a_tenth_of_a_second() -> None:
    table = VirtualTable(Rows(1_000_000), COLUMNS)
    async with hosted(table, size=(200, 60)) as (_, __):
        took = {
            "paint": quickest(lambda: lines_of(table)),
            "down": quickest(table.action_cursor_down),
            "end": quickest(table.action_cursor_last),
            "page": quickest(table.action_page_up),
            "right": quickest(table.action_cursor_right),
            "refresh": quickest(table.refresh_model),
        }
        assert {name: seconds for name, seconds in took.items() if seconds > 0.1} == {}


class Lines:
    """Rows that are there."""

    def __init__(self, *rows: tuple[str, ...]) -> None:
        self.rows = rows

    def count(self) -> int:
        return len(self.rows)

    def row(self, index: int) -> Sequence[Styled]:
        return self.rows[index]


FITTED = (
    Column("rule", 20, min_width=6, flexible=True, fitted=True),
    Column("path", 20, min_width=6, flexible=True, fitted=True, cut="start"),
    Column("state", 17, fitted=True),
)


def test_a_fitted_column_leaves_the_others_what_it_does_not_need() -> None:
    table = VirtualTable(Lines(("short", "/usr/lib/x86_64-linux-gnu/libthing.so.1", "visible")), FITTED)
    assert table.widths(60) == (5, 46, 7), "the rest goes to the last flexible one"
    assert table.widths(40) == (5, 26, 7)
    assert table.widths(22) == (5, 8, 7)
    long = VirtualTable(Lines(("a/rule-with-a-long-name", "/etc/x", "overwritten by 12")), FITTED)
    assert long.widths(60) == (23, 18, 17)
    assert long.widths(40) == (15, 6, 17)


def test_a_fitted_column_without_rows_keeps_its_width() -> None:
    assert VirtualTable(Lines(), FITTED).widths(60)[2] == 17


async def test_columns_are_fitted_again_when_the_rows_change() -> None:
    table = VirtualTable(Lines(("a", "b", "visible")), FITTED)
    async with hosted(table, size=(60, 5)) as (pilot, _):
        assert table.widths(40)[2] == 7
        table.refresh_model(Lines(("a", "b", "deleted by 3")))
        await pilot.pause()
        assert table.widths(40)[2] == 12


async def test_a_path_that_is_too_long_keeps_its_end() -> None:
    table = VirtualTable(Lines(("rule", "/usr/lib/x86_64-linux-gnu/libthing.so.1", "visible")), FITTED)
    async with hosted(table, size=(33, 5)) as (_, __):
        row = lines_of(table)[1]
        assert "libthing.so.1 visible" in row
        assert "…" in row
        assert "/usr" not in row


def bars(table: VirtualTable) -> str:
    """The column of the scroll bar, without the header's line."""
    return "".join(table.render_line(y).text[-1] for y in range(1, table.size.height))


async def test_the_scroll_bar_shows_where_one_is() -> None:
    table = VirtualTable(Rows(40), COLUMNS)
    async with hosted(table, size=(80, 11)) as (pilot, _):
        assert bars(table) == "▐▐        "
        await pilot.press("end")
        assert bars(table) == "        ▐▐"
        table.refresh_model(Rows(10), cursor=0)
        await pilot.pause()
        assert bars(table) == " " * 10, "all rows are on the screen"
        assert table.scroll_offset.y == 0
        table.refresh_model(Rows(1_000_000))
        await pilot.pause()
        assert bars(table).count("▐") == 1


async def test_the_scroll_bar_can_be_dragged_and_the_wheel_turned() -> None:
    table = VirtualTable(Rows(110), COLUMNS)
    async with hosted(table, size=(80, 11)) as (pilot, host):
        await pilot.mouse_down(table, offset=(79, 10))
        assert table.scroll_offset.y == 100
        await pilot.hover(table, offset=(79, 1))
        assert table.scroll_offset.y == 0, "dragged to the start"
        await pilot.mouse_up(table, offset=(79, 1))
        assert host.mouse_captured is None
        await pilot.click(table, offset=(79, 6))
        assert 40 < table.scroll_offset.y < 70
        assert table.cursor == 0, "the cursor stays where it was"
        before = table.scroll_offset.y
        table.post_message(wheel(table))
        await pilot.pause()
        assert table.scroll_offset.y == before + 3


def wheel(table: VirtualTable) -> events.MouseScrollDown:
    """One notch towards the end."""
    return events.MouseScrollDown(
        table, x=5, y=5, delta_x=0, delta_y=1, button=0, shift=False, meta=False, ctrl=False
    )


async def test_a_changed_number_of_rows_does_not_lay_the_screen_out_again() -> None:
    table = VirtualTable(Rows(5), COLUMNS)
    async with hosted(table, size=(80, 11)) as (pilot, host):
        with mock.patch.object(host.screen, "_refresh_layout") as laid_out:
            table.refresh_model(Rows(50))
            await pilot.pause(0.1)
            table.refresh_model(Rows(3))
            await pilot.pause(0.1)
        assert not laid_out.called


async def test_a_table_taken_away_between_two_drawings_is_blank() -> None:
    table = VirtualTable(Rows(110), COLUMNS)
    async with hosted(table, size=(80, 11)) as (_, __):
        await table.remove()
        assert [strip.text for strip in table.render_lines(Region(0, 0, 80, 2))] == [" " * 80] * 2


async def test_only_what_changed_is_drawn_again() -> None:
    model = Rows(110)
    table = VirtualTable(model, COLUMNS)
    async with hosted(table, size=(80, 11)) as (pilot, _):
        model.asked.clear()
        await pilot.press("j", "j")
        await pilot.pause(0.1)
        assert model.asked == {0, 1, 2}
        table.refresh()
        await pilot.pause(0.1)
        assert model.asked == set(range(10))
