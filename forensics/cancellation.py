"""A token that long work polls, so that a person can stop it at any time."""

from __future__ import annotations

import threading

from forensics.errors import Cancelled


class Cancellation:
    """Set once by whoever wants the work to stop; read by the work."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for an end."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether an end was asked for."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` when an end was asked for."""
        if self._event.is_set():
            raise Cancelled
