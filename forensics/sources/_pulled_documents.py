"""The documents of an image in a registry: manifests and indexes, read before anything else is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.digests import is_digest
from forensics.errors import ImageNotOpened, ParseError
from forensics.model.image import Descriptor, Platform
from forensics.printable import printable
from forensics.sources import _media_types
from forensics.sources._config import read_platform
from forensics.sources._document import Document, decode_json
from forensics.sources._issues import IssueLog
from forensics.sources._layout import read_descriptor

_ATTESTATION_TYPE = "vnd.docker.reference.type"
_ATTESTED = "vnd.docker.reference.digest"
_UNKNOWN = Platform(os="unknown", architecture="unknown")


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of an index."""

    descriptor: Descriptor
    platform: Platform
    artifact_type: str

    @property
    def attests(self) -> str:
        """The digest of the image that this is an attestation of, empty for none."""
        annotations = self.descriptor.annotations
        return annotations.get(_ATTESTED, "") if _ATTESTATION_TYPE in annotations else ""

    @property
    def is_index(self) -> bool:
        """Whether it leads to further ones."""
        return self.descriptor.media_type in _media_types.INDEXES

    @property
    def may_be_an_image(self) -> bool:
        """Whether this can be what somebody wants to open."""
        return (
            not self.artifact_type
            and self.platform != _UNKNOWN
            and _ATTESTATION_TYPE not in self.descriptor.annotations
            and self.descriptor.media_type in _media_types.MANIFESTS | _media_types.INDEXES | {""}
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What a manifest names, a configuration or a layer; `urls` are other places that it names for it."""

    descriptor: Descriptor
    urls: tuple[str, ...] = ()


class PulledDocument:
    """One manifest or index. `media_type` is what it is called from outside, else by itself.

    Raises ImageNotOpened when it is neither.
    """

    def __init__(
        self, content: bytes, digest: str, media_type: str, issues: IssueLog, *, verified: bool
    ) -> None:
        subject = f"manifest {digest}"
        try:
            self._document = Document(decode_json(content, subject, issues), subject, issues)
        except ParseError as error:
            raise ImageNotOpened(
                f"what the registry gives as {digest} is no manifest: it is not JSON", "check the name"
            ) from error
        own = self._document.text("mediaType")
        known = _media_types.MANIFESTS | _media_types.INDEXES
        self.content = content
        self.digest = digest
        self.verified = verified
        self.media_type = media_type if media_type in known else own
        if {self.media_type, media_type, own} & _media_types.SCHEMA_1 or self._document.number(
            "schemaVersion"
        ) == 1:
            raise ImageNotOpened(
                f"{digest} is a Docker schema 1 manifest, which is not read",
                "pull and push it with a current engine",
            )
        self.is_index = own in _media_types.INDEXES or (
            own not in known and (self.media_type in _media_types.INDEXES or self._document.has("manifests"))
        )
        if not self.media_type:
            self.media_type = (
                "application/vnd.oci.image.index.v1+json"
                if self.is_index
                else "application/vnd.oci.image.manifest.v1+json"
            )

    @property
    def kind(self) -> str:
        """What it is of, printable, where it is a manifest of no image."""
        return printable(self._document.text("artifactType") or self.config.media_type)[:100]

    @property
    def config(self) -> Descriptor:
        """The configuration of a manifest."""
        return read_descriptor(self._document.child("config"))

    def listed(self) -> Iterator[Listed]:
        """The entries of an index that have a digest."""
        for item in self._document.children("manifests"):
            descriptor = read_descriptor(item)
            if is_digest(descriptor.digest):
                yield Listed(descriptor, read_platform(item.child("platform")), item.text("artifactType"))

    def parts(self) -> Iterator[Part]:
        """The layers of a manifest that have a digest."""
        for item in self._document.children("layers"):
            descriptor = read_descriptor(item)
            if is_digest(descriptor.digest):
                yield Part(descriptor, item.texts("urls"))
