"""Tells secrets from values that only look like them, in settings and command lines."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._finding import shown
from forensics.examine._secret_kinds import SECRET_KINDS
from forensics.model.findings import Severity

TEXT_LENGTH = 256 * 1024
"""Characters of one text that are searched."""

_SAYS_SECRET = re.compile(
    r"(?:^|[_.-])(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|TOKEN|CREDENTIALS?|AUTHTOKEN"
    r"|(?:API|ACCESS|PRIVATE|SECRET|ENCRYPTION|ENCRYPT|SIGNING|MASTER|AUTH|ACCOUNT|SERVICE|APP|JWT|SESSION|COOKIE)[_.-]?KEY)"
    r"(?:[_.-](?:KEY|VALUE|PROD|PRODUCTION|LIVE|BASE|SALT))?\d?$",
    re.IGNORECASE,
)
_SAYS_OTHERWISE = re.compile(
    r"GPG|PGP|SHA\d+|MD5|CHECKSUM|DIGEST|FINGERPRINT|PUBLIC|PUB_?KEY|KEY_?ID|KEYRING|VERSION|COMMIT"
    r"|_(?:FILE|PATH|DIR|URL|URI|HOST|NAME|USER|TTL|TIMEOUT|LENGTH|ENABLED|HEADER|ISSUER|ALGORITHM|EXPIRY)$|^(?:OLD)?PWD$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"example|sample|placeholder|change[_-]?me|your[_-]|redacted|dummy|fake|xxx|\*\*\*|insert|replace|todo|^<.*>$"
    r"|^(?:true|false|yes|no|none|null|nil|undefined|default|disabled|enabled|optional|required|unset)$",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(r"^(?:[$%{<@].*|\.{0,2}/.*|~/.*|https?://.*|file:.*|[\d.,:]+)$", re.DOTALL)
_PAIR = re.compile(
    r"(?<![\w-])(?P<name>[A-Za-z][\w.-]{2,63})=(?P<value>\"[^\"]{1,4096}\"|'[^']{1,4096}'|[^\s\"';&|]{1,4096})"
)
_OPTION = re.compile(
    r"--?(?P<name>(?:[a-z]{1,20}-){0,3}(?:password|passwd|token|secret|api-key))[= ]"
    r"(?P<value>[^\s\"';&|-][^\s\"';&|]{3,512})"
)
_LOGIN = re.compile(
    r"\b(?P<scheme>[a-z][a-z0-9+.-]{1,20})://(?P<user>[^\s:@/\"']{0,64}):(?P<value>[^\s@/\"':]{3,256})@",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?:Bearer|Basic)\s+(?P<value>[A-Za-z0-9._~+/=-]{20,4096})")
_AROUND = 512


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret: what it is called, its masked text, how bad it is, and why it is taken for one."""

    name: str
    masked: str
    severity: Severity
    why: str


def secret_in_setting(name: str, value: str) -> Secret | None:
    """Whether a setting such as an environment variable or a label holds a secret."""
    value = value[:TEXT_LENGTH].strip().strip("\"'")
    for secret in tokens_in(value):
        return Secret(name, secret.masked, secret.severity, secret.why)
    login = _LOGIN.search(value)
    if login and _is_real(login.group("value")) and login.group("value") != login.group("user"):
        return Secret(name, masked(login.group("value")), Severity.MEDIUM, "password in an address")
    if not _SAYS_SECRET.search(name) or _SAYS_OTHERWISE.search(name) or not _is_real(value):
        return None
    random = len(value) >= 16 and entropy(value) >= 3.3 and " " not in value
    return Secret(name, masked(value), Severity.HIGH if random else Severity.MEDIUM, "its name says so")


def secrets_in_command(text: str) -> Iterator[Secret]:
    """Secrets in the text of a build step: tokens, assignments, options, logins in addresses."""
    text = text[:TEXT_LENGTH]
    told: set[str] = set()
    for secret in tokens_in(text):
        told.add(secret.masked)
        yield secret
    pairs = [(match.group("name"), match.group("value")) for match in _PAIR.finditer(text)]
    pairs += [
        (match.group("name").replace("-", "_"), match.group("value")) for match in _OPTION.finditer(text)
    ]
    for name, value in pairs[:2000]:
        found = secret_in_setting(name, value)
        if found is not None and found.masked not in told:
            told.add(found.masked)
            yield found
    for match in [*_LOGIN.finditer(text), *_BEARER.finditer(text)][:64]:
        value = match.group("value")
        if _is_real(value) and masked(value) not in told:
            told.add(masked(value))
            yield Secret("login", masked(value), Severity.MEDIUM, "password or token in a request")


def tokens_in(text: str) -> Iterator[Secret]:
    """Secrets that are known by their form, wherever they stand."""
    content = text[:TEXT_LENGTH].encode("utf-8", "surrogateescape" if text.isprintable() else "replace")
    seen: set[bytes] = set()
    for kind in SECRET_KINDS:
        for place in _places(content, kind.needles):
            found = kind.pattern.search(content, max(0, place - 64), place + kind.reach)
            if found is None or found[1] in seen:
                continue
            around = content[max(0, found.start() - _AROUND) : found.end() + _AROUND]
            if kind.genuine(found[1], found[0], around):
                seen.add(found[1])
                yield Secret(kind.id, masked(found[1].decode("latin-1")), Severity.HIGH, kind.title)


def _places(content: bytes, needles: tuple[bytes, ...]) -> list[int]:
    places: list[int] = []
    for needle in needles:
        place = content.find(needle)
        while place >= 0 and len(places) < 100:
            places.append(place)
            place = content.find(needle, place + len(needle))
    return places


def masked(value: str) -> str:
    """Enough of a secret to recognise it, and too little to use it."""
    if len(value) < 12:
        return f"({len(value)} characters)"
    return f"{shown(value[:4])}…{shown(value[-2:])} ({len(value)} characters)"


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(text)
    return (
        -sum(count / total * math.log2(count / total) for count in Counter(text).values()) if total else 0.0
    )


def _is_real(value: str) -> bool:
    """Whether a value could be a password: no reference, path, number or placeholder, and not all alike."""
    plain = value.strip("\"'")
    if len(plain) < 4 or _NO_VALUE.match(plain) or _PLACEHOLDER.search(plain):
        return False
    return entropy(plain) >= 1.5
