"""Finds the SBOMs that an image carries in its files, and those that travel beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import msgspec

from forensics.errors import ParseError
from forensics.layers import ImageView
from forensics.limits import DEFAULT, Limits
from forensics.model.files import FileVersion
from forensics.model.image import Attachment, Blob
from forensics.model.issues import Issue
from forensics.model.sbom import DeclaredSbom
from forensics.printable import printable
from forensics.sbom._places import Place, Reach, place_of
from forensics.sbom._reading import UnknownFormat, read_document
from forensics.sbom.formats._format import SbomContent

_SBOM_WORDS = ("spdx", "cyclonedx")
_WRAPPING_WORDS = ("in-toto", "dsse", "sigstore.bundle")
_DISTRIBUTION_TYPES = frozenset(("apk", "deb", "rpm"))


def discover(
    view: ImageView, attachments: Sequence[Attachment], limits: Limits = DEFAULT
) -> tuple[tuple[DeclaredSbom, ...], tuple[Issue, ...]]:
    """The SBOMs attached to the image, then those among its visible files in path order; and what failed.

    The places that are looked at are `PLACES`. A document that claims to be an SBOM and cannot be read
    becomes an issue with the bytes that are lost. Never raises.
    """
    finder = _Finder(limits)
    found = [sbom for attachment in attachments for sbom in finder.attached(attachment)]
    for version in view.merged():
        place = place_of(version.path)
        if place is not None and version.content is not None:
            found.extend(finder.embedded(view, version, place))
    return tuple(found), tuple(finder.issues)


class _Finder:
    """Reads candidates and keeps the issues."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.issues: list[Issue] = []

    def attached(self, attachment: Attachment) -> Iterator[DeclaredSbom]:
        """The SBOM in an attachment, nothing when it is a statement about something else."""
        media_type, predicate = attachment.media_type.lower(), attachment.predicate_type.lower()
        certain = any(word in text for word in _SBOM_WORDS for text in (media_type, predicate))
        wrapped = any(word in media_type for word in _WRAPPING_WORDS)
        if not certain and (predicate or not wrapped):
            return
        origin = f"attestation {printable(attachment.digest or attachment.name)}"
        size = attachment.blob.size
        if size > self._limits.sbom_bytes:
            self._lose("limit", origin, "it is larger than an SBOM may be", size)
            return
        try:
            yield read_document(_read_blob(attachment.blob), origin, self._limits)[0]
        except UnknownFormat as error:
            if certain:
                self._lose("not-parsed", origin, error.message, size)
        except ParseError as error:
            self._lose("not-parsed", origin, error.message, size)

    def embedded(self, view: ImageView, version: FileVersion, place: Place) -> Iterator[DeclaredSbom]:
        """The SBOM in a file of the image, its scope decided by where it lies and what it says."""
        origin = f"layer {version.layer}:{printable(version.path)}"
        size = version.content.size if version.content else 0
        if size > self._limits.sbom_bytes:
            self._lose("limit", origin, "it is larger than an SBOM may be", size)
            return
        try:
            sbom, content = read_document(view.read(version), origin, self._limits)
        except ParseError as error:
            if place.certain:
                self._lose("not-parsed", origin, error.message, size)
            return
        yield self._scoped(sbom, content, version.path.rpartition("/")[0], place)

    def _scoped(self, sbom: DeclaredSbom, content: SbomContent, folder: str, place: Place) -> DeclaredSbom:
        if place.reach is Reach.DISTRIBUTION:
            # The package databases have the digests of these packages' files; a document that anybody
            # can drop here adds nothing that could be relied on.
            return msgspec.structs.replace(sbom, scope="distribution", files=(), embedded=True)
        lists_packages = any(component.type in _DISTRIBUTION_TYPES for component in sbom.components)
        if place.reach is Reach.IMAGE and (content.whole_image or lists_packages):
            return msgspec.structs.replace(sbom, scope="image", embedded=True)
        inside = tuple(file for file in sbom.files if file.path.startswith(f"{folder}/"))
        outside = len(sbom.files) - len(inside)
        if outside:
            message = f"{outside} files outside its own folder are not taken from this document"
            self._lose("outside-scope", sbom.origin, message, 0)
        return msgspec.structs.replace(sbom, scope="package", files=inside, embedded=True)

    def _lose(self, code: str, origin: str, message: str, size: int) -> None:
        self.issues.append(Issue(stage="sbom", code=code, subject=origin, message=message, lost_bytes=size))


def _read_blob(blob: Blob) -> bytes:
    """The bytes of an attachment; fewer when the archive ends early."""
    found = bytearray()
    while len(found) < blob.size:
        piece = os.pread(blob.fd, blob.size - len(found), blob.offset + len(found))
        if not piece:
            break
        found += piece
    return bytes(found)
