"""Progress bars on standard error, when a person sits in front of it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from forensics.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from forensics.pipeline.events import Event, Listener

_TITLES = {
    "open": "opening",
    "layers": "reading layers",
    "inventory": "reading packages",
    "examine": "examining files",
    "reconcile": "comparing",
    "detect": "looking for findings",
    "report": "writing",
}


@contextlib.contextmanager
def progress(*, quiet: bool = False) -> Iterator[Listener]:
    """A listener for one analysis: it draws bars on a terminal, and nothing elsewhere or when `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield _ignore
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description:<20}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=Console(stderr=True, markup=False, highlight=False, emoji=False),
        transient=True,
    ) as bars:
        yield _Drawing(bars)


def _ignore(event: Event) -> None:
    """Nobody looks."""


class _Drawing:
    """One bar a stage, added when the stage begins."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._stages: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        from forensics.pipeline.events import Progress

        if not isinstance(event, Progress):
            return
        stage = str(event.stage)
        if stage not in self._stages:
            for earlier in self._stages.values():
                self._bars.stop_task(earlier)
            self._stages[stage] = self._bars.add_task(_TITLES.get(stage, stage), total=None, note="")
        self._bars.update(
            self._stages[stage], completed=event.done, total=event.total or None, note=printable(event.note)
        )
