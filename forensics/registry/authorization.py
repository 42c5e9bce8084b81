"""Shows a registry what it asks for: basic credentials, or bearer tokens fetched for one scope.

Protocol: RFC 7617; CNCF distribution, "Token Authentication Specification" and "OAuth2 Token Authentication".

The rules about where credentials go. They were looked up for one host, and go to that host over the scheme
and port by which it was asked, or to the token server that this very host named in a challenge. A token
server must be reached over TLS; with `--plain-http` one on the same host name may do without. Nothing is
shown to a host that a redirect or an image led to, and no challenge of theirs is answered.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from forensics.printable import printable
from forensics.registry.addresses import host_of, origin_of
from forensics.registry.challenges import Challenge
from forensics.registry.credentials import Credentials
from forensics.registry.errors import ConnectionLost, Denied, RegistryError
from forensics.registry.transport import Transport

_CLIENT = "image-forensics"
_SENDABLE = re.compile(r"[\x21-\x7e]{1,65536}")
_PULL_SCOPE = re.compile(r"repository(?:\([a-z]+\))?:[^\s:]{1,512}(?::[0-9]{1,5}/[^\s:]{1,512})?:pull")
_LEAST_SECONDS = 60
_EARLY_SECONDS = 10
_LOG_IN = "log in with docker login HOST, or name a file of credentials with --authfile"


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    expires_in: float = 0


class Authorization:
    """The `Authorization` headers for one server and scope, found when it first asks for one.

    `look_up` gives the person's credentials and is asked once. Usable from several threads.
    """

    def __init__(
        self, transport: Transport, base: str, scope: str, look_up: Callable[[], Credentials], most_bytes: int
    ) -> None:
        self._transport = transport
        self._base = base
        self._scope = scope
        self._look_up = look_up
        self._most_bytes = most_bytes
        self._guard = threading.Lock()
        self._credentials: Credentials | None = None
        self._basic = ""
        self._token = ""
        self._until = 0.0
        self._last: Challenge | None = None

    @property
    def has_credentials(self) -> bool:
        """Whether the person has some for this server; False before it was asked."""
        return bool(self._credentials)

    def header(self) -> str:
        """What to send with the next request, empty before anything was asked for.

        A token that is about to expire is exchanged for a new one.
        """
        with self._guard:
            if self._last is None or self._known():
                return self._known()
            return self._bearer(self._last)

    def answer(self, challenges: tuple[Challenge, ...], shown: str) -> str:
        """The header for what a 401 asks for, after `shown` was sent. Raises Denied when there is none."""
        with self._guard:
            if (fresh := self._known()) and fresh != shown:
                return fresh
            if self._credentials is None:
                self._credentials = self._look_up()
            for challenge in sorted(challenges, key=lambda one: one.scheme != "bearer"):
                if challenge.scheme == "bearer":
                    return self._bearer(challenge)
                if challenge.scheme == "basic" and self._credentials.user:
                    self._basic = _sendable(self._credentials.basic, self._base)
                    if self._basic == shown:
                        break
                    return self._basic
        raise self._denied(challenges)

    def _known(self) -> str:
        if self._basic or not self._token or time.monotonic() >= self._until:
            return self._basic
        return f"Bearer {self._token}"

    def _denied(self, challenges: tuple[Challenge, ...]) -> Denied:
        host = host_of(self._base)
        if self._credentials:
            return Denied(
                f"{host} does not accept the credentials that are there for it",
                "log in again: docker login HOST",
            )
        if challenges and not {challenge.scheme for challenge in challenges} & {"basic", "bearer"}:
            kinds = printable(", ".join(sorted({challenge.scheme for challenge in challenges})))[:80]
            return Denied(
                f"{host} asks for a kind of authentication that is not supported: {kinds}",
                "use another registry or a mirror",
            )
        return Denied(f"{host} asks for credentials, and there are none for it", _LOG_IN)

    def _bearer(self, challenge: Challenge) -> str:
        """A header with a token for the scope, fetched anew."""
        credentials = self._credentials or Credentials()
        if credentials.bearer:
            token, lasts = credentials.bearer, float("inf")
        else:
            token, lasts = self._fetch(challenge, credentials)
        self._token = _sendable(token, self._base)
        self._until = time.monotonic() + max(1.0, lasts - _EARLY_SECONDS)
        self._last = challenge
        return f"Bearer {token}"

    def _fetch(self, challenge: Challenge, credentials: Credentials) -> tuple[str, float]:
        realm = challenge.parameters.get("realm", "")
        self._check_realm(realm)
        asked = challenge.parameters.get("scope", "")
        query = {"scope": asked if _PULL_SCOPE.fullmatch(asked) else self._scope}
        if service := challenge.parameters.get("service"):
            query["service"] = service
        headers, body, method, url = {"Accept": "application/json"}, None, "GET", realm
        if credentials.identity_token:
            grant = {
                "grant_type": "refresh_token",
                "client_id": _CLIENT,
                "refresh_token": credentials.identity_token,
            }
            method, body = "POST", urlencode({**query, **grant}).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        else:
            if credentials.user:
                query["account"] = credentials.user
                headers["Authorization"] = _sendable(credentials.basic, self._base)
            parts = urlsplit(realm)
            url = urlunsplit(
                parts._replace(query="&".join(filter(None, (parts.query, urlencode(query)))), fragment="")
            )
        return self._ask(method, url, headers, body)

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[str, float]:
        host, own = host_of(url), host_of(self._base)
        transport = self._transport
        same_server = origin_of(url) == origin_of(self._base)
        with transport.exchange(method, url, headers, body, shows_certificate=same_server) as answer:
            if answer.status in (400, 401, 403, 404):
                if self._credentials:
                    raise Denied(
                        f"{host}, the token server, does not accept our credentials for {own}",
                        "log in again: docker login HOST",
                    )
                raise Denied(f"{host}, the token server, gives no token without credentials", _LOG_IN)
            if answer.status == 429 or answer.status >= 500:
                raise ConnectionLost(
                    f"{host}, the token server, answered with {answer.status}",
                    "try again later",
                    after=answer.headers.get("Retry-After"),
                )
            if answer.status != 200:
                raise RegistryError(
                    f"{host}, the token server, answered with {answer.status}",
                    "it does not follow the protocol of token servers",
                )
            content = answer.document(self._most_bytes, transport.cancel)
        try:
            given = msgspec.json.decode(content, type=_Token)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RegistryError(
                f"{host}, the token server, sent no token", "it does not follow the protocol of token servers"
            ) from error
        token = given.token or given.access_token
        lasts = min(max(given.expires_in, _LEAST_SECONDS), 24 * 60 * 60)
        return _sendable(token, url), lasts

    def _check_realm(self, realm: str) -> None:
        """Raise RegistryError unless the token server may be asked (see the rules above)."""
        own = host_of(self._base)
        try:
            scheme, host, _ = origin_of(realm)
            has_user = urlsplit(realm).username is not None
        except ValueError:
            raise RegistryError(
                f"{own} names no token server that can be asked", "check the name of the registry"
            ) from None
        own_scheme, own_host, _ = origin_of(self._base)
        if has_user or (scheme != "https" and not (own_scheme == "http" and host == own_host)):
            raise RegistryError(
                f"{own} names a token server that is not reached over TLS: {host_of(realm)}",
                "nothing was sent there; its operator must give it an https address",
            )


def _sendable(value: str, url: str) -> str:
    """`value`, unless it cannot stand in a header."""
    bare = value.removeprefix("Basic ")
    if not _SENDABLE.fullmatch(bare):
        raise RegistryError(f"{host_of(url)} gave a token that cannot be sent", "try again")
    return value
