"""Small images for tests: layers written by the standard library's tarfile, opened as an `ImageView`."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from forensics.layers import ImageView, index_layer
from forensics.model.facts import FileFacts
from forensics.model.image import Blob, LayerSource
from forensics.sources import open_image
from forensics.spool import Spool


@dataclass(frozen=True)
class Link:
    """A symbolic link, or a hard link, to `target`."""

    target: str
    hard: bool = False


@dataclass(frozen=True)
class Program:
    """A file with execute permission."""

    content: bytes
    mode: int = 0o755


DIRECTORY = object()
GONE = object()
"""A whiteout: the path is deleted by this layer."""

Content = bytes | str | Link | Program | object
LayerFiles = Mapping[str, Content]


def layer_tar(files: LayerFiles) -> bytes:
    """A layer in the OCI layout: `files` by absolute path."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            _add(archive, path.lstrip("/"), content)
    return stream.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: Content) -> None:
    if content is GONE:
        folder, _, leaf = name.rpartition("/")
        name, content = f"{folder}/.wh.{leaf}".lstrip("/"), b""
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = 0o644, 1_700_000_000
    if content is DIRECTORY:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    elif isinstance(content, Link):
        member.type = tarfile.LNKTYPE if content.hard else tarfile.SYMTYPE
        member.linkname = content.target.lstrip("/") if content.hard else content.target
    else:
        if isinstance(content, Program):
            member.mode, content = content.mode, content.content
        data = content.encode() if isinstance(content, str) else content
        assert isinstance(data, bytes)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
        return
    archive.addfile(member)


@contextmanager
def open_layers(tars: Sequence[Path | bytes]) -> Iterator[ImageView]:
    """A view of layers given as tar files (compressed or not) or as their bytes."""
    with tempfile.TemporaryDirectory() as folder:
        descriptors: list[int] = []
        indexes = []
        try:
            for number, tar in enumerate(tars):
                path = tar if isinstance(tar, Path) else Path(folder, f"{number}.tar")
                if isinstance(tar, bytes):
                    path.write_bytes(tar)
                fd = os.open(path, os.O_RDONLY)
                spool = os.open(Path(folder, f"{number}.spool"), os.O_RDWR | os.O_CREAT)
                descriptors += [fd, spool]
                source = LayerSource(index=number, name=path.name, blob=Blob(fd, 0, path.stat().st_size))
                indexes.append(index_layer(source, spool))
            yield ImageView(indexes)
        finally:
            for fd in descriptors:
                os.close(fd)


@contextmanager
def open_image_of(*layers: LayerFiles) -> Iterator[ImageView]:
    """A view of layers given as mappings of paths to contents."""
    with open_layers([layer_tar(layer) for layer in layers]) as view:
        yield view


def facts_of(view: ImageView, wanted: Mapping[str, frozenset[str]]) -> dict[str, FileFacts]:
    """Facts as the examination gives them, as far as digests go: by SHA-256, with the wanted algorithms."""
    facts = {}
    for version in view.all_versions():
        if version.content is None or version.sha256 in facts:
            continue
        data = view.read(version)
        further = {name: hashlib.new(name, data).hexdigest() for name in wanted.get(version.sha256, ())}
        facts[version.sha256] = FileFacts(sha256=version.sha256, size=len(data), type="data", **further)
    return facts


def sums(algorithm: str, text: str | bytes) -> str:
    """The hex digest of a text."""
    return hashlib.new(algorithm, text.encode() if isinstance(text, str) else text).hexdigest()


@contextmanager
def open_archive(path: Path) -> Iterator[ImageView]:
    """A view of an image archive as the program's sources read it, in this process."""
    with Spool() as spool, open_image(str(path), spool=spool) as opened:
        yield ImageView([index_layer(layer, spool.new_file()) for layer in opened.image.layers])
