"""What an engine sends, read in a thread so that a person can stop the wait: answers and archives."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from forensics.cancellation import Cancellation

_WAIT = 0.2
_AHEAD = 8
_TAIL = 16 << 10
_Answer = TypeVar("_Answer")
_Item = bytes | Exception | None
"""What passes from the thread: a piece, what went wrong, or the end."""
_ERROR_MARK = b'{"errorDetail"'


def answer_of(question: Callable[[], _Answer], cancel: Cancellation, seconds: float) -> _Answer:
    """What `question` gives, or raises. Raises Cancelled within a moment of its being asked, and TimeoutError
    after `seconds`; the thread that waits for the answer then ends with the connection.
    """
    given: queue.Queue[tuple[_Answer, ...] | Exception] = queue.Queue(1)

    def ask() -> None:
        try:
            given.put((question(),))
        except Exception as error:  # noqa: BLE001 - whoever asked raises it again
            given.put(error)

    threading.Thread(target=ask, name="engine", daemon=True).start()
    end = time.monotonic() + seconds
    while True:
        cancel.check()
        with suppress(queue.Empty):
            answer = given.get(timeout=_WAIT)
            if isinstance(answer, Exception):
                raise answer
            return answer[0]
        if time.monotonic() > end:
            raise TimeoutError(f"no whole answer came in {seconds:,.0f} s")


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
