"""How an image of any source is shown to programs that read OCI layouts.

Manifest, configuration and layers stay as they are. Where an archive has no manifest (docker-save of the
old form) or no configuration (root filesystems) one is made from what is there, and from nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from forensics.cancellation import Cancellation
from forensics.digests import is_digest, sha256_digest
from forensics.errors import ParseError
from forensics.limits import Limits
from forensics.model.acquisition import AcquiredContent, NotAcquired
from forensics.model.image import Blob, Image, LayerSource, Platform
from forensics.parsers.compression import detect_compression
from forensics.sources._document import Document, decode_json, documents
from forensics.sources._evidence import Evidence, blob_pieces
from forensics.sources._issues import IssueLog
from forensics.sources._layout import REF_NAME, blob_name, digest_like
from forensics.sources._saved_images import MANIFEST_NAME

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_SHA256 = sha256_digest(b"")
"""Stands for the algorithm where nothing is declared."""
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_UNNAMED = "latest"


@dataclass(frozen=True, slots=True)
class PresentedContent:
    """One blob of the layout: what the record says of it, and its bytes."""

    about: AcquiredContent
    content: Blob | bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """A layout of one image: the bytes of its `index.json`, its blobs, and what could not be had."""

    index: bytes
    contents: tuple[PresentedContent, ...]
    not_acquired: tuple[NotAcquired, ...]
    notes: tuple[str, ...]


def present(image: Image, evidence: Evidence, limits: Limits, cancel: Cancellation) -> Presented:
    """The layout of `image`, which was read from `evidence`. Every layer's bytes are read once."""
    return _Presentation(image, evidence, limits, cancel).run()


class _Presentation:
    """Collects the blobs of one layout."""

    def __init__(self, image: Image, evidence: Evidence, limits: Limits, cancel: Cancellation) -> None:
        self._image = image
        self._evidence = evidence
        self._limits = limits
        self._cancel = cancel
        self._contents: list[PresentedContent] = []
        self._missing: list[NotAcquired] = []
        self._notes: list[str] = []

    def run(self) -> Presented:
        manifest = self._manifest()
        for layer in self._image.layers:
            self._layer(layer, is_named=bool(manifest))
        name, config = self._found_config()
        if not manifest:
            manifest = self._made_manifest(self._config(name, config))
        elif config:
            self._config(name, config)
        else:
            self._missing.append(
                NotAcquired(digest="", media_type=_CONFIG, reason="no configuration has its digest")
            )
        media_type = _media_type(manifest) or _MANIFEST
        about = self._add(manifest, media_type, "manifest", verified=bool(self._image.manifest_digest))
        entry = {
            "mediaType": media_type,
            "digest": about.digest,
            "size": about.size,
            "annotations": {REF_NAME: _tag_of(self._image)},
        }
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [entry],
        }
        return Presented(
            msgspec.json.encode(index), tuple(self._contents), tuple(self._missing), tuple(self._notes)
        )

    def _manifest(self) -> bytes:
        """The manifest that the archive holds under its own digest, empty when there is none."""
        digest = self._image.manifest_digest
        content = self._evidence.read(blob_name(digest), self._limits.json_bytes) if digest else None
        if content is None or digest_like(digest, (content,)) != digest:
            return b""
        return content

    def _layer(self, layer: LayerSource, *, is_named: bool) -> None:
        """Take a layer; one whose bytes are not what the manifest names cannot be presented by it."""
        if layer.blob is None:
            self._missing.append(
                NotAcquired(
                    digest=layer.digest or layer.diff_id,
                    media_type=layer.media_type,
                    reason=f"layer {layer.index} is not there",
                )
            )
            return
        computed = digest_like(layer.digest if is_digest(layer.digest) else _SHA256, self._pieces(layer.blob))
        if is_named and layer.digest != computed:
            self._missing.append(
                NotAcquired(
                    digest=layer.digest,
                    media_type=layer.media_type,
                    size=layer.blob.size,
                    reason=f"the bytes of layer {layer.index} have the digest {computed}",
                )
            )
            return
        met = computed in (layer.digest, layer.diff_id)
        media_type = layer.media_type if is_named else _layer_type(layer.blob)
        about = AcquiredContent(
            digest=computed, size=layer.blob.size, media_type=media_type, role="layer", verified=met
        )
        self._contents.append(PresentedContent(about, layer.blob))

    def _pieces(self, blob: Blob) -> Iterator[bytes]:
        for piece in blob_pieces(blob):
            self._cancel.check()
            yield piece

    def _config(self, name: str, content: bytes) -> AcquiredContent:
        if not content:
            self._notes.append("the configuration was made for other programs: the image has none")
            return self._add(self._made_config(), _CONFIG, "config", verified=False)
        met = bool(self._image.manifest_digest) or sha256_digest(content).partition(":")[2] in name
        return self._add(content, _CONFIG, "config", verified=met)

    def _found_config(self) -> tuple[str, bytes]:
        """The configuration and the name under which the archive holds it."""
        wanted = self._image.config_digest
        if not wanted:
            return "", b""
        for name in (blob_name(wanted), *_config_names(self._evidence, self._limits)):
            content = self._evidence.read(name, self._limits.json_bytes)
            if content is not None and digest_like(wanted, (content,)) == wanted:
                return name, content
        return "", b""

    def _made_config(self) -> bytes:
        layers = [one.about for one in self._contents if one.about.role == "layer"]
        plain = all(layer.media_type == _LAYER for layer in layers)
        return made_config(self._image.platform, [layer.digest for layer in layers] if plain else [])

    def _made_manifest(self, config: AcquiredContent) -> bytes:
        self._notes.append("the manifest was made for other programs: the image has none")
        layers = [one.about for one in self._contents if one.about.role == "layer"]
        return msgspec.json.encode(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _descriptor(config),
                "layers": [_descriptor(layer) for layer in layers],
            }
        )

    def _add(self, content: bytes, media_type: str, role: str, *, verified: bool) -> AcquiredContent:
        declared = self._image.manifest_digest if role == "manifest" else self._image.config_digest
        about = AcquiredContent(
            digest=digest_like(declared if is_digest(declared) else _SHA256, (content,)),
            size=len(content),
            media_type=media_type,
            role=role,
            verified=verified,
        )
        self._contents.append(PresentedContent(about, content))
        return about


def made_config(platform: Platform, diff_ids: Sequence[str]) -> bytes:
    """A configuration that starts nothing, for an image that has none (OCI image-spec, config.md)."""
    return msgspec.json.encode(
        {
            "architecture": platform.architecture or "unknown",
            "os": platform.os or "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        }
    )


def _config_names(evidence: Evidence, limits: Limits) -> list[str]:
    """What the list of a docker-save archive calls configurations; nothing of it is said again."""
    unheard = IssueLog()
    content = evidence.read(MANIFEST_NAME, limits.json_bytes)
    if content is None:
        return []
    try:
        value = decode_json(content, MANIFEST_NAME, unheard)
    except ParseError:
        return []
    entries = value[: limits.manifests] if isinstance(value, list) else []
    listed = documents(entries, "the list", MANIFEST_NAME, unheard)
    return list(dict.fromkeys(name for entry in listed if (name := entry.text("Config"))))


def _layer_type(blob: Blob) -> str:
    compression = detect_compression(os.pread(blob.fd, min(512, blob.size), blob.offset))
    return f"{_LAYER}+{compression}" if compression else _LAYER


def _media_type(manifest: bytes) -> str:
    try:
        return Document(decode_json(manifest, "manifest", IssueLog()), "manifest", IssueLog()).text(
            "mediaType"
        )
    except ParseError:
        return ""


def _descriptor(about: AcquiredContent) -> dict[str, str | int]:
    return {"mediaType": about.media_type, "digest": about.digest, "size": about.size}


def _tag_of(image: Image) -> str:
    """The tag that stands behind the last colon of a name; tools that want one find `latest` otherwise."""
    behind = [tag.rpartition(":")[2] for tag in image.tags]
    return next((tag for tag in behind if _TAG.fullmatch(tag)), _UNNAMED)
