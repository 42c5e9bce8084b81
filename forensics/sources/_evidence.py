"""What lies at the path a person gave: an archive or a folder, read without changing or trusting it."""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import ImageNotOpened
from forensics.model.image import Blob
from forensics.parsers.tar import TarRun
from forensics.printable import printable
from forensics.sources._issues import IssueLog

_PIECE = 1 << 20
_BLOBS = "blobs"
_DEEPEST = 4
_MOST_FILES = 200_000
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def open_quietly(name: str | bytes | Path, flags: int = 0, folder: int | None = None) -> int:
    """Open for reading, without a new access time where the kernel allows that (open(2), O_NOATIME)."""
    try:
        return os.open(name, _READ | flags | os.O_NOATIME, dir_fd=folder)
    except PermissionError:
        return os.open(name, _READ | flags, dir_fd=folder)


def blob_pieces(blob: Blob) -> Iterator[bytes]:
    """The bytes of a blob in order, fewer than its size when its file is shorter."""
    offset, end = blob.offset, blob.offset + blob.size
    while offset < end and (piece := os.pread(blob.fd, min(end - offset, _PIECE), offset)):
        yield piece
        offset += len(piece)


def read_blob(blob: Blob) -> bytes:
    """All bytes of a blob."""
    return b"".join(blob_pieces(blob))


@dataclass(frozen=True, slots=True)
class Stored:
    """One content as it is stored; `offset` is its place in the archive, 0 in a folder.

    `shadowed`: a later member of the same name takes its place, or its name leads out of the archive.
    """

    name: str
    blob: Blob
    offset: int = 0
    shadowed: bool = False


class Evidence(ABC):
    """Holds the documents and blobs of images under names; `path` is where it lies, printable."""

    def __init__(self, path: str, issues: IssueLog) -> None:
        self.path = path
        self.issues = issues
        self._too_large: dict[str, tuple[int, int]] = {}

    @abstractmethod
    def find(self, name: str) -> Blob | None:
        """The bytes under `name` (`blobs/sha256/…`), None when there are none. The blob stays readable."""

    def read(self, name: str, limit: int) -> bytes | None:
        """The content under `name`; None, with an issue, when it holds more than `limit` bytes."""
        blob = self.find(name)
        if blob is None:
            return None
        if blob.size > limit:
            self._too_large[name] = blob.size, limit
            self.issues.add(
                "limit",
                name,
                f"it has {blob.size:,} bytes, a document of an image may have {limit:,}",
                lost_bytes=blob.size,
            )
            return None
        return read_blob(blob)

    @property
    def received(self) -> Blob | None:
        """The archive as it arrived, compressed or not; None when this is no archive."""
        return None

    def missing(self, blob: Blob) -> int:  # noqa: ARG002
        """How many bytes of the content behind `blob` an archive that ends early does not hold any more."""
        return 0

    @property
    def early_end(self) -> str:
        """How this ends before its end, as the rest of a sentence about it; empty when it does not."""
        return ""

    def unneeded(self, needed: Collection[str]) -> Iterator[Stored]:  # noqa: ARG002
        """Every content but those that these names lead to, in the order in which they are stored."""
        return iter(())

    def stray(self) -> tuple[tuple[TarRun, ...], tuple[Blob, ...]]:
        """Runs of an archive that belong to none of its members, and the bytes of each."""
        return (), ()

    def joined(self, blobs: Sequence[Blob]) -> Blob:
        """These bytes one behind the other."""
        return blobs[0]

    def head(self, name: str, length: int) -> bytes:
        """The first bytes under `name`, none when nothing is there."""
        blob = self.find(name)
        return b"" if blob is None else os.pread(blob.fd, min(length, blob.size), blob.offset)

    @abstractmethod
    def refusal(self) -> ImageNotOpened:
        """Why no source recognises this, and what to do."""

    def lacks(self, name: str, kind: str) -> ImageNotOpened:
        """Why a reading as `kind` fails: there is no `name`, or too much of it."""
        if name in self._too_large:
            size, most = self._too_large[name]
            return ImageNotOpened(
                f"the {name} of {self.path} has {size:,} bytes, a document of an image may have {most:,}",
                f"raise the limit if you trust it: --limit json_bytes={size}",
            )
        return ImageNotOpened(
            f"{self.path} has no {name}: it is no {kind}", f"let its bytes tell what it is: {self.path}"
        )

    @abstractmethod
    def close(self) -> None:
        """Close what was opened for it."""


class FolderEvidence(Evidence):
    """A folder. Names are opened component by component and no symbolic link in it is followed."""

    def __init__(self, path: str, descriptor: int, issues: IssueLog) -> None:
        super().__init__(path, issues)
        self.descriptor = descriptor
        self._found: dict[str, Blob | None] = {}
        self._opened: list[int] = []

    def unneeded(self, needed: Collection[str]) -> Iterator[Stored]:
        """Files below `blobs`; what else lies in the folder is not part of the layout."""
        for name in self._below_blobs():
            blob = None if name in needed else self.find(name)
            if blob is not None:
                yield Stored(name, blob)

    def _below_blobs(self) -> list[str]:
        """The names of the files, at most 200,000 and four folders deep, in order."""
        found: list[str] = []
        try:
            for folder, folders, names, _ in os.fwalk(_BLOBS, dir_fd=self.descriptor):
                if folder.count("/") >= _DEEPEST:
                    folders.clear()
                found += [f"{folder}/{name}" for name in names]
                if len(found) > _MOST_FILES:
                    self.issues.add("limit", _BLOBS, f"only {_MOST_FILES:,} files of it were looked at")
                    break
        except OSError as error:
            if error.errno != errno.ENOENT:
                self.issues.add("unreadable", _BLOBS, f"it could not be listed: {error.strerror}")
        return sorted(found)[:_MOST_FILES]

    def names(self) -> frozenset[str]:
        """The names directly in the folder."""
        with os.scandir(self.descriptor) as entries:
            return frozenset(entry.name for entry in entries)

    def find(self, name: str) -> Blob | None:
        """The regular file under `name`, a relative path without `..`."""
        if name not in self._found:
            self._found[name] = self._open(name)
        return self._found[name]

    def _open(self, name: str) -> Blob | None:
        *folders, last = name.split("/")
        if not last or any(part in ("", ".", "..") for part in (*folders, last)):
            return None
        here = self.descriptor
        try:
            for part in folders:
                deeper = open_quietly(part, os.O_DIRECTORY | os.O_NOFOLLOW, here)
                if here != self.descriptor:
                    os.close(here)
                here = deeper
            descriptor = open_quietly(last, os.O_NOFOLLOW, here)
        except OSError as error:
            self._not_opened(name, error)
            return None
        finally:
            if here != self.descriptor:
                os.close(here)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            self.issues.add("not-a-file", name, "it is not a regular file and was not read")
            return None
        self._opened.append(descriptor)
        return Blob(descriptor, 0, status.st_size)

    def _not_opened(self, name: str, error: OSError) -> None:
        if error.errno == errno.ENOENT:
            return
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            self.issues.add(
                "link-refused", name, "it is reached through a symbolic link, which is not followed"
            )
        else:
            self.issues.add("unreadable", name, f"it could not be opened: {error.strerror}")

    def refusal(self) -> ImageNotOpened:
        """A folder that is neither an OCI layout nor looks like a root filesystem."""
        if not self.names():
            return ImageNotOpened(
                f"{self.path} is an empty folder",
                f"open it as a root filesystem all the same with rootfs:{self.path}",
            )
        if self.find("manifest.json"):
            return ImageNotOpened(
                f"{self.path} looks like an unpacked docker-save archive",
                "pack it again: tar -cf image.tar -C FOLDER .",
            )
        return ImageNotOpened(
            f"{self.path} is neither an OCI layout nor a root filesystem: it has no index.json, etc or usr",
            f"open it as a root filesystem all the same with rootfs:{self.path}",
        )

    def close(self) -> None:
        """Close the folder and every blob found in it."""
        while self._opened:
            os.close(self._opened.pop())
        os.close(self.descriptor)


def open_path(path: Path) -> tuple[int, os.stat_result]:
    """A descriptor of a regular file or a folder, links in the given path followed.

    Raises ImageNotOpened when there is nothing, when it may not be read or when it is anything else.
    """
    shown = printable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise _no_image(shown, status)
        descriptor = open_quietly(path)
    except OSError as error:
        raise _not_opened(shown, error) from error
    return descriptor, os.fstat(descriptor)


def _no_image(shown: str, status: os.stat_result) -> ImageNotOpened:
    if stat.S_ISBLK(status.st_mode):
        return ImageNotOpened(
            f"{shown} is a block device",
            "mount what it holds read-only and open the mounted folder with rootfs:FOLDER",
        )
    return ImageNotOpened(
        f"{shown} is no regular file", "give an image archive, an OCI layout or a root filesystem folder"
    )


def _not_opened(shown: str, error: OSError) -> ImageNotOpened:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ImageNotOpened(
            f"there is nothing at {shown}",
            "check the path; an image of a registry is registry:NAME, one of an engine docker:NAME",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return ImageNotOpened(f"{shown} may not be read", "check its permissions or copy it")
    return ImageNotOpened(f"{shown} cannot be opened: {error.strerror}", "check the path")
