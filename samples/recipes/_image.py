"""Writes image archives: layers, configuration and manifests, with fixed times and nothing left to chance.

Compressed layers use stored blocks, made here: the output of compression libraries differs between versions.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

START = 1_736_935_200
"""2025-01-15 10:00:00 UTC: when the first step of every image ran."""
TEMPORARY = "/tmp"  # noqa: S108 - a folder of the images, not of this machine
_PARENT_MODES = {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700, "root/.ssh": 0o700}
_OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class _Member:
    kind: bytes
    content: bytes = b""
    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)
    link: str = ""
    capabilities: bytes = b""


class Layer:
    """The members of one layer; parent directories are added as a build would."""

    def __init__(self) -> None:
        self._members: dict[str, _Member] = {}

    def file(
        self,
        path: str,
        content: bytes | str,
        mode: int = 0o644,
        owner: tuple[int, int] = (0, 0),
        capabilities: bytes = b"",
    ) -> Layer:
        """A regular file; `capabilities` is the value of `security.capability`."""
        data = content.encode() if isinstance(content, str) else content
        return self._add(path, _Member(tarfile.REGTYPE, data, mode, owner, capabilities=capabilities))

    def folder(self, path: str, mode: int = 0o755) -> Layer:
        """A directory."""
        return self._add(path, _Member(tarfile.DIRTYPE, mode=mode))

    def link(self, path: str, target: str) -> Layer:
        """A symbolic link."""
        return self._add(path, _Member(tarfile.SYMTYPE, mode=0o777, link=target))

    def remove(self, path: str) -> Layer:
        """A whiteout: `path` is deleted from the layers below."""
        folder, _, name = path.rpartition("/")
        return self._add(f"{folder}/.wh.{name}", _Member(tarfile.REGTYPE))

    def _add(self, path: str, member: _Member) -> Layer:
        name = path.removeprefix("/")
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            parent = "/".join(parts[:depth])
            if parent not in self._members:
                self._members[parent] = _Member(tarfile.DIRTYPE, mode=_PARENT_MODES.get(parent, 0o755))
        self._members[name] = member
        return self

    def tar(self, time: int) -> bytes:
        """The layer as a tar in name order, every member of the same time."""
        buffer = io.BytesIO()
        with tarfile.TarFile(
            fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8"
        ) as archive:
            for name in sorted(self._members, key=_name_bytes):
                member = self._members[name]
                if member.capabilities:
                    buffer.write(_attribute_header(member.capabilities, time))
                    archive.offset = buffer.tell()
                archive.addfile(_header(name, member, time), io.BytesIO(member.content))
        return buffer.getvalue()


def _name_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _header(name: str, member: _Member, time: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type = member.kind
    header.size = len(member.content)
    header.mode = member.mode
    header.uid, header.gid = member.owner
    header.linkname = member.link
    header.mtime = time
    return header


def _attribute_header(capabilities: bytes, time: int) -> bytes:
    """A pax header with `security.capability`; its value is binary, which tarfile cannot write."""
    body = b"SCHILY.xattr.security.capability=" + capabilities + b"\n"
    length = len(body) + 3
    record = b"%d " % length + body
    header = tarfile.TarInfo("PaxHeader")
    header.type = tarfile.XHDTYPE
    header.size = len(record)
    header.mtime = time
    return header.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-len(record) % 512)


def run(command: str) -> str:
    """How BuildKit writes a RUN line into the history."""
    return f"RUN /bin/sh -c {command} # buildkit"


def copy(source: str, target: str) -> str:
    """How BuildKit writes a COPY line into the history."""
    return f"COPY {source} {target} # buildkit"


@dataclass(frozen=True)
class _Step:
    created_by: str
    layer: Layer | None


@dataclass
class ImageRecipe:
    """An image step by step. `config` is the `config` object of its configuration."""

    tag: str
    config: Mapping[str, Any]
    architecture: str = "amd64"
    labels: Mapping[str, str] = field(default_factory=dict)
    _steps: list[_Step] = field(default_factory=list)

    def step(self, created_by: str, layer: Layer | None = None) -> ImageRecipe:
        """One build step; without a layer it only sets something."""
        self._steps.append(_Step(created_by, layer))
        return self

    def layers(self) -> list[bytes]:
        """The tars of all layers."""
        return [step.layer.tar(_time(at)) for at, step in enumerate(self._steps) if step.layer]

    def configuration(self) -> bytes:
        """The configuration document (OCI image-spec, config.md)."""
        config = dict(self.config)
        if self.labels:
            config["Labels"] = dict(self.labels)
        history = []
        for at, step in enumerate(self._steps):
            entry: dict[str, Any] = {"created": _stamp(_time(at)), "created_by": step.created_by}
            entry["comment"] = "buildkit.dockerfile.v0"
            if step.layer is None:
                entry["empty_layer"] = True
            history.append(entry)
        value = {
            "architecture": self.architecture,
            "config": config,
            "created": _stamp(_time(len(self._steps) - 1)),
            "history": history,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in self.layers()]},
        }
        return _json(value)

    def docker_archive(self) -> bytes:
        """What `docker save` of Docker 25 and later writes: `manifest.json` and an OCI layout in one tar."""
        blobs = _Blobs()
        layers = [blobs.add(layer, f"{_OCI}.layer.v1.tar") for layer in self.layers()]
        manifest, config = self._manifest(blobs, layers)
        listed = [
            {
                "Config": _blob_name(config["digest"]),
                "RepoTags": [self.tag],
                "Layers": [_blob_name(layer["digest"]) for layer in layers],
            }
        ]
        return _archive({**blobs.files(manifest), "manifest.json": _json(listed)})

    def oci_archive(self, compressions: Sequence[str]) -> bytes:
        """An OCI layout as a tar; `compressions` has `gzip`, `zstd` or an empty text for each layer."""
        blobs = _Blobs()
        layers = []
        for content, compression in zip(self.layers(), compressions, strict=True):
            suffix = f"+{compression}" if compression else ""
            layers.append(blobs.add(_COMPRESS[compression](content), f"{_OCI}.layer.v1.tar{suffix}"))
        manifest, _ = self._manifest(blobs, layers)
        return _archive(blobs.files(manifest))

    def _manifest(
        self, blobs: _Blobs, layers: Sequence[Mapping[str, Any]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        config = blobs.add(self.configuration(), f"{_OCI}.config.v1+json")
        value = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": config,
            "layers": list(layers),
        }
        names = {
            "io.containerd.image.name": f"docker.io/{self.tag}",
            "org.opencontainers.image.ref.name": self.tag.rpartition(":")[2],
        }
        manifest = blobs.add(_json(value), f"{_OCI}.manifest.v1+json")
        return {**manifest, "annotations": names}, config


class _Blobs:
    """The content-addressed part of an archive."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def add(self, content: bytes, media_type: str) -> dict[str, Any]:
        digest = _digest(content)
        self._blobs[_blob_name(digest)] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def files(self, manifest: Mapping[str, Any]) -> dict[str, bytes]:
        index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": [manifest]}
        return {
            **dict(sorted(self._blobs.items())),
            "index.json": _json(index),
            "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        }


def _archive(files: Mapping[str, bytes]) -> bytes:
    layer = Layer()
    for name, content in files.items():
        layer.file(name, content)
    return layer.tar(0)


def _blob_name(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape")


def _time(step: int) -> int:
    return START + 60 * step


def _stamp(time: int) -> str:
    minutes = (time - START) // 60
    return f"2025-01-15T{10 + minutes // 60:02d}:{minutes % 60:02d}:00Z"


def _gzip(content: bytes) -> bytes:
    """Stored blocks (RFC 1951, section 3.2.4) in a gzip member without name and time (RFC 1952)."""
    blocks = bytearray(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
    pieces = [content[at : at + 0xFFFF] for at in range(0, len(content), 0xFFFF)] or [b""]
    for number, piece in enumerate(pieces):
        final = number == len(pieces) - 1
        blocks += struct.pack("<BHH", final, len(piece), len(piece) ^ 0xFFFF) + piece
    return bytes(blocks) + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def _zstd(content: bytes) -> bytes:
    """One frame of raw blocks with a content size of eight bytes (RFC 8878, sections 3.1.1.1 and 3.1.1.2)."""
    frame = bytearray(b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", len(content)))
    pieces = [content[at : at + 0x20000] for at in range(0, len(content), 0x20000)] or [b""]
    for number, piece in enumerate(pieces):
        final = number == len(pieces) - 1
        frame += (len(piece) << 3 | final).to_bytes(3, "little") + piece
    return bytes(frame)


_COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": _gzip, "zstd": _zstd}
