"""What an SBOM format is, and the furniture its readers share."""

from __future__ import annotations

import posixpath
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from forensics.errors import ParseError
from forensics.model.issues import Issue
from forensics.model.sbom import Component, DeclaredFile
from forensics.printable import printable
from forensics.sbom._json import decode_json

_PURL_TYPE = re.compile(r"pkg:/*([A-Za-z][A-Za-z0-9.+-]*)/")
_DIGEST_SIZES = {"md5": 32, "sha1": 40, "sha256": 64}
_HEX = re.compile(r"[0-9a-f]+")

Shape = TypeVar("Shape")


class Marks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The top-level keys by which formats are told apart, whatever their values are."""

    bom_format: msgspec.Raw = msgspec.Raw(b"")
    spdx_version: msgspec.Raw = msgspec.Raw(b"")


class SbomContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says, before it is known where it came from.

    `whole_image` is true when it says of itself that its subject is a container or an operating system.
    """

    spec_version: str
    components: tuple[Component, ...] = ()
    files: tuple[DeclaredFile, ...] = ()
    whole_image: bool = False
    issues: tuple[Issue, ...] = ()


class SbomFormat(ABC):
    """One format. `id` is the module's name, `name` what reports call it (`cyclonedx`, `spdx`)."""

    id: str
    name: str

    @abstractmethod
    def recognises(self, marks: Marks) -> bool:
        """Whether a JSON document with these top-level keys claims to be of this format."""

    @abstractmethod
    def read(self, content: bytes, origin: str) -> SbomContent:
        """The document. Raises ParseError when nothing of it can be read; less becomes an issue."""


class Parts:
    """Decodes a document's parts one by one: a part that is wrong is lost alone, and reported."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._lost: dict[str, list[int]] = {}

    def decode(self, parts: Iterable[msgspec.Raw], shape: type[Shape], what: str) -> Iterator[Shape]:
        """Every part that is a `shape`."""
        for part in parts:
            try:
                yield decode_json(part, shape)
            except ParseError:
                self.lose(what, len(bytes(part)))

    def lose(self, what: str, size: int) -> None:
        """Count one part of a kind (`components`, `files`) as lost."""
        self._lost.setdefault(what, []).append(size)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """One issue for each kind of part of which some were lost."""
        return tuple(
            Issue(
                stage="sbom",
                code="not-parsed",
                subject=self._origin,
                message=f"{len(sizes)} {what} could not be read",
                lost_bytes=sum(sizes),
            )
            for what, sizes in sorted(self._lost.items())
        )


def purl_type(purl: str) -> str:
    """The type of a package URL in lower case, empty when it is none."""
    match = _PURL_TYPE.match(purl)
    return match[1].lower() if match else ""


def comparable_digest(algorithm: str, value: str) -> str:
    """`algorithm:hex` if this program computes that algorithm, else empty.

    A digest of nothing but zeros stands for "not computed" in some generators and says nothing.
    """
    name, digest = algorithm.lower().replace("-", ""), value.strip().lower()
    if len(digest) != _DIGEST_SIZES.get(name) or not _HEX.fullmatch(digest) or not digest.strip("0"):
        return ""
    return f"{name}:{digest}"


def declared_path(name: str) -> str:
    """A file name of an SBOM as an absolute path in the image; names are relative to its root."""
    return posixpath.normpath("/" + name.lstrip("/"))


def texts(*values: str | None) -> tuple[str, ...]:
    """Printable texts, empty ones for what is absent."""
    return tuple(printable(value or "") for value in values)
