"""The archive of an image as an engine sends it, read in a thread so that a person can stop the wait."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

from forensics.cancellation import Cancellation

_WAIT = 0.2
_AHEAD = 8
_TAIL = 16 << 10
_Item = bytes | Exception | None
"""What passes from the thread: a piece, what went wrong, or the end."""
_ERROR_MARK = b'{"errorDetail"'


def cancellable(pieces: Iterable[bytes], cancel: Cancellation) -> Iterator[bytes]:
    """The pieces as they come; raises Cancelled within a moment of its being asked, and what `pieces` raises.

    An engine may take minutes before the first byte: it writes the archive to its own disk first. `pieces` is
    taken up in the thread, so that the request itself may wait there.
    """
    ready: queue.Queue[_Item] = queue.Queue(_AHEAD)
    over = threading.Event()
    reader = threading.Thread(target=_read, args=(pieces, ready, over), name="engine", daemon=True)
    reader.start()
    try:
        while True:
            cancel.check()
            with suppress(queue.Empty):
                item = ready.get(timeout=_WAIT)
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
    finally:
        over.set()


def _read(pieces: Iterable[bytes], ready: queue.Queue[_Item], over: threading.Event) -> None:
    def offer(item: _Item) -> bool:
        while not over.is_set():
            with suppress(queue.Full):
                ready.put(item, timeout=_WAIT)
                return True
        return False

    try:
        for piece in pieces:
            if piece and not offer(piece):
                return
        offer(None)
    except Exception as error:  # noqa: BLE001 - the reader of the queue raises it again
        offer(error)


class ErrorMark:
    """Looks for the message that an engine appends to an archive when it fails part way.

    The status of the response was sent long before, so moby writes a JSON object where the rest of the tar
    should be, `{"errorDetail":{"message":…},"error":…}`, and ends the response as if it were whole (moby,
    pkg/streamformatter).
    """

    def __init__(self) -> None:
        self._tail = b""

    def see(self, piece: bytes) -> None:
        """Take note of the next bytes."""
        self._tail = (self._tail + piece)[-_TAIL:] if len(piece) < _TAIL else piece[-_TAIL:]

    @property
    def message(self) -> str:
        """What the engine says, empty when the archive ended otherwise."""
        start = self._tail.rfind(_ERROR_MARK)
        if start < 0:
            return ""
        try:
            told = json.loads(self._tail[start:])
            return str(told["errorDetail"]["message"])
        except (ValueError, TypeError, LookupError):
            return ""
