"""The client of the `docker` package, kept to the engine that was named and to answers of a bounded size."""

from __future__ import annotations

import ipaddress
import os
from typing import Any
from urllib.parse import urlsplit

from docker import APIClient
from docker.errors import DockerException
from docker.tls import TLSConfig
from requests import Response
from requests.utils import should_bypass_proxies

_PIECE = 64 << 10
_PLAIN = ("", "identity")


class EngineClient(APIClient):  # type: ignore[misc]
    """Asks one engine. `most_bytes` bounds every answer but the archive of an image.

    Nothing but Docker's own settings counts: no `.netrc`, no certificates of `requests`. No engine can send a
    question, and Docker's `HttpHeaders` with it, on to another host.
    """

    def __init__(self, url: str, *, most_bytes: int, timeout: int, tls: TLSConfig | None) -> None:
        self._most_bytes = most_bytes
        super().__init__(url, version="auto", timeout=timeout, tls=tls or False)

    @property
    def trust_env(self) -> bool:
        """Never: `requests` would look for `.netrc`, proxies and certificates of its own."""
        return False

    @trust_env.setter
    def trust_env(self, value: bool) -> None:
        """Passed over: the session of `requests` sets it when it is made."""

    def get_redirect_target(self, resp: Any) -> None:  # noqa: ARG002 - the signature of requests
        """Nowhere."""
        return

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Proxies as Docker takes them from the environment, certificates as Docker's settings name them."""
        chosen = (self.verify or False) if verify is None else verify
        return super().merge_environment_settings(url, proxies or proxies_for(str(url)), stream, chosen, cert)

    def request(self, method: Any, url: Any, *arguments: Any, **more: Any) -> Any:
        """The answer to one question, all of it in memory unless it was asked for as a stream."""
        is_stream = bool(more.get("stream"))
        headers = {**(more.pop("headers", None) or {}), "Accept-Encoding": "identity"}
        response = super().request(method, url, *arguments, **{**more, "stream": True, "headers": headers})
        try:
            self._check(response)
            if not is_stream or response.status_code >= 400:
                self._read(response)
        except BaseException:
            response.close()
            raise
        return response

    def _check(self, response: Response) -> None:
        if 300 <= response.status_code < 400:
            raise DockerException("it sends the question on to another place, which is not followed")
        if response.headers.get("Content-Encoding", "").lower() not in _PLAIN:
            raise DockerException("it answers in a compression that it was not asked for")

    def _read(self, response: Response) -> None:
        """Read the answer as `requests` would, but no more of it than the bound."""
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE):
            size += len(piece)
            if size > self._most_bytes:
                raise DockerException(f"it answers with more than {self._most_bytes:,} bytes")
            pieces.append(piece)
        response._content = b"".join(pieces)


def proxies_for(url: str) -> dict[str, str]:
    """The proxy for this address, as Go's `ProxyFromEnvironment` finds it for Docker's command line.

    None for sockets and for loopback.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or _is_loopback(parts.hostname or ""):
        return {}
    name = f"{scheme}_proxy"
    proxy = os.environ.get(name.upper()) or os.environ.get(name)
    if not proxy or should_bypass_proxies(url, None):
        return {}
    return {scheme: proxy}


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
