"""Small images as scenes: layers given as dictionaries, run through the rooms in this very process.

    scene = build([{"/bin/ls": File(elf(), 0o755), **dpkg({"coreutils": {"/bin/ls": elf()}})}, {"/x": None}])

A value is a `File`, bytes (a regular file of mode 0644) or None (the path is deleted).
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tarfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from forensics.detectors import Detector, Needs, Scene, detect
from forensics.examine import Examination, Rule, Signatures, load_signatures
from forensics.inventory import catalog
from forensics.layers import ImageView, index_layer
from forensics.model.facts import FileFacts
from forensics.model.findings import Finding
from forensics.model.image import Blob, HistoryEntry, Image, ImageConfig, LayerSource
from forensics.model.sbom import DeclaredSbom
from forensics.sbom import Reconciler, reconcile


@dataclass(frozen=True)
class File:
    """One member of a layer. `kind` is the tar type flag; `link` the target of a link."""

    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    kind: bytes = tarfile.REGTYPE
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)
    mtime: int = 1_700_000_000


Layer = Mapping[str, File | bytes | None] | Sequence[tuple[str, File | bytes | None]]


def directory(mode: int = 0o755) -> File:
    """A directory."""
    return File(mode=mode, kind=tarfile.DIRTYPE)


def symlink(target: str) -> File:
    """A symbolic link."""
    return File(mode=0o777, kind=tarfile.SYMTYPE, link=target)


def layer_tar(layer: Layer) -> bytes:
    """The layer as an uncompressed tar; members in the order given, names as they are written."""
    members = layer.items() if isinstance(layer, Mapping) else layer
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, value in members:
            file = File(value) if isinstance(value, bytes) else value
            info = tarfile.TarInfo(path.removeprefix("/"))
            if file is None:
                folder, _, name = info.name.rpartition("/")
                info.name = f"{folder}/.wh.{name}" if folder else f".wh.{name}"
                file = File()
            info.mode, info.uid, info.gid, info.mtime = file.mode, file.uid, file.gid, file.mtime
            info.type, info.linkname = file.kind, file.link
            info.devmajor, info.devminor = file.device
            info.size = len(file.content) if file.kind == tarfile.REGTYPE else 0
            info.pax_headers = {
                f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape")
                for name, value in file.xattrs.items()
            }
            tar.addfile(info, io.BytesIO(file.content))
    return target.getvalue()


def image(
    layers: Sequence[bytes], config: ImageConfig | None = None, created_by: Sequence[str] = ()
) -> tuple[Image, list[int]]:
    """An image over in-memory files; the descriptors belong to the caller."""
    descriptors, sources = [], []
    for number, tar in enumerate(layers):
        descriptor = os.memfd_create(f"layer-{number}")
        os.write(descriptor, tar)
        descriptors.append(descriptor)
        line = created_by[number] if number < len(created_by) else ""
        sources.append(
            LayerSource(
                index=number,
                name=f"layer-{number}",
                diff_id="sha256:" + hashlib.sha256(tar).hexdigest(),
                blob=Blob(descriptor, 0, len(tar)),
                created_by=line,
            )
        )
    if config is None:
        config = ImageConfig(history=tuple(HistoryEntry(created_by=line) for line in created_by))
    return Image(source="docker_archive", reference="test", config=config, layers=tuple(sources)), descriptors


@cache
def signatures() -> Signatures:
    """The bundled signatures, compiled once a test run."""
    return load_signatures()


@cache
def _examination() -> Examination:
    return Examination(signatures())


def examined(content: bytes) -> FileFacts:
    """What is learnt from these bytes alone."""
    return _examination().examine(content, hashlib.sha256(content).hexdigest(), frozenset())


def build(
    layers: Sequence[Layer | bytes],
    config: ImageConfig | None = None,
    created_by: Sequence[str] = (),
    sboms: Sequence[DeclaredSbom] = (),
    rules: Mapping[str, Rule] | None = None,
) -> Scene:
    """Everything that is known of the image after the whole analysis, as detectors get it."""
    tars = [layer if isinstance(layer, bytes) else layer_tar(layer) for layer in layers]
    opened, descriptors = image(tars, config, created_by)
    view = ImageView([index_layer(source, -1) for source in opened.layers])
    for descriptor in descriptors:
        weakref.finalize(view, os.close, descriptor)
    inventory = catalog(view)
    wanted = Reconciler(view, inventory, tuple(sboms)).wanted_digests()
    facts: dict[str, FileFacts] = {}
    for version in view.all_versions():
        if version.sha256 and version.sha256 not in facts:
            digests = wanted.get(version.sha256, frozenset())
            facts[version.sha256] = _examination().examine(view.read(version), version.sha256, digests)
    for hidden in view.hidden:
        facts[hidden.content.sha256] = examined(view.read(hidden.content))
    return Scene(
        image=opened,
        rules=signatures().rules if rules is None else rules,
        view=view,
        facts=facts,
        inventory=inventory,
        sboms=tuple(sboms),
        reconciliation=reconcile(view, inventory, tuple(sboms), facts),
    )


def findings(scene: Scene) -> tuple[Finding, ...]:
    """What all detectors say of the scene."""
    return tuple(found for needs in Needs for found in detect(scene, needs))


def judge(detector: Detector, *layers: Layer | bytes, **more: Any) -> list[Finding]:
    """What one detector says of an image of these layers; `more` goes to `build`."""
    return list(detector.detect(build(layers, **more)))


def debian(*more: Mapping[str, File | bytes | None], **owned: bytes) -> dict[str, File | bytes | None]:
    """A base layer with a dpkg database that owns `/usr/bin/ls`, and `owned` as further programs there."""
    contents = {"/usr/bin/ls": elf(b"ls"), **{f"/usr/bin/{name}": content for name, content in owned.items()}}
    layer: dict[str, File | bytes | None] = {path: File(content, 0o755) for path, content in contents.items()}
    layer |= dpkg({"coreutils": contents})
    for part in more:
        layer |= part
    return layer


def said(found: Sequence[Finding]) -> list[tuple[str, str, str | None]]:
    """Rule, severity and path of each finding, which is what most tests compare."""
    return [(one.rule_id, str(one.severity), one.path) for one in found]


def dpkg(packages: Mapping[str, Mapping[str, bytes | None]], version: str = "1.0-1") -> dict[str, bytes]:
    """A dpkg database that owns the paths with the digests of the contents (None: without a digest)."""
    status, files = [], {}
    for name, owned in packages.items():
        status.append(
            f"Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n"
            f"Maintainer: Nobody <nobody@example.invalid>\nDescription: {name}\n"
        )
        folders = sorted({path.rpartition("/")[0] or "/." for path in owned})
        files[f"/var/lib/dpkg/info/{name}.list"] = "".join(
            f"{one}\n" for one in ["/.", *folders, *owned]
        ).encode()
        sums = [
            f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  {path.removeprefix('/')}\n"
            for path, content in owned.items()
            if content is not None
        ]
        files[f"/var/lib/dpkg/info/{name}.md5sums"] = "".join(sums).encode()
    files["/var/lib/dpkg/status"] = "\n".join(status).encode()
    files["/etc/os-release"] = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
    return files


def elf(
    marker: bytes = b"", *, sections: bool = True, writable_code: bool = False, appended: bytes = b""
) -> bytes:
    """A well-formed 64-bit ELF executable (System V ABI) that does nothing; `marker` lies in its code."""
    code = b"\x31\xff\xb8\x3c\x00\x00\x00\x0f\x05" + marker
    names = b"\0.text\0.shstrtab\0"
    text_at, size = 0x1000, len(code)
    names_at = text_at + size
    table_at = (names_at + len(names) + 7) & ~7
    count = 3 if sections else 0
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01" + bytes(9), 2, 62, 1, 0x401000, 64, table_at if sections else 0, 0, 64, 56, 2,
        64 if sections else 0, count, 2 if sections else 0,
    )  # fmt: skip
    flags = 7 if writable_code else 5
    load = struct.pack("<IIQQQQQQ", 1, flags, text_at, 0x401000, 0x401000, size, size, 0x1000)
    stack = struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)
    body = (header + load + stack).ljust(text_at, b"\0") + code
    if sections:
        body = (body + names).ljust(table_at, b"\0") + bytes(64)
        body += struct.pack("<IIQQQQIIQQ", 1, 1, 6, 0x401000, text_at, size, 0, 0, 16, 0)
        body += struct.pack("<IIQQQQIIQQ", 7, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    return body + appended


def config(**values: object) -> ImageConfig:
    """An image configuration; `history` may be lines of text."""
    history = values.pop("history", ())
    entries = tuple(
        line if isinstance(line, HistoryEntry) else HistoryEntry(created_by=str(line))
        for line in history  # type: ignore[attr-defined]
    )
    return ImageConfig(history=entries, **values)  # type: ignore[arg-type]
