"""Makes `analysis.svg`, the picture in the readme: the real screen over a built-in training image."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from forensics.pipeline import Options
from forensics.samples import build, recipe_of
from forensics.tui.app import ForensicsApp


async def _take(folder: Path) -> None:
    archive = build(recipe_of("kworker-miner"), folder)
    os.chdir(folder)
    app = ForensicsApp(archive.name, Options(cache=False), None)
    async with app.run_test(size=(150, 42)) as pilot:
        for _ in range(200):
            await pilot.pause(0.1)
            if app.store is not None and app.store.report is not None:
                break
        await pilot.pause(1)
        for key in ("n", "n", "H"):
            await pilot.press(key)
            await pilot.pause(1)
        app.save_screenshot(str(Path(__file__).with_name("analysis.svg")))


def main() -> None:
    """Build the image in a folder of its own and photograph the screen."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FORENSICS_STATE_DIR"] = folder
        asyncio.run(_take(Path(folder)))


if __name__ == "__main__":
    main()
