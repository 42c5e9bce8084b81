"""The sheet of facts: wrapping, copying, and lines that lead somewhere."""

from __future__ import annotations

from rich.cells import cell_len

from forensics.tui.widgets import Blank, Fact, Heading, KeyValues, Paragraph
from forensics.tui.widgets.facts import LINES, wrap
from tests.widget_host import hosted, lines_of, quickest

ITEMS = (
    Heading("What it is"),
    Fact("size", "12 bytes", copy="12"),
    Blank(),
    Paragraph("one two three four five six seven eight nine ten eleven twelve", indent=2),
    Paragraph("stratum+tcp://pool.invalid:3333", payload="there"),
)


def joined(lines: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_text_is_broken_at_spaces_and_words_that_do_not_fit_are_cut() -> None:
    assert joined(wrap("one two three", 8)) == ["one two ", "three"]
    assert joined(wrap("abcdefghij k", 4)) == ["abcd", "efgh", "ij k"]
    assert joined(wrap("", 10)) == [""]
    assert joined(wrap("a\nb\n", 10)) == ["a", "b", ""]
    assert joined(wrap((("a ", "strong"), "\x1b[2Jb"), 20)) == ["a \\x1b[2Jb"]


def test_no_line_is_wider_than_it_may_be_whatever_the_text() -> None:
    for text in ("漢字" * 40, "a" * 100, "ab " * 50, " " * 50, "x\u0301" * 60):
        for width in (4, 5, 13, 40):
            assert all(cell_len(line) <= width for line in joined(wrap(text, width)))
            assert "".join(joined(wrap(text, width))).replace(" ", "") == text.replace(" ", "")


def test_a_text_without_end_is_cut_and_says_so() -> None:
    lines = joined(wrap("word " * 100_000, 10))
    assert (len(lines), lines[-1]) == (LINES + 1, "… cut here")


async def test_labels_stand_in_one_column_and_values_are_wrapped_in_theirs() -> None:
    sheet = KeyValues([Fact("a long label", "x " * 30), Fact("b", "y")])
    async with hosted(sheet, size=(41, 10)) as (_, __):
        lines = lines_of(sheet)
        assert lines[0] == "a long label x x x x x x x x x x x x x x"
        assert lines[1].startswith(" " * 13 + "x x")
        assert lines[3] == "b            y"


async def test_enter_leads_where_a_line_leads_and_nowhere_else() -> None:
    sheet = KeyValues(ITEMS)
    async with hosted(sheet, KeyValues.Activated, size=(40, 12)) as (pilot, host):
        await pilot.press("enter", "G", "enter")
        assert [message.payload for message in host.take()] == ["there"]
        assert lines_of(sheet)[sheet.cursor].startswith("→ stratum")


async def test_a_value_is_copied_whole_even_where_it_is_wrapped() -> None:
    sheet = KeyValues([*ITEMS, Fact("evil", "\x1b]52;c;x\x07")])
    async with hosted(sheet, KeyValues.Copied, size=(30, 20)) as (pilot, host):
        await pilot.press("j", "y")
        assert host.clipboards.pop() == "12"
        await pilot.press("j", "j", "j", "y")
        assert host.clipboards.pop() == ITEMS[3].text
        await pilot.press("G", "y")
        assert host.clipboards.pop() == "\\x1b]52;c;x\\x07"


async def test_a_new_width_wraps_again_and_the_cursor_stays_on_its_item() -> None:
    sheet = KeyValues(ITEMS)
    async with hosted(sheet, size=(20, 20)) as (pilot, _):
        await pilot.press("G")
        rows = sheet.row_count
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        assert sheet.row_count < rows
        assert sheet.cursor_item == ITEMS[-1]


async def test_other_items_take_the_place_of_the_old_ones() -> None:
    sheet = KeyValues(ITEMS)
    async with hosted(sheet, size=(40, 12)) as (pilot, _):
        await pilot.press("G")
        sheet.set_items([Fact("only", "this")])
        await pilot.pause()
        assert lines_of(sheet)[0] == "only         this"
        assert sheet.cursor_item == Fact("only", "this")
        sheet.set_items([])
        await pilot.press("j", "enter", "y")
        assert sheet.cursor_item is None


async def test_a_sheet_of_ten_thousand_lines_is_drawn_in_time() -> None:
    sheet = KeyValues([Fact(f"fact {number}", "value " * 12) for number in range(3000)])
    async with hosted(sheet, size=(60, 50)) as (_, __):
        assert sheet.row_count >= 6000
        assert quickest(lambda: lines_of(sheet)) < 0.1
        assert quickest(sheet.action_cursor_last) < 0.1
