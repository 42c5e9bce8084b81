"""The list of strings: found in a thread, narrowed by typing, bounded."""

from __future__ import annotations

import random

from forensics.tui.widgets import ReadableBytes, StringsView, in_memory
from tests.widget_host import hosted, lines_of, screen_lines, until

DATA = (
    b"\0\1first string\0\2ab\0\1"
    + "wide string".encode("utf-16-le")
    + b"\xff\xffpool.invalid:3333\0donate-level\x01"
)


async def test_strings_stand_with_offset_width_and_length() -> None:
    view = StringsView(in_memory(DATA))
    async with hosted(view, size=(70, 12)) as (pilot, host):
        await until(lambda: view.ended, pilot)
        rows = [line.split(None, 3) for line in lines_of(view.table)[1:5]]
        assert rows == [
            [f"{DATA.index(b'first'):08x}", "8", "12", "first string"],
            [f"{DATA.index(b'w'):08x}", "16", "22", "wide string"],
            [f"{DATA.index(b'pool'):08x}", "8", "17", "pool.invalid:3333"],
            [f"{DATA.index(b'donate'):08x}", "8", "12", "donate-level"],
        ]
        assert screen_lines(host)[-1].strip() == "4 strings of 6 characters or more"


async def test_typing_narrows_the_list_and_escape_brings_it_back() -> None:
    view = StringsView(in_memory(DATA))
    async with hosted(view, StringsView.Opened, size=(70, 12)) as (pilot, host):
        await until(lambda: view.ended, pilot)
        await pilot.press("slash", *"POOL")
        assert [string.text for string in view.model.shown] == ["pool.invalid:3333"]
        assert screen_lines(host)[-1].strip().startswith("1 of 4 strings")
        await pilot.press("enter", "enter")
        assert [message.string.text for message in host.take()] == ["pool.invalid:3333"]
        await pilot.press("slash", "escape")
        assert view.model.count() == 4


async def test_plus_and_minus_change_the_least_length() -> None:
    view = StringsView(in_memory(b"abcd\0abcdef\0abcdefgh\0"))
    async with hosted(view, size=(70, 12)) as (pilot, _):
        for key, count in (("plus", 1), ("minus", 2), ("minus", 3), ("minus", 3)):
            await pilot.press(key)
            await until(lambda: view.ended, pilot)
            assert view.model.count() == count
        assert view.minimum == 4


async def test_a_string_is_copied() -> None:
    view = StringsView(in_memory(DATA))
    async with hosted(view, size=(70, 12)) as (pilot, host):
        await until(lambda: view.ended, pilot)
        await pilot.press("j", "y")
        assert host.clipboards == ["wide string"]


async def test_no_more_than_the_limit_is_listed_and_the_status_says_how_far_it_came() -> None:
    view = StringsView(in_memory(b"string number\0" * 500), limit=100)
    async with hosted(view, size=(90, 12)) as (pilot, host):
        await until(lambda: view.ended, pilot)
        assert view.model.count() == 100
        assert f"the first 100 are listed, up to offset {99 * 14:#x}" in screen_lines(host)[-1]


async def test_a_hundred_thousand_strings_are_narrowed_while_typing() -> None:
    words = random.Random(7)
    content = b"\0".join(b"string %d %d" % (number, words.randrange(1000)) for number in range(120_000))
    view = StringsView(in_memory(content))
    async with hosted(view, size=(90, 12)) as (pilot, _):
        await until(lambda: view.ended, pilot)
        assert view.model.count() == 100_000
        await pilot.press("slash", *"ing 777")
        assert {string.text[:10] for string in view.model.shown} >= {"string 777"}


async def test_leaving_while_it_looks_through_a_huge_file_takes_no_time() -> None:
    view = StringsView(ReadableBytes(1 << 44, lambda offset, length: bytes(min(length, 1 << 16))))
    async with hosted(view, size=(90, 12)) as (pilot, _):
        await pilot.press("j")
        assert not view.ended
