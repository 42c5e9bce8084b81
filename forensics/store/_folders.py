"""The folders and locks of a store. Nothing but a well-formed digest decides a name in them.

A lock is an advisory one of the kernel (flock(2)) on an open file, so it ends with the process that holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from forensics.digests import is_digest
from forensics.errors import ForensicsError
from forensics.printable import printable

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY
_ROOM = (
    "make room there with forensics store prune --to SIZE, or name another folder with FORENSICS_STORE_DIR"
)


class StoreFolders:
    """`blobs/` holds complete contents, `partial/` what is on its way, `images/` what belongs together.

    They are made where they are not there, unless the store is only looked at (`to_write=False`).
    """

    def __init__(self, folder: Path, *, to_write: bool = True) -> None:
        self.folder = folder
        self.blobs = folder / "blobs"
        self.partial = folder / "partial"
        self.images = folder / "images"
        if to_write:
            self._make(folder)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for below in (self.blobs, self.partial, self.images):
                below.mkdir(mode=0o700, exist_ok=True)
            os.close(self._open_lock())
            if not os.access(self.partial, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise ForensicsError(
                f"the store in {printable(str(folder))} cannot be written: {error.strerror}",
                "name a folder with room for pulled images with FORENSICS_STORE_DIR",
            ) from error

    def blob(self, digest: str) -> Path:
        """Where the content with this digest lies; ValueError when it is not a well-formed one."""
        if not is_digest(digest):
            raise ValueError(f"not a known digest: {digest!r}")
        algorithm, _, encoded = digest.partition(":")
        return self.blobs / algorithm / encoded

    def partial_of(self, digest: str) -> Path:
        """Where the content with this digest is received."""
        blob = self.blob(digest)
        return self.partial / f"{blob.parent.name}-{blob.name}"

    @contextlib.contextmanager
    def locked(self, how: int) -> Iterator[None]:
        """Hold the lock of the whole store: exclusive (`fcntl.LOCK_EX`) to remove, shared to take hold."""
        descriptor = self._open_lock()
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self) -> int:
        return open_private(self.folder / "lock", os.O_RDWR | os.O_CREAT)

    def failed(self, error: OSError) -> ForensicsError:
        """What a person is told when a file of the store could not be written."""
        return ForensicsError(
            f"the store in {printable(str(self.folder))} cannot be written: {error.strerror}", _ROOM
        )


def open_private(path: Path, flags: int) -> int:
    """Open a file of the store, readable by nobody else when it is new; links are not followed."""
    return os.open(path, flags | _FLAGS, 0o600)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take the exclusive lock of an open file; False when somebody else has one."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def same_file(descriptor: int, path: Path) -> bool:
    """Whether `path` still names the file that is open."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except OSError:
        return False
