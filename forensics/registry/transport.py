"""One HTTP exchange at a time over urllib3: no redirects, no retries, no netrc, and an end to everything."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import urllib3
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError

from forensics import __version__
from forensics.access import Access
from forensics.cancellation import Cancellation
from forensics.errors import Cancelled
from forensics.printable import printable
from forensics.registry.addresses import host_of, proxy_for, proxy_headers
from forensics.registry.errors import ConnectionLost, RegistryError
from forensics.registry.levers import Lever, Watch, watched_pools
from forensics.registry.patience import Patience
from forensics.registry.tls import new_context, tls_error

_PIECE = 1 << 16
_LOOK = 0.1


class Answer:
    """What came back: `status`, `headers`, and a body that is read once. A context manager."""

    def __init__(
        self,
        response: urllib3.BaseHTTPResponse,
        url: str,
        watch: Watch,
        lever: Lever | None,
        patience: Patience,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self.status = response.status
        self.headers = response.headers
        self.url = url
        self._response = response
        self._watch = watch
        self._lever = lever
        self._patience = patience
        self._is_read = False

    def pieces(self, cancel: Cancellation) -> Iterator[bytes]:
        """The body as it comes. Raises ConnectionLost when it ends early, or comes too slowly; Cancelled."""
        begin, came, got = time.monotonic(), 0, 0
        while True:
            self._check()
            if self._lever is not None:
                self._lever.expect(self._patience.silence)
            try:
                piece = self._response.read1(_PIECE, decode_content=False)
            except (HTTPError, OSError, ValueError) as error:
                cancel.check()
                raise ConnectionLost(_broken(self.url, "the connection broke"), got=got) from error
            if not piece:
                cancel.check()
                if self._lever is not None and self._lever.pulled:
                    raise ConnectionLost(_broken(self.url, "nothing more came"), got=got)
                self._is_read = True
                return
            got += len(piece)
            came += len(piece)
            now = time.monotonic()
            if now - begin >= self._patience.silence:
                if came < self._patience.slowest * (now - begin):
                    raise ConnectionLost(
                        _broken(self.url, f"it sent {came:,} bytes in {now - begin:.0f} s"), got=got
                    )
                begin, came = now, 0
            yield piece

    def document(self, most: int, cancel: Cancellation) -> bytes:
        """The whole body. Raises RegistryError for more than `most` bytes, ConnectionLost, Cancelled."""
        end = time.monotonic() + self._patience.document
        content = bytearray()
        for piece in self.pieces(cancel):
            content += piece
            if len(content) > most:
                raise RegistryError(
                    f"{host_of(self.url)} sent a document of more than {most:,} bytes",
                    "raise the bound with --limit json_bytes=BYTES if you trust it",
                )
            if time.monotonic() > end:
                raise ConnectionLost(
                    _broken(self.url, f"a document took longer than {self._patience.document:.0f} s")
                )
        return bytes(content)

    def close(self) -> None:
        """Give the connection back, or end it when not all of the body was read."""
        lever = self._lever
        if lever is not None:
            lever.expect(None)
            if not self._is_read or self.headers.get("Connection", "").lower() == "close":
                self._watch.end(lever)
        if self._is_read:
            self._response.release_conn()
        else:
            with contextlib.suppress(HTTPError, OSError):
                self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Transport:
    """Makes exchanges with registries, with those who give tokens, and with whom they redirect to.

    After `seconds` in all everything ends with RegistryError. Raises UsageError where the certificates a
    person named cannot be used. Usable from several threads.
    """

    def __init__(
        self, access: Access, cancel: Cancellation, patience: Patience, seconds: float = float("inf")
    ) -> None:
        self._access = access
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self.cancel = cancel
        self.patience = patience
        self._watch = Watch(cancel)
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._managers: dict[tuple[str, bool], urllib3.PoolManager] = {}
        self._contexts = {False: new_context(access, shows_certificate=False)}
        if access.client_cert is not None:
            self._contexts[True] = new_context(access, shows_certificate=True)

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        shows_certificate: bool = False,
    ) -> Answer:
        """Send one request. `shows_certificate`: the client certificate is for this server.

        Raises ConnectionLost when another try may help, RegistryError when it will not, Cancelled.
        """
        self._check()
        manager = self._manager(url, shows_certificate=shows_certificate and True in self._contexts)
        own = {"User-Agent": f"image-forensics/{__version__}", "Accept-Encoding": "identity", **headers}
        self._watch.current.lever = None
        try:
            response = manager.urlopen(
                method, url, body=body, headers=own, redirect=False, retries=False, preload_content=False
            )
        except (HTTPError, OSError, ValueError) as error:
            if (broken := self._watch.current.lever) is not None:
                self._watch.end(broken)
            self.cancel.check()
            raise self._explained(url, error) from error
        lever: Lever | None = self._watch.current.lever
        return Answer(response, url, self._watch, lever, self.patience, self._check)

    def pause(self, seconds: float) -> None:
        """Wait, unless the work is cancelled meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, _LOOK))

    def close(self) -> None:
        """End all connections, and let no others begin: what is still tried in threads ends as cancelled."""
        self._closed.set()
        self._watch.close()
        for manager in self._managers.values():
            manager.clear()

    def _check(self) -> None:
        self.cancel.check()
        if self._closed.is_set():
            raise Cancelled
        if time.monotonic() > self._end:
            raise RegistryError(
                f"what was asked of registries took longer than {self._seconds:,.0f} s in all",
                "give it more time with --limit run_seconds=SECONDS; what came of layers is kept for a day",
            )

    def _manager(self, url: str, *, shows_certificate: bool) -> urllib3.PoolManager:
        proxy = proxy_for(url)
        with self._guard:
            manager = self._managers.get((proxy, shows_certificate))
            if manager is None:
                manager = self._new_manager(proxy, self._contexts[shows_certificate])
                self._managers[proxy, shows_certificate] = manager
        return manager

    def _new_manager(self, proxy: str, context: ssl.SSLContext) -> urllib3.PoolManager:
        patience = self.patience
        settings: dict[str, Any] = {
            "ssl_context": context,
            "timeout": urllib3.Timeout(connect=patience.connect, read=patience.silence),
            "maxsize": 8,
        }
        manager: urllib3.PoolManager
        if proxy:
            manager = urllib3.ProxyManager(
                proxy,
                proxy_headers=proxy_headers(proxy),
                proxy_ssl_context=self._contexts[False],
                **settings,
            )
        else:
            manager = urllib3.PoolManager(**settings)
        manager.pool_classes_by_scheme = watched_pools(self._watch, patience)
        return manager

    def _explained(self, url: str, error: Exception) -> RegistryError:
        host = host_of(url)
        for cause in _causes(error):
            if isinstance(cause, (SSLError, ssl.SSLError)):
                return tls_error(host, str(cause))
            if isinstance(cause, NameResolutionError):
                return RegistryError(
                    f"there is no host {host}, or its name cannot be found out now",
                    "check the name and the network",
                )
            if isinstance(cause, ConnectionRefusedError):
                return ConnectionLost(
                    f"nothing answers at {host}: the connection was refused", "check the name and the port"
                )
        if isinstance(error, (ValueError, urllib3.exceptions.LocationValueError)):
            return RegistryError(f"{host} cannot be asked: {printable(str(error))[:200]}", "check the name")
        kind = "it did not answer in time" if "timed out" in str(error) else "the connection broke"
        if isinstance(error, NewConnectionError):
            kind = "it cannot be reached"
        return ConnectionLost(_broken(url, kind), "check the network, and the proxy if there is one")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it wraps, and what that came of."""
    for _ in range(8):
        yield error
        inner = getattr(error, "reason", None)
        further = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
        if further is None:
            return
        error = further


def _broken(url: str, why: str) -> str:
    return f"{host_of(url)} was not heard to the end: {why}"
