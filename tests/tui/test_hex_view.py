"""The hex view against the output of other programs, its marks, its search, and files of many gigabytes."""

from __future__ import annotations

import threading

import pytest

from forensics.tui.widgets import HexView, Highlight, ReadableBytes, in_memory
from tests.widget_host import hosted, lines_of, quickest, until

GIB = 1 << 30
DATA = bytes(range(256)) * 4


def columns(line: str, length: int = 16) -> tuple[int, bytes, str]:
    """(offset, bytes, characters) as a line of the view says them."""
    digits, _, rest = line.partition(" ")
    numbers, _, characters = rest.partition("│")
    for bracket in "[]|":
        numbers = numbers.replace(bracket, " ")
    return int(digits, 16), bytes.fromhex(numbers), characters.rpartition("│")[0]


@pytest.mark.parametrize(
    ("width", "length"), [(78, 16), (100, 16), (77, 8), (55, 8), (46, 8), (45, 4), (30, 4)]
)
async def test_every_byte_stands_at_its_offset_at_every_width(width: int, length: int) -> None:
    view = HexView(in_memory(DATA))
    async with hosted(view, size=(width, 12)) as (_, __):
        assert view.row_length == length
        for number, line in enumerate(lines_of(view)[1:]):
            offset, content, characters = columns(line)
            assert offset == number * length
            assert content == DATA[offset : offset + length]
            assert characters == "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in content)


async def test_the_header_numbers_the_columns_above_their_bytes() -> None:
    view = HexView(in_memory(DATA))
    async with hosted(view, size=(80, 8)) as (_, __):
        header, first, *_rest = lines_of(view)
        assert header.split() == [f"{column:02x}" for column in range(16)]
        assert [header.index(f" {column:02x}") for column in range(16)] == [
            first.index(f" {column:02x}", 8) for column in range(16)
        ]


async def test_a_last_row_that_is_not_full_and_a_file_of_no_bytes() -> None:
    view = HexView(in_memory(b"abc"))
    async with hosted(view, size=(80, 5)) as (pilot, _):
        assert columns(lines_of(view)[1])[1:] == (b"abc", "abc")
        await pilot.press("G", "l", "j")
        assert view.cursor_offset == 2
    empty = HexView(in_memory(b""))
    async with hosted(empty, HexView.Moved, size=(80, 5)) as (pilot, _):
        await pilot.press("j", "l", "G", "g", "h", "n", "y", "v")
        assert empty.cursor_offset == 0
        assert lines_of(empty)[1:] == ["", "", "", ""]


async def test_bytes_that_are_not_there_are_shown_as_missing() -> None:
    view = HexView(ReadableBytes(32, lambda offset, length: b"abcd"[offset : offset + length]))
    async with hosted(view, size=(80, 5)) as (_, __):
        assert lines_of(view)[1].split("│")[0].split()[1:] == ["61", "62", "63", "64", *["--"] * 12]

    def broken(offset: int, length: int) -> bytes:
        raise OSError("gone")

    view = HexView(ReadableBytes(16, broken))
    async with hosted(view, size=(80, 5)) as (_, __):
        assert lines_of(view)[1].count("--") == 16


async def test_marked_bytes_stand_in_brackets_also_across_rows_and_side_by_side() -> None:
    marks = [Highlight(1, 3, "magic"), Highlight(4, 2), Highlight(14, 4), Highlight(40, 8)]
    view = HexView(in_memory(DATA), marks)
    async with hosted(view, size=(80, 6)) as (_, __):
        first, second, third = lines_of(view)[1:4]
        assert " 00[01 02 03|04 05]06 07" in first
        assert "0d[0e 0f │" in first
        assert second.startswith("00000010  10 11]12")
        assert "[28 29 2a 2b 2c 2d 2e 2f]│" in third


async def test_marked_bytes_are_underlined() -> None:
    view = HexView(in_memory(DATA), [Highlight(1, 3)])
    async with hosted(view, size=(80, 6)) as (_, __):
        underlined = [
            segment.text for segment in view.render_line(1) if segment.style and segment.style.underline
        ]
        assert underlined == ["01", "02", "03", "·", "·", "·"]


async def test_the_cursor_goes_byte_by_byte_row_by_row_and_stays_inside() -> None:
    view = HexView(in_memory(DATA))
    async with hosted(view, HexView.Moved, size=(80, 12)) as (pilot, host):
        await pilot.press("l", "right", "j", "down", "h", "k")
        assert [message.offset for message in host.take()] == [1, 2, 18, 34, 33, 17]
        await pilot.press("G")
        assert view.cursor_offset == len(DATA) - 1
        await pilot.press("l", "j")
        assert view.cursor_offset == len(DATA) - 1
        await pilot.press("g", "h", "k")
        assert view.cursor_offset == 0
        await pilot.press("pagedown")
        assert view.cursor_offset == 11 * 16


async def test_a_new_width_keeps_the_cursor_on_its_byte() -> None:
    view = HexView(in_memory(DATA))
    async with hosted(view, size=(80, 12)) as (pilot, _):
        view.jump(0x123)
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert (view.row_length, view.cursor_offset) == (8, 0x123)
        assert any(line.startswith("00000120") for line in lines_of(view))


async def test_a_click_on_digits_or_characters_puts_the_cursor_there() -> None:
    view = HexView(in_memory(DATA))
    async with hosted(view, size=(80, 12)) as (pilot, _):
        line = lines_of(view)[2]
        await pilot.click(view, offset=(line.index("15", 9), 2))
        assert view.cursor_offset == 0x15
        await pilot.click(view, offset=(line.index("1b", 9) + 1, 2))
        assert view.cursor_offset == 0x1B
        await pilot.click(view, offset=(lines_of(view)[3].index("│") + 1 + 7, 3))
        assert view.cursor_offset == 0x27


async def test_n_goes_through_the_marks_and_round() -> None:
    view = HexView(in_memory(DATA), [Highlight(700, 4), Highlight(20, 2), Highlight(300, 1)])
    async with hosted(view, size=(80, 12)) as (pilot, _):
        seen = []
        for key in ("n", "n", "n", "n", "N", "N"):
            await pilot.press(key)
            seen.append(view.cursor_offset)
        assert seen == [20, 300, 700, 20, 700, 300]


async def test_a_jump_shows_the_bytes_in_the_middle_and_marks_them() -> None:
    view = HexView(in_memory(bytes(100_000) + b"needle" + bytes(100_000)))
    async with hosted(view, size=(80, 21)) as (pilot, _):
        view.jump(100_000, 6)
        await pilot.pause()
        lines = lines_of(view)
        rows = [number for number, line in enumerate(lines) if "[6e 65 65 64 6c 65]" in line]
        assert rows == [11]


async def test_a_jump_before_the_first_drawing_is_made_when_there_is_a_screen() -> None:
    view = HexView(in_memory(bytes(100_000)))
    view.jump(50_000)
    async with hosted(view, size=(80, 21)) as (_, __):
        assert lines_of(view)[11].startswith(f"{50_000 // 16 * 16:08x}")


async def test_a_search_finds_the_next_the_previous_and_goes_round() -> None:
    view = HexView(in_memory(b"..needle....NEEDLE......needle.."))
    async with hosted(view, HexView.SearchEnded) as (pilot, host):

        async def ended() -> int | None:
            await until(lambda: bool(host.heard), pilot)
            (message,) = host.take()
            return message.hit.offset if message.hit else None

        view.find((b"needle",))
        assert await ended() == 2
        await pilot.press("n")
        assert await ended() == 24
        await pilot.press("n")
        assert await ended() == 2
        await pilot.press("N")
        assert await ended() == 24
        view.find((b"needle",), backwards=True, ignore_case=True)
        assert await ended() == 12
        view.find((b"nothing",))
        assert await ended() is None
        assert view.cursor_offset == 12


async def test_ending_the_search_gives_n_back_to_the_marks() -> None:
    view = HexView(in_memory(DATA), [Highlight(77, 1)])
    async with hosted(view, HexView.SearchEnded) as (pilot, host):
        view.find((b"\x05\x06",))
        await until(lambda: bool(host.heard), pilot)
        view.find(())
        await pilot.press("n")
        assert view.cursor_offset == 77


async def test_a_selection_is_copied_as_hex_digits_and_nothing_else() -> None:
    view = HexView(in_memory(b"\x1b]52;c;evil\x07"))
    async with hosted(view, HexView.Copied) as (pilot, host):
        await pilot.press("v", "l", "l", "y")
        assert host.clipboards == ["1b 5d 35"]
        assert [message.count for message in host.take()] == [3]
        await pilot.press("escape", "y")
        assert host.clipboards[-1] == "35"


async def test_escape_is_left_to_others_while_nothing_is_selected() -> None:
    view = HexView(in_memory(DATA))
    async with hosted(view) as (pilot, _):
        assert view.check_action("unselect", ()) is False
        await pilot.press("v")
        assert view.check_action("unselect", ()) is True


async def test_a_file_of_sixty_gigabytes_is_read_only_where_it_is_looked_at() -> None:
    reads: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        reads.append((offset, length))
        return bytes(length)

    view = HexView(ReadableBytes(60 * GIB, read))
    async with hosted(view, size=(90, 50)) as (pilot, _):
        await pilot.press("G")
        assert view.cursor_offset == 60 * GIB - 1
        assert lines_of(view)[-1].startswith(f"{60 * GIB - 16:09x} ")
        view.jump(59 * GIB + 5)
        await pilot.pause()
        assert f"{59 * GIB:09x}" in "\n".join(lines_of(view))
        assert sum(length for _, length in reads) < 1 << 20
        assert quickest(lambda: lines_of(view)) < 0.1
        assert quickest(view.action_cursor_down) < 0.1


async def test_a_long_search_can_be_given_up_and_the_screen_stays_usable() -> None:
    started = threading.Event()

    def read(offset: int, length: int) -> bytes:
        started.set()
        return bytes(min(length, 1 << 16))

    view = HexView(ReadableBytes(1000 * GIB, read))
    async with hosted(view, HexView.SearchEnded, HexView.Searching) as (pilot, host):
        view.find((b"never",))
        await until(started.is_set, pilot)
        await pilot.press("j", "l")
        assert view.cursor_offset == 17
        await until(lambda: any(isinstance(message, HexView.Searching) for message in host.heard), pilot)
        view.cancel_find()
        await until(lambda: not [worker for worker in view.workers if worker.is_running], pilot)
        assert not [message for message in host.take() if isinstance(message, HexView.SearchEnded)]
