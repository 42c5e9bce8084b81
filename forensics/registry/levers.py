"""Ends connections from outside: when a person cancels, and when a server takes too long.

Sockets alone only notice silence, not a server that sends a byte now and then.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from forensics.cancellation import Cancellation
from forensics.registry.patience import Patience

_LOOK = 0.1


class Lever:
    """Ends the connection of a socket from any thread, whatever is being read from it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket: socket.socket | None = connected.dup()
        self._guard = threading.Lock()
        self.deadline: float | None = None
        self.pulled = False

    def expect(self, seconds: float | None) -> None:
        """From now on something must happen within so many seconds; None: nothing need happen."""
        self.deadline = None if seconds is None else time.monotonic() + seconds

    def pull(self) -> None:
        """End the connection."""
        with self._guard:
            if self._socket is not None:
                self.pulled = True
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._socket.close()
                self._socket = None


class Watch:
    """The levers of all connections, and the thread that pulls them."""

    def __init__(self, cancel: Cancellation) -> None:
        self._cancel = cancel
        self._levers: set[Lever] = set()
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self.current = threading.local()

    def take(self, connected: socket.socket, seconds: float) -> Lever:
        """Watch over a connection that is being made by this thread."""
        lever = Lever(connected)
        lever.expect(seconds)
        with self._guard:
            self._levers.add(lever)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="registry-watch", daemon=True)
                self._thread.start()
        self.current.lever = lever
        return lever

    def end(self, lever: Lever) -> None:
        """End one connection and forget it."""
        lever.pull()
        with self._guard:
            self._levers.discard(lever)

    def close(self) -> None:
        """End all of them."""
        self._closed.set()
        with self._guard:
            levers, self._levers = self._levers, set()
        for lever in levers:
            lever.pull()

    def _look(self) -> None:
        while not self._closed.wait(_LOOK):
            now = time.monotonic()
            with self._guard:
                levers = list(self._levers)
            for lever in levers:
                late = lever.deadline is not None and now > lever.deadline
                if late or self._cancel.requested:
                    lever.pull()


def watched_pools(watch: Watch, patience: Patience) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections come with levers."""

    class _Watched:
        lever: Lever | None = None

        def _new_conn(self) -> socket.socket:
            connected: socket.socket = super()._new_conn()  # type: ignore[misc]
            if self.lever is not None:
                watch.end(self.lever)
            self.lever = watch.take(connected, patience.connect)
            return connected

        def getresponse(self) -> Any:
            if self.lever is not None:
                self.lever.expect(patience.silence)
                watch.current.lever = self.lever
            return super().getresponse()  # type: ignore[misc]

    class Plain(_Watched, HTTPConnection):
        pass

    class Secure(_Watched, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
