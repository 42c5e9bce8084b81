"""Runs a session in a thread of its own and hands what it says to the interface in batches.

The thread knows no widget. The interface asks for what has come in since the last time, some twenty times a
second, so that ten thousand events cost it no more than one.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from pathlib import Path
from typing import Protocol

from forensics.collector import collector_at_rest
from forensics.errors import Cancelled, ForensicsError
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event, Progress, ReportReady, Stage, ViewReady
from forensics.printable import printable
from forensics.reports import load_report

_SWITCH_SECONDS = 0.001
"""How long a thread that computes keeps the one of the screen waiting; five times that is usual."""

_PATIENCE_SECONDS = 0.8
"""How long the end waits for the thread; it is a daemon, so that the process can end all the same."""


class Worker(Protocol):
    """What the interface needs of whoever does the work in the background."""

    reference: str
    options: Options
    report_path: Path | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come in behind what `drain` still gives."""

    @property
    def error(self) -> ForensicsError | None:
        """Why it ended without a report; `Cancelled` when the person stopped it."""

    def start(self) -> None:
        """Begin."""

    def drain(self) -> list[Event]:
        """What came in since the last call, in order; of the progress of each stage only the latest."""

    def cancel(self) -> None:
        """Ask for an end; what is known stays readable."""

    def close(self) -> None:
        """End the work and give its files and processes back; nothing can be read afterwards."""


class AnalysisWorker:
    """The analysis of one image in the background.

    With a `report_path` that saved report is read instead, and of the image, when `reference` names one
    too, only the layers, so that its bytes can be looked at.
    """

    def __init__(self, reference: str | None, options: Options, report_path: Path | None = None) -> None:
        self.reference = reference or str(report_path)
        self.options = options
        self.report_path = report_path
        self._session = None if reference is None else Session(reference, options)
        self._events: deque[Event] = deque()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self._ended = threading.Event()
        self._error: ForensicsError | None = None

    def start(self) -> None:
        """Begin. From now on this thread lets go of the interpreter soon when the screen wants it."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come in behind what `drain` still gives."""
        return self._ended.is_set()

    @property
    def error(self) -> ForensicsError | None:
        """Why it ended without a report; `Cancelled` when the person stopped it."""
        return self._error

    def drain(self) -> list[Event]:
        """What came in since the last call, in order; of the progress of each stage only the latest."""
        events: list[Event] = []
        latest: dict[Stage, Progress] = {}
        while self._events:
            event = self._events.popleft()
            if isinstance(event, Progress):
                latest[event.stage] = event
            else:
                events.append(event)
        return [*latest.values(), *events]

    def cancel(self) -> None:
        """Ask for an end; what is known stays readable."""
        if self._session is not None:
            self._session.cancel.cancel()

    def close(self) -> None:
        """End the work and give its files and processes back; nothing can be read afterwards."""
        self.cancel()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_SECONDS)
        if self._session is not None:
            self._session.close()

    def _run(self) -> None:
        try:
            with collector_at_rest():
                if self.report_path is not None:
                    self._reopen(self.report_path)
                elif self._session is not None:
                    self._session.analyze(self._events.append)
        except ForensicsError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - a defect must reach the screen as a sentence, not vanish
            self._error = _defect(error)
        finally:
            self._ended.set()

    def _reopen(self, path: Path) -> None:
        """Read a saved report, then the image it is about when that was named too."""
        self._events.append(Progress(Stage.OPEN, 0, 0, "reading the report"))
        report = load_report(path)
        self._events.append(ReportReady(report))
        if self._session is None:
            return
        image = self._session.open()
        if (image.manifest_digest, image.config_digest) != (
            report.image.manifest_digest,
            report.image.config_digest,
        ):
            raise ForensicsError(
                "the report is about another image than the one that was named with it",
                "open them one at a time",
            )
        self._session.index(self._hear_of_bytes)

    def _hear_of_bytes(self, event: Event) -> None:
        """Of an image whose report is there, only that its bytes can be read."""
        if isinstance(event, (Progress, ViewReady)):
            self._events.append(event)


def is_cancelled(error: ForensicsError | None) -> bool:
    """Whether the work ended because the person wanted it to."""
    return isinstance(error, Cancelled)


def _defect(error: Exception) -> ForensicsError:
    failure = ForensicsError(
        printable(f"the analysis met a defect of this program: {type(error).__name__}: {error}"),
        "run it again with FORENSICS_DEBUG=1 and report what is printed at the end",
    )
    failure.__cause__ = error
    return failure
