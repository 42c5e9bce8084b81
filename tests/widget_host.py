"""An application that shows one widget and keeps the messages it sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from forensics.tui.widgets._rows import BAR_CELLS, Rows


class Host(App[None]):
    """Shows `widget`; `heard` holds the messages of the kinds in `listen` that came up to it."""

    def __init__(self, widget: Widget, listen: tuple[type[Message], ...] = ()) -> None:
        super().__init__()
        self.widget = widget
        self.listen = listen
        self.heard: list[Message] = []
        self.clipboards: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, self.listen):
            self.heard.append(message)
        await super()._on_message(message)

    def copy_to_clipboard(self, text: str) -> None:
        self.clipboards.append(text)

    def take(self) -> list[Message]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard


@asynccontextmanager
async def hosted(
    widget: Widget, *listen: type[Message], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[None], Host]]:
    """The widget on a screen of `size`, with the keys."""
    host = Host(widget, listen)
    async with host.run_test(size=size) as pilot:
        if widget.focusable:
            widget.focus()
        elif host.focused is None:
            host.screen.focus_next()
        await pilot.pause()
        yield pilot, host


def lines_of(widget: Widget) -> list[str]:
    """The text of every line of a widget drawn line by line, without its scroll bar."""
    end = -BAR_CELLS if isinstance(widget, Rows) else None
    return [widget.render_line(y).text[:end].rstrip() for y in range(widget.size.height)]


def screen_lines(host: App[None]) -> list[str]:
    """The text of every line of the whole screen, as it goes to the terminal."""
    return [strip.text for strip in host.screen._compositor.render_strips()]


async def until(condition: Callable[[], bool], pilot: Pilot[None], seconds: float = 20.0) -> None:
    """Wait for something that a thread brings about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)
    await pilot.pause()


def quickest(work: Callable[[], object], times: int = 5) -> float:
    """The least processor seconds that `work` took: other programs on the machine do not count."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best
