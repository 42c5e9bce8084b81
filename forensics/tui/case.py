"""One image that is worked on: who does the work, and what came out so far."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.tui.analysis_worker import Worker, is_cancelled
from forensics.tui.store import Run, Store, Topic


@dataclass(slots=True, eq=False)
class Case:
    """A worker with the store it fills. `sorted` is the id of what the files were last sorted from."""

    worker: Worker
    store: Store
    sorted: int | None = None
    told_end: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is something to look at."""
        return self.store.card is not None

    def hear(self) -> frozenset[Topic]:
        """Take in what the worker said since the last time, and once how it ended."""
        ended = self.worker.ended
        topics: set[Topic] = set()
        for event in self.worker.drain():
            topics |= self.store.apply(event)
        if ended and not self.told_end:
            self.told_end = True
            error = self.worker.error
            if self.is_open and error is not None:
                topics |= self.store.stop(Run.STOPPED if is_cancelled(error) else Run.FAILED, error)
        return frozenset(topics)

    @property
    def failed_to_open(self) -> bool:
        """Whether it ended with nothing to look at."""
        return self.told_end and not self.is_open
