"""Waits between tries, as long as a server asks for and no longer than a person would."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from forensics.registry.errors import ConnectionLost
from forensics.registry.patience import Patience
from forensics.registry.transport import Transport


class Tries:
    """Counts tries and waits between them."""

    def __init__(self, patience: Patience, transport: Transport) -> None:
        self._patience = patience
        self._transport = transport
        self._failed = 0

    def again(self, error: ConnectionLost, *, answered: bool) -> None:
        """Wait before another try; raises `error` when there is none left.

        A server that never answered is not there: it is not asked a second time.
        """
        self._failed += 1
        if self._failed >= self._patience.tries or not answered:
            raise error
        seconds = self._patience.first_pause * 2 ** (self._failed - 1)
        asked = seconds_to_wait(error.after)
        if asked is not None and asked > self._patience.most_pause:
            raise ConnectionLost(
                f"{error.message}, and not to come back within {asked:.0f} s", error.hint
            ) from error
        self._transport.pause(min(max(seconds, asked or 0.0), self._patience.most_pause))


def seconds_to_wait(header: str | None, now: float | None = None) -> float | None:
    """What `Retry-After` says: seconds, or a date (RFC 9110, section 10.2.3); None when it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        then = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, then - (time.time() if now is None else now))
