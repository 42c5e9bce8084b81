"""Walks the index of an OCI layout down to every manifest that is really there.

Format: OCI image-spec, image-layout.md, image-index.md, manifest.md and descriptor.md; Docker's manifest list
and manifest version 2 schema 2 have the same members. Names in documents are never used as paths: content
is looked up under `blobs/<algorithm>/<hex>` of a well-formed digest and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from forensics.cancellation import Cancellation
from forensics.digests import is_digest, new_hash
from forensics.errors import ParseError
from forensics.limits import Limits
from forensics.model.image import Blob, Descriptor, Platform
from forensics.sources import _media_types
from forensics.sources._config import read_platform
from forensics.sources._document import Document, decode_json
from forensics.sources._evidence import Evidence, blob_pieces

INDEX_NAME = "index.json"
FALLBACK_TAG = re.compile(r"(?:.*:)?(sha256|sha384|sha512)-([0-9a-f]{64,128})(?:\.[0-9A-Za-z.]+)?")
"""How cosign and the referrers fallback name what speaks about a digest (OCI distribution-spec)."""
REF_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"
_ATTESTED = "vnd.docker.reference.digest"
_ATTESTATION_TYPE = "vnd.docker.reference.type"


@dataclass(slots=True)
class Manifest:
    """One manifest that the layout holds. `digest` is what the index calls it.

    `tags` and `parents` (digests of the indexes above it) grow while the walk meets it again. `subject`
    is the digest it speaks about, by its own word or by the annotation of a BuildKit attestation.
    """

    digest: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str]
    artifact_type: str
    subject: str
    platform: Platform
    is_attestation: bool
    tags: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Its tags, without those that only tie documents to a digest where it has others."""
        given = tuple(tag for tag in self.tags if not FALLBACK_TAG.fullmatch(tag))
        return given or tuple(self.tags)

    @property
    def is_image(self) -> bool:
        """Whether a runtime could run it: an image configuration, and layers (if any) that are unpacked.

        BuildKit attestations and artifacts often carry an image configuration's media type as well.
        """
        if self.is_attestation or self.config.media_type not in _media_types.CONFIGS | {""}:
            return False
        if not self.layers:
            return bool(self.config.digest) and not self.subject and not self.artifact_type
        return any(_media_types.is_layer(layer.media_type) for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Absent:
    """A manifest that an index lists and the layout does not hold."""

    digest: str
    platform: Platform
    is_attestation: bool
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """Where the walk stands: what is inherited from the indexes above."""

    depth: int = 0
    trail: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Layout:
    """Every manifest reachable from `index.json`, each once, in the order the index lists them."""

    def __init__(self, evidence: Evidence, limits: Limits, cancel: Cancellation | None = None) -> None:
        self.evidence = evidence
        self.limits = limits
        self.issues = evidence.issues
        self.index_annotations: dict[str, dict[str, str]] = {}
        self.cancel = cancel or Cancellation()
        self._manifests: dict[str, Manifest] = {}
        self._absent: dict[str, Absent] = {}
        self._documents: dict[str, Document | None] = {}
        self.referenced: dict[str, None] = {}
        self._visits = 0
        self._tagged: dict[tuple[str, str], str] = {}
        self._budget = limits.json_bytes
        root = self._root()
        if root is not None:
            for descriptor in root.children("manifests"):
                self._visit(descriptor, _Step())

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """All of them, images and others."""
        return tuple(self._manifests.values())

    @property
    def absent(self) -> tuple[Absent, ...]:
        """What the indexes list and the layout does not hold."""
        return tuple(self._absent.values())

    def images(self) -> tuple[Manifest, ...]:
        """The manifests of images of which the configuration or a layer is there."""
        return tuple(
            manifest
            for manifest in self._manifests.values()
            if manifest.is_image
            and (
                self.blob(manifest.config.digest) is not None
                or any(self.blob(layer.digest) is not None for layer in manifest.layers)
            )
        )

    def blob(self, digest: str) -> Blob | None:
        """The bytes stored under a digest; None when it is none or nothing is there."""
        if not is_digest(digest):
            return None
        return self.evidence.find(blob_name(digest))

    def content(self, descriptor: Descriptor, what: str, most: int | None = None) -> bytes | None:
        """A document's bytes, held against its descriptor; None when it is not there or is too large."""
        blob = self.blob(descriptor.digest)
        if blob is None:
            return None
        limit = self.limits.json_bytes if most is None else most
        content = self.evidence.read(blob_name(descriptor.digest), limit)
        if content is not None:
            self.verify(content, descriptor.digest, what)
            self.compare_size(descriptor, blob, what)
        return content

    def verify(self, content: bytes, declared: str, what: str) -> str:
        """The digest of `content` in the algorithm of `declared`; an issue when the two differ."""
        computed = digest_like(declared, (content,))
        if computed != declared:
            self.issues.add(
                "digest-mismatch", what, f"its digest is {computed}, the archive calls it {declared}"
            )
        return computed

    def compare_size(self, descriptor: Descriptor, blob: Blob, what: str) -> None:
        """An issue when a descriptor's size is not the size of the bytes."""
        if descriptor.size and descriptor.size != blob.size:
            self.issues.add(
                "size-mismatch", what, f"it has {blob.size} bytes, its descriptor says {descriptor.size}"
            )

    def compare_layer(self, index: int, descriptor: Descriptor, blob: Blob) -> None:
        """An issue when a layer has not the size that its descriptor says, with what is missing of it.

        Fewer bytes with the right digest are the whole layer: then it is the size that is wrong.
        """
        missing = descriptor.size - blob.size
        if missing <= 0 or digest_like(descriptor.digest, self._pieces(blob)) == descriptor.digest:
            self.compare_size(descriptor, blob, f"layer {index}")
        else:
            note_incomplete(self.evidence, index, blob, missing)

    def _pieces(self, blob: Blob) -> Iterator[bytes]:
        for piece in blob_pieces(blob):
            self.cancel.check()
            yield piece

    def _root(self) -> Document | None:
        content = self.evidence.read(INDEX_NAME, self.limits.json_bytes)
        if content is None:
            return None
        return self._decode(content, INDEX_NAME)

    def _decode(self, content: bytes, subject: str) -> Document | None:
        try:
            return Document(decode_json(content, subject, self.issues), subject, self.issues)
        except ParseError as error:
            self.issues.add("not-parsed", subject, error.message, lost_bytes=len(content))
            return None

    def _visit(self, item: Document, step: _Step) -> None:
        self.cancel.check()
        self._visits += 1
        if self._visits > self.limits.manifests:
            self.issues.add(
                "limit", INDEX_NAME, f"only the first {self.limits.manifests} manifests were visited"
            )
            return
        descriptor = read_descriptor(item)
        step = _Step(step.depth, step.trail, (*step.tags, *_names(descriptor.annotations)))
        if not is_digest(descriptor.digest):
            self.issues.add("bad-digest", item.subject, f"{descriptor.digest!r} is no digest of content")
            return
        self.referenced[descriptor.digest] = None
        self._note_tag(descriptor, step, item)
        if descriptor.digest in step.trail:
            self.issues.add("index-cycle", f"index {descriptor.digest}", "it contains itself")
            return
        if self.blob(descriptor.digest) is None:
            self._note_absent(item, descriptor, step.tags)
            return
        document = self._document(descriptor)
        if document is None:
            return
        if self._is_index(document, descriptor):
            self._descend(document, descriptor, step)
        else:
            self._keep(document, item, descriptor, step)

    def _document(self, descriptor: Descriptor) -> Document | None:
        """A manifest or index, read once; all of them together may have `limits.json_bytes`."""
        if descriptor.digest not in self._documents:
            subject = f"manifest {descriptor.digest}"
            content = self.content(descriptor, subject, self._budget)
            self._budget -= len(content or b"")
            self._documents[descriptor.digest] = None if content is None else self._decode(content, subject)
        return self._documents[descriptor.digest]

    def _is_index(self, document: Document, descriptor: Descriptor) -> bool:
        """What a document is, by its own media type, its descriptor's and its members, in this order."""
        subject = f"manifest {descriptor.digest}"
        own = document.text("mediaType")
        both = document.has("manifests") and document.has("layers")
        if both or (own and descriptor.media_type and own != descriptor.media_type):
            told = "manifests and layers" if both else f"{own} inside, {descriptor.media_type} outside"
            self.issues.add(
                "ambiguous-media-type", subject, f"programs may read it as an index or as a manifest: {told}"
            )
        media_type = own or descriptor.media_type
        if media_type in _media_types.INDEXES:
            return True
        if media_type in _media_types.SCHEMA_1:
            self.issues.add("not-supported", subject, "it is a Docker schema 1 manifest, which is not read")
        return media_type not in _media_types.MANIFESTS and document.has("manifests") and not both

    def _descend(self, document: Document, descriptor: Descriptor, step: _Step) -> None:
        if step.depth + 1 >= self.limits.index_depth:
            self.issues.add(
                "limit",
                f"index {descriptor.digest}",
                f"indexes are nested deeper than {self.limits.index_depth}; this one was not entered",
            )
            return
        self.index_annotations[descriptor.digest] = document.mapping("annotations")
        deeper = _Step(step.depth + 1, (*step.trail, descriptor.digest), step.tags)
        for child in document.children("manifests"):
            self._visit(child, deeper)

    def _keep(self, document: Document, item: Document, descriptor: Descriptor, step: _Step) -> None:
        manifest = self._manifests.get(descriptor.digest)
        if manifest is None:
            outer = descriptor.annotations
            manifest = Manifest(
                digest=descriptor.digest,
                config=read_descriptor(document.child("config")),
                layers=tuple(read_descriptor(layer) for layer in document.children("layers")),
                annotations={**outer, **document.mapping("annotations")},
                artifact_type=document.text("artifactType") or item.text("artifactType"),
                subject=document.child("subject").text("digest") or outer.get(_ATTESTED, ""),
                platform=read_platform(item.child("platform")),
                is_attestation=_ATTESTATION_TYPE in outer,
            )
            self._manifests[descriptor.digest] = manifest
            parts = (manifest.config, *manifest.layers, *map(read_descriptor, document.children("blobs")))
            self.referenced |= dict.fromkeys((*(part.digest for part in parts), manifest.subject))
        _extend(manifest.tags, step.tags)
        _extend(manifest.parents, step.trail)

    def _note_tag(self, descriptor: Descriptor, step: _Step, item: Document) -> None:
        """An issue when one name stands for two images of one platform."""
        platform = str(read_platform(item.child("platform")))
        for name in step.tags if not step.depth else ():
            known = self._tagged.setdefault((name, platform), descriptor.digest)
            if known != descriptor.digest and not FALLBACK_TAG.fullmatch(name):
                self.issues.add(
                    "ambiguous-tag",
                    INDEX_NAME,
                    f"{name} stands for two images, {known} and {descriptor.digest}",
                )

    @property
    def names_needed(self) -> tuple[str, ...]:
        """Where everything is kept that the index leads to."""
        return tuple(blob_name(digest) for digest in self.referenced if is_digest(digest))

    def _note_absent(self, item: Document, descriptor: Descriptor, tags: tuple[str, ...]) -> None:
        platform = read_platform(item.child("platform"))
        attestation = _ATTESTATION_TYPE in descriptor.annotations
        self._absent.setdefault(descriptor.digest, Absent(descriptor.digest, platform, attestation, tags))


def read_descriptor(document: Document) -> Descriptor:
    """A descriptor (OCI image-spec, descriptor.md)."""
    return Descriptor(
        media_type=document.text("mediaType"),
        digest=document.text("digest"),
        size=document.number("size"),
        annotations=document.mapping("annotations"),
    )


def note_incomplete(evidence: Evidence, index: int, blob: Blob, missing: int) -> None:
    """An issue about a layer of which `missing` bytes are not there, none of them counted twice."""
    evidence.issues.add(
        "layer-incomplete",
        f"layer {index}",
        f"not all of it is there: {blob.size:,} of {blob.size + missing:,} bytes as it is stored",
        missing - min(missing, evidence.missing(blob)),
    )


def blob_name(digest: str) -> str:
    """Where a layout keeps the content with this well-formed digest."""
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def digest_like(declared: str, pieces: Iterable[bytes]) -> str:
    """The digest of a content in the algorithm that `declared`, a well-formed digest, names."""
    computed = new_hash(declared)
    for piece in pieces:
        computed.update(piece)
    return f"{declared.partition(':')[0]}:{computed.hexdigest()}"


def _names(annotations: dict[str, str]) -> tuple[str, ...]:
    """The names an index gives: containerd's full one, else what the reference name says."""
    for key in (_CONTAINERD_NAME, REF_NAME):
        if annotations.get(key):
            return (annotations[key],)
    return ()


def _extend(known: list[str], more: Sequence[str]) -> None:
    known.extend(name for name in dict.fromkeys(more) if name not in known)
