"""What the store holds: images by their records, and contents by their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from forensics.digests import is_digest
from forensics.errors import ForensicsError
from forensics.model.acquisition import Acquisition
from forensics.printable import printable
from forensics.store._folders import StoreFolders

_MOST_RECORD_BYTES = 64 << 20
_NO_RECORD = (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How a file fails that should be a record: it is gone, damaged, or was made by somebody else."""


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What `remember` writes: the record, and the bytes of the `index.json` that leads to its contents."""

    acquisition: Acquisition
    index: bytes


@dataclass(frozen=True, slots=True)
class StoredImage:
    """One image in the store. `size` are the bytes of those contents that are there, `used` the seconds since
    the epoch at which it was last opened. `key` names its files.
    """

    key: str
    acquisition: Acquisition
    index: bytes
    size: int
    used: float

    @property
    def digests(self) -> frozenset[str]:
        """The contents that belong to it."""
        return frozenset(content.digest for content in self.acquisition.contents)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One content or part of one. `digest` is empty for what is still being received."""

    path: Path
    digest: str
    size: int
    used: float


@dataclass(frozen=True, slots=True)
class StoreContents:
    """What a store holds: its images, `used_bytes` of all contents, and the files that should be records and
    are none.
    """

    folder: Path
    images: tuple[StoredImage, ...]
    used_bytes: int
    unreadable: tuple[Path, ...]


def look_at(folder: Path) -> StoreContents:
    """What the store in `folder` holds, without a lock and without writing to it; nothing without a folder.

    Raises ForensicsError when it may not be read.
    """
    folders = StoreFolders(folder, to_write=False)
    unreadable: list[Path] = []
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(20, "Not a directory")
        images = stored_images(folders, unreadable)
        used = sum(file.size for file in stored_files(folders))
    except OSError as error:
        raise ForensicsError(
            f"the store in {printable(str(folder))} cannot be read: {error.strerror}",
            "name the folder of the store with FORENSICS_STORE_DIR",
        ) from error
    return StoreContents(folder, images, used, tuple(unreadable))


def record_key(record: Acquisition) -> str:
    """The name of a record's files: the same image of the same origin has the same one."""
    parts = (record.source, record.reference, record.platform, record.manifest_digest, record.archive)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def stored_images(folders: StoreFolders, unreadable: list[Path] | None = None) -> tuple[StoredImage, ...]:
    """Every readable record, the last used first; what should be one and is none is added to `unreadable`."""
    found = []
    sizes = {file.digest: file.size for file in stored_files(folders)}
    for path in _files(folders.images):
        if path.suffix != ".json":
            continue
        try:
            found.append(_stored_image(path, sizes))
        except FileNotFoundError:
            continue
        except _NO_RECORD:
            if unreadable is not None:
                unreadable.append(path)
    return tuple(sorted(found, key=lambda image: (-image.used, image.key)))


def _stored_image(path: Path, sizes: dict[str, int]) -> StoredImage:
    if path.stat().st_size > _MOST_RECORD_BYTES:
        raise OSError(27, "File too large")
    stored = msgspec.json.decode(path.read_bytes(), type=StoredRecord)
    digests = {content.digest for content in stored.acquisition.contents}
    size = sum(sizes.get(digest, 0) for digest in digests)
    lease = path.with_suffix(".lease")
    used = (lease if lease.exists() else path).stat().st_mtime
    return StoredImage(path.stem, stored.acquisition, stored.index, size, used)


def stored_files(folders: StoreFolders) -> tuple[StoredFile, ...]:
    """Every content, then every part of one."""
    found: list[StoredFile] = []
    for algorithm in _files(folders.blobs):
        for path in _files(algorithm):
            digest = f"{algorithm.name}:{path.name}"
            if is_digest(digest):
                found.extend(_file(path, digest))
    for path in _files(folders.partial):
        found.extend(_file(path, ""))
    return tuple(found)


def _file(path: Path, digest: str) -> Iterator[StoredFile]:
    with contextlib.suppress(OSError):
        status = path.lstat()
        yield StoredFile(path, digest, status.st_size, status.st_mtime)


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
