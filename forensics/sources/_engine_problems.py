"""What can go wrong between this program and an engine, each told in a sentence and a hint."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from docker.errors import APIError, DockerException, InvalidVersion
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as UrllibTimeout

from forensics.errors import ImageNotOpened
from forensics.printable import printable
from forensics.sources._engine_address import EngineAddress

PROBLEMS = (DockerException, RequestException, HTTPError, OSError, ValueError, RecursionError)
"""Everything that the `docker` package lets through when an engine cannot be reached or used."""
_NOT_UNDERSTOOD = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_MOST_TEXT = 300
_OTHER_ADDRESS = "start it, or set DOCKER_HOST to where one listens"
_Kinds = tuple[type[BaseException], ...]
_NOT_CONNECTED: tuple[tuple[_Kinds, str, str], ...] = (
    ((FileNotFoundError,), "there is no engine at {here}", _OTHER_ADDRESS),
    ((ConnectionRefusedError,), "no engine listens at {here}", _OTHER_ADDRESS),
    (
        (PermissionError,),
        "{here} may not be used by you: permission denied",
        "run as root or as a member of the group that owns the socket (often docker)",
    ),
    ((socket.gaierror,), "the host of {here} is not known", "check DOCKER_HOST"),
    (
        (ssl.SSLError,),
        "no trusted connection to {here}: {why}",
        "check DOCKER_TLS_VERIFY, and ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH",
    ),
    (
        (TimeoutError, Timeout, UrllibTimeout),
        "the engine at {here} does not answer",
        "check that it runs and is not overloaded",
    ),
)
"""How a connection may fail, the most telling first: one failure wraps others."""


def one_line(text: object) -> str:
    """What an engine said, for the middle of a sentence: one printable line without a full stop."""
    words = " ".join(str(text).split())
    return printable(words[:_MOST_TEXT] + ("…" if len(words) > _MOST_TEXT else "")).rstrip(".")


def explanation(error: APIError) -> str:
    """The engine's own words for a refusal."""
    return one_line(error.explanation or getattr(error.response, "reason", "") or error)


def not_reached(error: BaseException, address: EngineAddress) -> ImageNotOpened:
    """Why an engine could not be asked at all."""
    here = address.shown
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, InvalidVersion):
            return ImageNotOpened(
                f"the engine at {here} is too old: its API is older than 1.24 (Docker 1.12)",
                "save the image there to a file: docker save -o image.tar NAME",
            )
        if isinstance(cause, APIError):
            return ImageNotOpened(
                f"the engine at {here} refuses: {explanation(cause)}",
                "check DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH",
            )
    for kinds, message, hint in _NOT_CONNECTED:
        for cause in causes:
            if isinstance(cause, kinds):
                return ImageNotOpened(
                    message.format(here=here, why=one_line(address.without_secrets(str(cause)))), hint
                )
    if any(isinstance(cause, _NOT_UNDERSTOOD) for cause in causes):
        return ImageNotOpened(f"what answers at {here} is no Docker Engine", "check DOCKER_HOST")
    return ImageNotOpened(
        f"the engine at {here} cannot be asked: {one_line(address.without_secrets(str(error)))}",
        "check DOCKER_HOST",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it came from: causes, contexts, and errors that are its arguments."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
