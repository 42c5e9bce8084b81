"""The names by which images are asked for: HOST[:PORT]/NAME[:TAG][@DIGEST], and the short ones of Docker Hub.

Grammar: OCI distribution-spec, "Pulling manifests" (names and tags); what Docker adds to a short name is in
its reference package (`docker.io/library/NAME:latest`).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from forensics.digests import is_digest
from forensics.errors import UsageError
from forensics.printable import printable

DOCKER_HUB = "docker.io"
_HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_HUB_ADDRESS = "registry-1.docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HOST = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})))(?::(?P<port>[0-9]{1,5}))?"
)
_LONGEST = 255
_EXAMPLE = "for example registry:docker.io/library/alpine:3.20"


@dataclass(frozen=True, slots=True)
class RegistryName:
    """One image of one registry. `host` has its port where one was given; `tag` or `digest` may be empty.

    Where both are given the digest decides, and the tag is what the image is called.
    """

    host: str
    repository: str
    tag: str
    digest: str

    @property
    def address(self) -> str:
        """Where its API is."""
        return _HUB_ADDRESS if self.host == DOCKER_HUB else self.host

    @property
    def wanted(self) -> str:
        """What to ask for: the digest, else the tag."""
        return self.digest or self.tag

    @property
    def full(self) -> str:
        """HOST/NAME, as image names are written."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.full}{tag}{digest}"


def parse_name(text: str) -> RegistryName:
    """Take a name apart; without tag and digest it means the tag `latest`. Raises UsageError.

    What stands in front of the first slash is a host when it has a dot, a colon or is `localhost`; any other
    name is one of Docker Hub.
    """
    shown = printable(text)
    rest, at, digest = text.removeprefix("//").partition("@")
    if at and not is_digest(digest):
        raise UsageError(f"{shown} has no digest behind the @", "write it as sha256: and 64 digits")
    host, slash, path = rest.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, path = DOCKER_HUB, rest
    repository, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise UsageError(f"{shown} has no tag behind its colon that a registry could know", _EXAMPLE)
    host = _checked_host(host, shown)
    if host == DOCKER_HUB and repository and "/" not in repository:
        repository = f"library/{repository}"
    if len(repository) > _LONGEST or not _REPOSITORY.fullmatch(repository):
        small = repository.lower()
        hint = f"names are in small letters: {small}" if _REPOSITORY.fullmatch(small) else _EXAMPLE
        raise UsageError(f"{shown} is not how an image of a registry is called", hint)
    return RegistryName(host, repository, tag or ("" if digest else "latest"), digest)


def _checked_host(host: str, shown: str) -> str:
    found = _HOST.fullmatch(host)
    if not found or (found["port"] and not 0 < int(found["port"]) < 65536) or not _is_v6(found["v6"]):
        raise UsageError(f"{shown} does not begin with a host", _EXAMPLE)
    host = host.lower()
    return DOCKER_HUB if host in _HUB_NAMES else host


def _is_v6(text: str | None) -> bool:
    if text is None:
        return True
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
