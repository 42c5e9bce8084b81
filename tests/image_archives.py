"""Builds small image archives for tests, with the standard library's tar writer."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


def digest(content: bytes) -> str:
    """The sha256 digest, computed here and not by the program."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def as_json(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def tar_of(members: Iterable[tuple[str, bytes] | tarfile.TarInfo]) -> bytes:
    """A tar of regular files given by name and content, and of ready-made headers without data."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            header = tarfile.TarInfo(member[0])
            header.size = len(member[1])
            archive.addfile(header, io.BytesIO(member[1]))
    return buffer.getvalue()


def link(name: str, target: str, *, hard: bool = False) -> tarfile.TarInfo:
    """The header of a link."""
    header = tarfile.TarInfo(name)
    header.type = tarfile.LNKTYPE if hard else tarfile.SYMTYPE
    header.linkname = target
    return header


def config_of(layers: Sequence[bytes], **more: Any) -> bytes:
    """An image configuration for these uncompressed layers."""
    value: dict[str, Any] = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-01-02T03:04:05Z",
        "config": {"Cmd": ["/bin/app"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
        "history": [{"created_by": f"COPY {index} /"} for index in range(len(layers))],
    }
    return as_json({**value, **more})


def docker_save(
    layers: Sequence[bytes],
    *,
    tags: Sequence[str] | None = ("app:1",),
    config: bytes | None = None,
    extra: Iterable[tuple[str, bytes] | tarfile.TarInfo] = (),
) -> bytes:
    """A docker-save archive of the old form: `<id>/layer.tar` and `<digest>.json`."""
    content = config_of(layers) if config is None else config
    names = [f"{digest(layer)[7:]}/layer.tar" for layer in layers]
    config_name = f"{digest(content)[7:]}.json"
    manifest = as_json([{"Config": config_name, "RepoTags": tags, "Layers": names}])
    members: list[tuple[str, bytes] | tarfile.TarInfo] = list(zip(names, layers, strict=True))
    return tar_of([*members, (config_name, content), ("manifest.json", manifest), *extra])


class OciBlobs:
    """The blobs of an OCI layout under construction."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def add(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Store content; its descriptor."""
        self.blobs[digest(content)] = content
        return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}

    def image(self, layers: Sequence[bytes], config: bytes | None = None, **more: Any) -> dict[str, Any]:
        """Store an image; the descriptor of its manifest. `more` goes into that descriptor."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.add(config_of(layers) if config is None else config, OCI_CONFIG),
            "layers": [self.add(layer, OCI_LAYER) for layer in layers],
        }
        return self.add(as_json(manifest), OCI_MANIFEST, **more)

    def index(self, manifests: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
        """Store an index; its descriptor."""
        value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}
        return self.add(as_json(value), OCI_INDEX, **more)

    def members(self, manifests: Sequence[Mapping[str, Any]]) -> list[tuple[str, bytes] | tarfile.TarInfo]:
        """Names and contents of the whole layout, `manifests` in its `index.json`."""
        root = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}
        blobs = [("blobs/" + name.replace(":", "/"), content) for name, content in self.blobs.items()]
        return [
            *blobs,
            ("index.json", as_json(root)),
            ("oci-layout", as_json({"imageLayoutVersion": "1.0.0"})),
        ]

    def write(self, folder: Path, manifests: Sequence[Mapping[str, Any]]) -> Path:
        """The layout as a folder."""
        for member in self.members(manifests):
            assert isinstance(member, tuple)
            target = folder / member[0]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(member[1])
        return folder
