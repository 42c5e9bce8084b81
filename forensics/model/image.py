"""An image as its manifest and configuration describe it, and where its bytes lie."""

from __future__ import annotations

import msgspec

from forensics.model.issues import Issue


class Blob(msgspec.Struct, frozen=True):
    """A run of bytes in a file that this process holds open: `size` bytes at `offset` of `fd`."""

    fd: int
    offset: int
    size: int


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """Operating system and architecture (OCI image index, `platform`)."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        parts = [self.os or "unknown", self.architecture or "unknown"]
        return "/".join([*parts, self.variant] if self.variant else parts)


class Descriptor(msgspec.Struct, frozen=True, kw_only=True):
    """A typed, sized reference to content (OCI image spec, descriptors)."""

    media_type: str = ""
    digest: str = ""
    size: int = 0
    annotations: dict[str, str] = {}


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the build (OCI image configuration, `history`)."""

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class ImageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the image would run and how it was made; absent values are empty."""

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    working_dir: str = ""
    shell: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    stop_signal: str = ""
    author: str = ""
    created: str = ""
    platform: Platform = Platform()
    diff_ids: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()


class LayerSource(msgspec.Struct, frozen=True, kw_only=True):
    """One layer as the source found it, before a byte of it was decompressed.

    `digest` is the blob's digest as declared by the manifest (empty in docker-save archives that
    name layers by anything else), `diff_id` the configuration's digest of the uncompressed tar.
    `blob` is None when the archive does not hold the layer; `name` is where it was looked for.
    """

    index: int
    name: str
    digest: str = ""
    diff_id: str = ""
    media_type: str = ""
    blob: Blob | None = None
    created_by: str = ""
    created: str = ""
    comment: str = ""
    base: bool | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A document that travels beside the image: an attestation, an attached SBOM, a signature.

    `media_type` is that of the document, `predicate_type` the in-toto predicate when it has one.
    """

    name: str
    media_type: str
    blob: Blob
    digest: str = ""
    predicate_type: str = ""
    annotations: dict[str, str] = {}


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of an archive or layout that no image of it stands for.

    `kind`, `offset` (in the uncompressed archive; 0 for a file of a folder) and `head` as in `HiddenBytes`;
    `name` is a member's name, or says what the bytes are. `sha256` is their hex digest.
    """

    kind: str
    name: str
    offset: int
    blob: Blob
    sha256: str
    head: bytes = b""
    member: str = ""
    runs: tuple[tuple[int, int], ...] = ()


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An opened image. The file descriptors in its blobs belong to the `OpenImage` that carries it.

    `source` is the plugin id (`docker_archive`, `oci_layout`, `rootfs`), `reference` what the person gave;
    of an `acquired` image the reference is the word of the record beside it, and `passed_over` counts the
    images that are there besides the one that the record chose, 0 where the person chose one.
    Digests are *computed* over the bytes found and empty where there is no such document. `issues` are what
    the source met: declared digests not met, layers that are not there, documents that disagree.
    """

    source: str
    reference: str
    manifest_digest: str = ""
    config_digest: str = ""
    platform: Platform = Platform()
    tags: tuple[str, ...] = ()
    created: str = ""
    config: ImageConfig = ImageConfig()
    layers: tuple[LayerSource, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    issues: tuple[Issue, ...] = ()
    passed_over: int = 0
