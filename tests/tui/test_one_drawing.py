"""Drawings are held while a jump is put together, and never for long."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult
from textual.widgets import Static

from forensics.tui.one_drawing import HOLD_SECONDS, hold_drawings


class Words(App[None]):
    """One widget that counts how often it is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0

    def compose(self) -> ComposeResult:
        yield Static("begin")

    def _display(self, screen: object, renderable: object) -> None:
        self.drawn += renderable is not None
        super()._display(screen, renderable)  # type: ignore[arg-type]


async def say(app: Words, steps: int) -> None:
    for step in range(steps):
        app.query_one(Static).update(f"step {step}")
        await asyncio.sleep(0.02)


async def test_nothing_is_drawn_while_drawings_are_held_and_all_of_it_then() -> None:
    app = Words()
    async with app.run_test() as pilot:
        await pilot.pause(0.05)
        before = app.drawn
        hold_drawings(app)
        app.query_one(Static).update("one")
        await asyncio.sleep(HOLD_SECONDS / 2)
        app.query_one(Static).update("two")
        assert app.drawn == before
        await pilot.pause(HOLD_SECONDS * 4)
        assert app.drawn > before


async def test_a_key_that_is_held_down_is_seen_to_move_things() -> None:
    app = Words()
    async with app.run_test() as pilot:
        await pilot.pause(0.05)
        before = app.drawn
        for _ in range(20):
            hold_drawings(app)
            await say(app, 1)
        assert app.drawn - before > 4
