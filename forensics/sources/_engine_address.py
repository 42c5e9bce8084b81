"""Where the Docker Engine listens: `DOCKER_HOST`, a context of Docker's own, else the usual socket.

The order is that of Docker's command line (docs.docker.com, "Docker contexts"): `DOCKER_HOST` wins over
`DOCKER_CONTEXT`, that over the current context in Docker's configuration.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.access import Access
from forensics.errors import ImageNotOpened
from forensics.printable import printable

if TYPE_CHECKING:
    from docker.tls import TLSConfig

_USUAL = "unix:///var/run/docker.sock"
_LOCAL = ("unix", "http+unix")
_AFTER_HOST = re.compile(r"[/?#]")
_NETWORK = ("tcp", "http", "https")


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where an engine listens. `url` is as it was given, `tls` None without TLS or for a socket."""

    url: str
    tls: TLSConfig | None = None

    @property
    def shown(self) -> str:
        """The address in a sentence: a socket, or host and port alone, since a URL may hold a password."""
        if self.is_local:
            return printable(self.url)
        before = self.url[: len(self.url) - len(self._without_scheme)]
        return printable(before + _AFTER_HOST.split(self._without_scheme.rpartition("@")[2])[0])

    def without_secrets(self, text: str) -> str:
        """A text in which the URL may be quoted, without what stands before its host."""
        before = "" if self.is_local else self._without_scheme.rpartition("@")[0]
        for secret in (f"{before}@", before, before.partition(":")[2]):
            if len(secret) > 2:
                text = re.sub(re.escape(secret), "", text, flags=re.IGNORECASE)
        return text

    @property
    def _without_scheme(self) -> str:
        """User and password, if there are any, host and port. A password may hold any character."""
        _, colon, rest = self.url.partition("://")
        return rest if colon else self.url

    @property
    def is_local(self) -> bool:
        """Whether it is a socket of this machine, which is no network."""
        return _scheme(self.url) in _LOCAL

    @property
    def security(self) -> str:
        """How the way there is protected, for the record of an acquisition."""
        if self.is_local:
            return "a socket of this machine"
        if _scheme(self.url) == "https":
            return "TLS, the certificate was verified"
        if self.tls is None:
            return "no TLS"
        return f"TLS, the certificate was {'' if self.tls.verify else 'not '}verified"


def engine_address(access: Access) -> EngineAddress:
    """The address that the environment and Docker's configuration lead to.

    Raises ImageNotOpened for one that cannot be reached by this program, or not without a network where
    `access` refuses any.
    """
    url = os.environ.get("DOCKER_HOST", "")
    tls = None
    if not url:
        url, tls = _of_context(os.environ.get("DOCKER_CONTEXT", ""))
    scheme = _scheme(url)
    address = EngineAddress(url)
    if scheme == "ssh":
        raise ImageNotOpened(
            f"an engine is not reached over SSH, as {address.shown} asks",
            "forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST, "
            "then set DOCKER_HOST=unix:///tmp/docker.sock",
        )
    if scheme not in _LOCAL + _NETWORK:
        raise ImageNotOpened(
            f"{address.shown} is no address of an engine that can be reached from here",
            "set DOCKER_HOST to unix:///PATH or tcp://HOST:PORT",
        )
    if address.is_local:
        return address
    if access.offline:
        raise ImageNotOpened(
            f"{address.shown} is reached over a network, which --offline refuses",
            "a socket of this machine (unix:///PATH) is no network; or open a saved image: "
            "docker save -o image.tar NAME",
        )
    return EngineAddress(url, tls or _tls_of_environment())


def _scheme(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    return scheme.lower() if colon else "tcp"


def _of_context(name: str) -> tuple[str, TLSConfig | None]:
    """Address and certificates of a context, of the current one where `name` is empty."""
    from docker.context import ContextAPI

    called = f"Docker context {printable(name)}" if name else "current Docker context"
    hint = "docker context ls shows what there is; or set DOCKER_HOST"
    try:
        context = ContextAPI.get_context(name or None)
    except Exception as error:  # the package raises bare exceptions for damaged files
        raise ImageNotOpened(f"the {called} cannot be read: {printable(str(error))}", hint) from error
    if context is None:
        raise ImageNotOpened(f"there is no {called}", hint)
    return context.Host or _USUAL, context.TLSConfig


def _tls_of_environment() -> TLSConfig | None:
    """`DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`, as Docker's command line reads them."""
    from docker.errors import TLSParameterError
    from docker.utils import kwargs_from_env

    try:
        return kwargs_from_env().get("tls")
    except TLSParameterError as error:
        folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
        raise ImageNotOpened(
            f"DOCKER_TLS_VERIFY or DOCKER_CERT_PATH asks for TLS, and {printable(str(folder))} lacks files",
            "put ca.pem, cert.pem and key.pem there, or set DOCKER_CERT_PATH to the folder that holds them",
        ) from error
