"""How long the program takes from a key to the last drawing that the key brought about."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from unittest import mock

from rich.console import RenderableType
from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

_CHARACTERS = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "space": " ",
}
_LOOK_SECONDS = 0.001
_CALM_LOOKS = 3
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One key, when it was pressed, where the keys were, and the seconds until it was answered."""

    key: str
    at: float
    where: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.key} at {self.at:.1f} s in {self.where}: {self.seconds * 1000:.0f} ms"


class KeyClock:
    """Presses keys one at a time and measures; a screen without a terminal is drawn all the same.

    A key is answered when nothing it caused is left to do: no message waits, no widget is to be laid out or
    drawn. The time taken is that of the last drawing before, so that looking whether all is calm counts for
    nothing. What the program does later of its own accord (a preview once the cursor rests) is not part of
    the answer, but slows down the answer to the next key if that comes meanwhile.
    """

    def __init__(self, app: App[int], where: Callable[[], str]) -> None:
        self._app = app
        self._where = where
        self._begun = time.perf_counter()
        self._drawn = 0.0
        self.answers: list[Answer] = []

    def watch(self) -> mock._patch[Callable[..., None]]:
        """Note every drawing, as a context; each is turned into what a terminal would be sent."""
        display = App._display
        clock = self

        def drawing(app: App[int], screen: Screen[object], renderable: RenderableType | None) -> None:
            display(app, screen, renderable)
            if isinstance(renderable, CompositorUpdate):
                io.StringIO().write(renderable.render_segments(app.console))
            if renderable is not None:
                clock._drawn = time.perf_counter()

        return mock.patch.object(App, "_display", drawing)

    async def press(self, key: str) -> Answer:
        """Press a key and wait until it is answered."""
        where = self._where()
        pressed = time.perf_counter()
        event = events.Key(key, _CHARACTERS.get(key, key if len(key) == 1 else None))
        assert self._app._driver is not None
        self._app._driver.send_message(event)
        await self.calm()
        end = self._drawn if self._drawn > pressed else time.perf_counter()
        self.answers.append(Answer(key, pressed - self._begun, where, end - pressed))
        return self.answers[-1]

    async def calm(self) -> None:
        """Wait until nothing is left to do."""
        calm, end = 0, time.perf_counter() + _PATIENCE_SECONDS
        while calm < _CALM_LOOKS:
            await asyncio.sleep(_LOOK_SECONDS)
            calm = calm + 1 if self._is_calm() else 0
            assert time.perf_counter() < end, "the screen does not come to rest"

    def _is_calm(self) -> bool:
        app = self._app
        screen = app.screen
        if not screen.is_mounted or screen._layout_required or screen._dirty_widgets or screen._callbacks:
            return False
        seen = screen._compositor.visible_widgets
        for node in (app, *screen.walk_children(with_self=True)):
            if not node._message_queue.empty() or node._pending_message is not None:
                return False
            if node in seen and (node._repaint_required or node._layout_required):
                return False
        return not screen._compositor._dirty_regions

    @property
    def last_drawn(self) -> float:
        """When the last drawing was finished, by `time.perf_counter`."""
        return self._drawn

    @property
    def figures(self) -> str:
        """Median, 95th and 99th of a hundred and the longest, and which keys took longest."""
        ranked = sorted(self.answers, key=lambda answer: answer.seconds)
        median, most, nearly, longest = (
            1000 * ranked[min(len(ranked) - 1, int(len(ranked) * share))].seconds
            for share in (0.5, 0.95, 0.99, 1.0)
        )
        slow = "\n  ".join(str(answer) for answer in reversed(ranked[-12:]))
        return (
            f"{len(ranked)} keys: median {median:.0f} ms, 95th {most:.0f} ms, 99th {nearly:.0f} ms, "
            f"longest {longest:.0f} ms\n  {slow}"
        )

    def share(self, part: float) -> float:
        """The seconds within which this part of the keys was answered."""
        ranked = sorted(answer.seconds for answer in self.answers)
        return ranked[min(len(ranked) - 1, int(len(ranked) * part))]
