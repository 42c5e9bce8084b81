"""Makes `analysis.png`, the picture in the readme: the real screen over a built-in training image.

Needs `rsvg-convert` (Debian: librsvg2-bin) and a monospaced font with box-drawing characters.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path

from forensics.pipeline import Options
from forensics.samples import build, recipe_of
from forensics.tui.app import ForensicsApp
from forensics.tui.screens.analysis import AnalysisScreen

PICTURE = Path(__file__).with_name("analysis.png")
SIZE = (156, 42)
PIXELS = 1500


async def _take(folder: Path) -> Path:
    """The screen with a miner's first match in hex, as SVG."""
    archive = build(recipe_of("kworker-miner"), folder)
    os.chdir(folder)
    app = ForensicsApp(archive.name, Options(cache=False), None)
    async with app.run_test(size=SIZE) as pilot:
        while app.store is None or app.store.report is None or app.store.files is None:
            await pilot.pause(0.1)
        screen = app.screen
        if not isinstance(screen, AnalysisScreen):
            raise SystemExit("the analysis is not on the screen")
        detail = screen.workspace.detail_pane
        await pilot.pause(0.5)
        for _ in app.store.findings.ordered:
            await pilot.press("n")
            await pilot.pause(0.3)
            if detail.version is not None and detail.version.path.endswith("kworker"):
                break
        await pilot.press("H")
        while not detail.byte_offset:
            await pilot.pause(0.1)
        await pilot.pause(0.5)
        drawing = folder / "analysis.svg"
        # Without the attribute the spaces at the ends of a text are left out of the drawing.
        drawing.write_text(app.export_screenshot().replace("<svg ", '<svg xml:space="preserve" ', 1))
        return drawing


def main() -> None:
    """Build the image in a folder of its own, photograph the screen, and draw the photograph."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FORENSICS_STATE_DIR"] = name
        drawing = asyncio.run(_take(folder))
        command = ["rsvg-convert", "--width", str(PIXELS), "--output", str(PICTURE), str(drawing)]
        subprocess.run(command, check=True)  # noqa: S603 - a fixed program and paths of our own


if __name__ == "__main__":
    main()
