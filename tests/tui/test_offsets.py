"""Going to an offset: what is no number, and what lies behind the end, is said in words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.tui.offsets import parse_offset
from forensics.tui.panes.detail import DetailPane
from forensics.tui.widgets import FilterBar, HexView
from tests.tui.conftest import Open, Program
from tests.tui.story_image import MINER
from tests.widget_host import screen_lines


@pytest.mark.parametrize(
    ("text", "offset"),
    [("0", 0), (" 16 ", 16), ("0x10", 16), ("0XfF", 255), ("010", 10), ("1,000", 1000), ("4095", 4095)],
)
def test_an_offset(text: str, offset: int) -> None:
    assert parse_offset(text, 4096) == offset


@pytest.mark.parametrize(
    "text", ["zzz", "", "-1", "0x", "1e3", "0b1", "1.5", "٣", "9" * 5000, "0x" + "f" * 99, ","]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a number: decimal or 0x… hexadecimal$"):
        parse_offset(text, 4096)


def test_behind_the_end() -> None:
    with pytest.raises(ValueError, match=r"^the file ends at 0x1000 \(4,096\): its last byte is at 0xfff$"):
        parse_offset("4096", 4096)
    with pytest.raises(ValueError, match=r"^the file is empty$"):
        parse_offset("0", 0)


@given(st.text(max_size=40), st.integers(0, 1 << 40))
def test_no_text_leads_outside(text: str, size: int) -> None:
    with suppress(ValueError):
        assert 0 <= parse_offset(text, size) < size


async def hex_of_miner(program: Program) -> DetailPane:
    """The bytes of the miner."""
    detail = program.screen.workspace.detail_pane
    await program.press("f", *"kworker", "enter")
    await program.until(lambda: detail.version and detail.version.path == MINER)
    await program.press("H")
    await program.until(lambda: detail.query(HexView) and detail.byte_offset is not None)
    return detail


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_wrong_offset_is_told_in_full_and_moves_nothing(
    open_story: Open, size: tuple[int, int]
) -> None:
    async with open_story(size=size) as program:
        detail = await hex_of_miner(program)
        await program.press("colon", *"0x20", "enter")
        await program.until(lambda: detail.byte_offset == 0x20)
        assert detail.version is not None
        count = detail.version.entry.size
        for typed, said in (
            ("zzz", "not a number: decimal or 0x… hexadecimal"),
            ("999999999", f"({count:,})"),
        ):
            await program.press("colon", *typed, "enter")
            await program.until(lambda said=said: any(said in line for line in screen_lines(program.app)))  # type: ignore[misc]
            assert detail.byte_offset == 0x20
            bar = detail.query_one("#detail-bar", FilterBar)
            assert bar.has_focus_within, "the person is to change it"
            await program.press("backspace")
            await program.until(lambda bar=bar: not bar.complaint)  # type: ignore[misc]
            await program.press("escape")


async def test_no_offset_at_all_closes_the_line(open_story: Open) -> None:
    async with open_story() as program:
        detail = await hex_of_miner(program)
        await program.press("colon", "enter")
        await program.until(lambda: not detail.query_one("#detail-bar", FilterBar).is_open)
