"""Finds what is attached to an image of a registry: attestations, SBOMs and signatures.

Carriage: BuildKit attestation manifests beside the image in its index; the referrers API and its fallback tag
`sha256-<hex>` (OCI distribution-spec 1.1, "Listing Referrers", "Referrers Tag Schema"); cosign's tags
`sha256-<hex>.sig`, `.att` and `.sbom`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from forensics.digests import is_digest
from forensics.errors import ForensicsError, ImageNotOpened, ParseError
from forensics.model.image import Descriptor
from forensics.registry import NotThere, RegistryClient
from forensics.sources._document import Document, decode_json
from forensics.sources._layout import read_descriptor
from forensics.sources._opening import Opening
from forensics.sources._pull import Pull, Wanted
from forensics.sources._pulled_documents import PulledDocument

_REF_NAME = "org.opencontainers.image.ref.name"
_NAMES = frozenset({_REF_NAME, "io.containerd.image.name"})
_ENDINGS = ("", ".sig", ".att", ".sbom")


class Referrers:
    """Collects the manifests that speak about one image. `wanted` are the blobs they name, `entries` what
    `index.json` has to list so that they are found.

    What cannot be had becomes an issue: an image without its attachments is still one.
    """

    def __init__(self, opening: Opening, client: RegistryClient, pull: Pull) -> None:
        self._opening = opening
        self._client = client
        self._pull = pull
        self._seen: set[str] = set()
        self._bytes = 0
        self.wanted: list[Wanted] = []
        self.entries: list[dict[str, Any]] = []

    def attestations(self, digest: str, above: Iterable[PulledDocument]) -> None:
        """Those of BuildKit, which the indexes above list beside the image."""
        for index in above:
            for listed in index.listed():
                if listed.attests == digest:
                    self._take(listed.descriptor)

    def referring_to(self, digests: Iterable[str]) -> None:
        """Everything that refers to one of these digests."""
        for digest in digests:
            self._by_interface(digest)
            for ending in _ENDINGS:
                self._by_tag(digest.replace(":", "-") + ending)

    def _by_interface(self, digest: str) -> None:
        try:
            pages = self._client.referrers(digest)
        except NotThere:
            return
        except ImageNotOpened as error:
            self._left_out(f"referrers of {digest}", error)
            return
        for page in pages:
            self._listed_on(page, f"referrers of {digest}")

    def _listed_on(self, page: bytes, subject: str) -> None:
        issues = self._opening.issues
        try:
            document = Document(decode_json(page, subject, issues), subject, issues)
        except ParseError as error:
            issues.add("not-parsed", subject, error.message)
            return
        for item in document.children("manifests"):
            descriptor = read_descriptor(item)
            if not is_digest(descriptor.digest) or descriptor.digest in self._seen:
                continue
            manifest = self._take(descriptor)
            if manifest is not None:
                self._list(manifest, self._unnamed(descriptor), item.text("artifactType"))

    def _unnamed(self, descriptor: Descriptor) -> Descriptor:
        """What a listing lists, without names: by one of them it could stand for the image."""
        names = {key: value for key, value in descriptor.annotations.items() if key in _NAMES}
        if not names:
            return descriptor
        called = ", ".join(f"{value[:100]!r}" for value in names.values())
        self._opening.issues.add(
            "malformed-document",
            f"referrer {descriptor.digest}",
            f"it is listed under a name, {called}, and was given none: names are for images",
        )
        others = {key: value for key, value in descriptor.annotations.items() if key not in names}
        return msgspec.structs.replace(descriptor, annotations=others)

    def _by_tag(self, tag: str) -> None:
        try:
            document = self._pull.document(tag, "referrer")
        except NotThere:
            return
        except ImageNotOpened as error:
            self._left_out(f"tag {tag}", error)
            return
        self._list(document, Descriptor(annotations={_REF_NAME: tag}), "")
        if document.digest in self._seen:
            return
        self._seen.add(document.digest)
        if not document.is_index:
            self._want_parts(document)
            return
        for listed in document.listed():
            self._take(listed.descriptor)

    def _take(self, descriptor: Descriptor) -> PulledDocument | None:
        """A manifest that refers to the image, once; its blobs are wanted."""
        if descriptor.digest in self._seen:
            return None
        subject = f"referrer {descriptor.digest}"
        most = self._opening.limits.referrers
        if len(self._seen) >= most:
            self._opening.issues.add(
                "limit", "what refers to the image", f"only the first {most} were fetched"
            )
            return None
        if self._bytes > self._opening.limits.sbom_bytes:
            self._too_many_bytes()
            return None
        self._seen.add(descriptor.digest)
        try:
            document = self._pull.document(descriptor.digest, "referrer", descriptor.media_type)
        except ImageNotOpened as error:
            self._left_out(subject, error, descriptor)
            return None
        self._bytes += len(document.content)
        if not document.is_index:
            self._want_parts(document)
        return document

    def _too_many_bytes(self) -> None:
        most = self._opening.limits.sbom_bytes
        self._opening.issues.add(
            "limit", "what refers to the image", f"only what fits into {most:,} bytes together was fetched"
        )

    def _want_parts(self, document: PulledDocument) -> None:
        limits = self._opening.limits
        subject = f"referrer {document.digest}"
        if is_digest(document.config.digest):
            self._want(Wanted(document.config, "referrer", subject, limits.json_bytes))
        parts = list(document.parts())
        if len(parts) > limits.layers:
            self._opening.issues.add("limit", subject, f"only its first {limits.layers} parts were fetched")
        for part in parts[: limits.layers]:
            self._want(Wanted(part.descriptor, "referrer", subject, limits.sbom_bytes, part.urls))

    def _want(self, wanted: Wanted) -> None:
        """One blob, while all of them together fit; of each no more is taken than it announces."""
        size = wanted.descriptor.size
        if size <= wanted.most:
            if self._bytes + size > self._opening.limits.sbom_bytes:
                reason = "it does not fit into what attachments may have together"
                self._pull.leave(wanted, "limit", reason)
                return
            self._bytes += size
            wanted = replace(wanted, most=size)
        self.wanted.append(wanted)

    def _list(self, document: PulledDocument, descriptor: Descriptor, artifact_type: str) -> None:
        entry: dict[str, Any] = {
            "mediaType": document.media_type,
            "digest": document.digest,
            "size": len(document.content),
        }
        if artifact_type:
            entry["artifactType"] = artifact_type
        if descriptor.annotations:
            entry["annotations"] = descriptor.annotations
        self.entries.append(entry)

    def _left_out(self, subject: str, error: ForensicsError, descriptor: Descriptor | None = None) -> None:
        if descriptor is None:
            self._opening.issues.add("not-acquired", subject, f"it was not read: {error.message}")
        else:
            self._pull.leave(Wanted(descriptor, "referrer", subject, 0), "not-acquired", error.message)
