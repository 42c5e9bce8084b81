"""Whole screens as text, line by line, against the ones that were looked at and found good.

`FORENSICS_REDRAW=1` writes them anew; look at the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forensics.model.files import FileState
from forensics.model.findings import Severity
from forensics.pipeline.events import ImageOpened
from forensics.tui.app import ForensicsApp
from forensics.tui.findings_book import FindingsBook
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.progress import ProgressScreen
from forensics.tui.store import Topic
from forensics.tui.widgets import HexView
from tests.report_records import make_finding
from tests.tui.conftest import Open, Program
from tests.tui.key_clock import KeyClock
from tests.tui.story_image import MINER
from tests.widget_host import screen_lines

FOLDER = Path(__file__).parent / "drawn_screens"


def compare(app: ForensicsApp, name: str) -> None:
    """The screen is drawn as it was."""
    drawn = "\n".join(line.rstrip() for line in screen_lines(app)) + "\n"
    path = FOLDER / f"{name}.txt"
    if os.environ.get("FORENSICS_REDRAW"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


FINDINGS = (
    make_finding("miner/xmrig-program", layer=2, path=MINER, changed_by_layer=3),
    make_finding("names/reversed-text", layer=2, path="/tmp/a\\u202egnp.exe", severity=Severity.HIGH),
    make_finding(
        "start/hidden-side-process",
        layer=1,
        path="/app/run.sh",
        severity=Severity.HIGH,
        state=FileState.VISIBLE,
        changed_by_layer=None,
        title="The start script also starts something from a hidden place",
    ),
    make_finding(
        "config/labels",
        layer=None,
        path=None,
        severity=Severity.LOW,
        state=None,
        changed_by_layer=None,
        title="A label of the image holds characters that a terminal obeys",
    ),
)
"""Findings of these tests' own: what the detectors say of the image may change any day."""


async def with_own_findings(program: Program) -> None:
    """Put them in the place of what was found."""
    program.store.findings = FindingsBook()
    program.store.findings.add(FINDINGS)
    program.store.report = None
    program.screen.store_changed(frozenset(Topic))
    await program.settled()


async def at_rest(program: Program) -> None:
    """Wait until everything is drawn, previews and listings too."""
    await program.settled()
    await program.pilot.pause(0.3)
    await KeyClock(program.app, lambda: "").calm()


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_the_bytes_of_the_miner(open_story: Open, size: tuple[int, int]) -> None:
    async with open_story(size=size) as program:
        await with_own_findings(program)
        await program.press("f", *"kworker", "enter")
        detail = program.screen.workspace.detail_pane
        await program.until(lambda: detail.version and detail.version.path == MINER)
        await program.press("H", "colon", *"0x10", "enter")
        await program.until(lambda: detail.query(HexView) and detail.byte_offset == 0x10)
        await at_rest(program)
        compare(program.app, f"analysis-{size[0]}x{size[1]}")


async def test_the_layers_of_a_narrow_screen(open_story: Open) -> None:
    async with open_story(size=(80, 24)) as program:
        await with_own_findings(program)
        await program.press("j", "j", "j")
        await at_rest(program)
        compare(program.app, "layers-80x24")


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_the_findings(open_story: Open, size: tuple[int, int]) -> None:
    async with open_story(size=size) as program:
        await with_own_findings(program)
        await program.press("3", "j")
        await at_rest(program)
        compare(program.app, f"findings-{size[0]}x{size[1]}")


async def test_the_progress(open_story: Open) -> None:
    async with open_story(size=(80, 24), hold=ImageOpened) as program:
        await program.until(lambda: isinstance(program.app.screen, ProgressScreen))
        program.store.reference = "lookalike.tar"  # not where this test has put it
        program.app.push_screen(ProgressScreen(program.store))
        await program.until(lambda: program.app.screen.is_mounted)
        await program.pilot.pause(0.3)
        compare(program.app, "progress-80x24")


async def test_the_keys(open_story: Open) -> None:
    async with open_story(size=(120, 40)) as program:
        await program.press("question_mark")
        await program.until(lambda: not isinstance(program.app.screen, AnalysisScreen))
        await program.pilot.pause(0.3)
        compare(program.app, "keys-120x40")
