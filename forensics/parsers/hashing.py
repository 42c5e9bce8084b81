"""Digests computed beside the work that produces the bytes: hashing releases the interpreter."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_WAITING = 16


class HashingThread:
    """Several digests, one a stream, fed from one thread and computed in another.

    A context manager: leaving it ends the thread. At most `_WAITING` pieces wait, so memory stays bounded.
    """

    def __init__(self, algorithms: Sequence[str]) -> None:
        self._algorithms = tuple(algorithms)
        self._hashes = [hashlib.new(algorithm) for algorithm in algorithms]
        self._queue: queue.Queue[tuple[int, bytes | memoryview] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, name="hashing", daemon=True)

    def add(self, stream: int, data: bytes | memoryview) -> None:
        """Append `data` to the digest of `stream`."""
        if data:
            self._queue.put((stream, data))

    def digests(self) -> list[str]:
        """The digests of everything added, spelt `algorithm:hex`; nothing can be added afterwards."""
        self._end()
        pairs = zip(self._algorithms, self._hashes, strict=True)
        return [f"{algorithm}:{computed.hexdigest()}" for algorithm, computed in pairs]

    def _work(self) -> None:
        while (waiting := self._queue.get()) is not None:
            stream, data = waiting
            self._hashes[stream].update(data)

    def _end(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
