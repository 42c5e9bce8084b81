"""The store itself: contents by digest in one folder, for every process of this person."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import platformdirs

from forensics.cancellation import Cancellation
from forensics.digests import is_digest, new_hash
from forensics.errors import ForensicsError
from forensics.model.acquisition import Acquisition
from forensics.model.image import Blob
from forensics.quantities import human_size
from forensics.store._folders import StoreFolders, open_private, same_file, sync_folder, try_lock
from forensics.store._inventory import (
    StoredImage,
    StoredRecord,
    record_key,
    stored_files,
    stored_images,
)
from forensics.store._pruning import UNFINISHED, UNKNOWN, Pruned, drop_stale, prune
from forensics.store._receiving import Receiving

_PIECE = 1 << 20
_WAIT = 0.1
_MOST_GRANTED = 16 << 20
_GRANTS = 64
"""By how many grants at least a store is filled: others may fill it meanwhile, so no grant is a large one."""


def store_folder() -> Path:
    """Where the store lies: `FORENSICS_STORE_DIR`, else `store` in the platform's folder for caches."""
    chosen = os.environ.get("FORENSICS_STORE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("forensics") / "store"


class Store:
    """A content-addressed store of at most `most_bytes`. A context manager; usable from several threads.

    What `find`, `receive` and `remember` gave is held against pruning until `close`, which also closes every
    descriptor handed out. Raises ForensicsError when the folder cannot be written.
    """

    def __init__(
        self, folder: Path | None = None, *, most_bytes: int, cancel: Cancellation | None = None
    ) -> None:
        self.folder = folder or store_folder()
        self.most_bytes = most_bytes
        self._cancel = cancel or Cancellation()
        self._folders = StoreFolders(self.folder)
        self._guard = threading.Lock()
        self._blobs: dict[str, Blob] = {}
        self._leases: list[int] = []
        self._granted = 0
        try:
            drop_stale(self._folders)
        except OSError as error:
            raise self._folders.failed(error) from error

    def find(self, digest: str) -> Blob | None:
        """A complete content, open for reading alone; None when it is not there or `digest` is none.

        Its bytes are held against the digest when this store first opens it; a damaged one is dropped.
        """
        if not is_digest(digest):
            return None
        with self._guard:
            known = self._blobs.get(digest)
        if known is not None:
            return known
        blob = self._hold(digest)
        if blob is None:
            return None
        if self._is_sound(digest, blob):
            return self._known(digest, blob)
        os.close(blob.fd)
        with self._folders.locked(fcntl.LOCK_EX):
            self._folders.blob(digest).unlink(missing_ok=True)
        return None

    def receive(self, digest: str = "") -> Receiving:
        """Begin or go on to receive a content; an empty digest is one that is not known before the end.

        Waits while another process receives the same one, and then gives what that has completed. Raises
        ValueError when the digest is not well-formed, ForensicsError when nothing can be written, Cancelled.
        """
        try:
            return self._receive_known(digest) if digest else self._receive_unknown()
        except OSError as error:
            raise self._folders.failed(error) from error

    def remember(self, record: Acquisition, index: bytes) -> None:
        """Keep the record of an image whose contents were received or found, so that they stay together.

        `index` are the bytes of the `index.json` that leads to them.
        """
        key = record_key(record)
        path = self._folders.images / f"{key}.json"
        content = msgspec.json.encode(StoredRecord(acquisition=record, index=index))
        try:
            with self._folders.locked(fcntl.LOCK_SH):
                lease = open_private(path.with_suffix(".lease"), os.O_RDWR | os.O_CREAT)
                self._leases.append(lease)
                fcntl.flock(lease, fcntl.LOCK_SH)
                os.utime(lease)
                _write_whole(path, content)
        except OSError as error:
            raise self._folders.failed(error) from error

    def images(self) -> tuple[StoredImage, ...]:
        """The images that are here, the last used first."""
        return stored_images(self._folders)

    def prune(self, most_bytes: int | None = None) -> Pruned:
        """Remove the longest unused until at most `most_bytes` (the store's bound) are here."""
        try:
            return prune(self._folders, self.most_bytes if most_bytes is None else most_bytes)
        except OSError as error:
            raise self._folders.failed(error) from error

    def used_bytes(self) -> int:
        """The bytes of all contents, complete or not."""
        return sum(file.size for file in stored_files(self._folders))

    def close(self) -> None:
        """Close every descriptor handed out, and let go of what they held."""
        with self._guard:
            descriptors = [blob.fd for blob in self._blobs.values()] + self._leases
            self._blobs, self._leases = {}, []
        for descriptor in descriptors:
            os.close(descriptor)

    def _receive_unknown(self) -> Receiving:
        with self._folders.locked(fcntl.LOCK_SH):
            descriptor, name = tempfile.mkstemp(prefix=UNKNOWN, dir=self._folders.partial)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return self._receiving("", Path(name), descriptor)

    def _receive_known(self, digest: str) -> Receiving:
        path = self._folders.partial_of(digest)
        while True:
            complete = self.find(digest)
            if complete is not None:
                return self._receiving(digest, path, -1, complete)
            descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
            try:
                mine = try_lock(descriptor) and same_file(descriptor, path)
                if mine and not self._folders.blob(digest).exists():
                    receiving = self._receiving(digest, path, descriptor)
                    receiving.recall()
                    return receiving
            except BaseException:
                os.close(descriptor)
                raise
            if mine:
                path.unlink(missing_ok=True)
            os.close(descriptor)
            self._cancel.check()
            if not mine:
                time.sleep(_WAIT)

    def _receiving(self, digest: str, path: Path, descriptor: int, complete: Blob | None = None) -> Receiving:
        return Receiving(
            self._folders,
            digest=digest,
            path=path,
            descriptor=descriptor,
            cancel=self._cancel,
            take=self._take,
            keep=self._keep,
            complete=complete,
        )

    def _take(self, count: int) -> None:
        """Count bytes that are about to be written; make room for them where there is none."""
        self._cancel.check()
        with self._guard:
            if self._granted < count:
                self._granted = self._grant(count)
            self._granted -= count

    def _grant(self, count: int) -> int:
        """How many bytes may be written, `count` or a few more, before the store is measured again.

        Every process measures for itself, so together they may go over the bound by one grant each.
        """
        wanted = max(count, min(_MOST_GRANTED, self.most_bytes // _GRANTS))
        with self._folders.locked(fcntl.LOCK_EX):
            room = self.most_bytes - self.used_bytes()
        if room < wanted:
            room = self.most_bytes - prune(self._folders, max(0, self.most_bytes - wanted)).kept
        if room < count:
            raise ForensicsError(
                f"the store may hold {human_size(self.most_bytes)}, and what is in use takes all of it",
                "give it more room with --limit store_bytes=BYTES",
            )
        return min(room, wanted)

    def _keep(self, digest: str, descriptor: int, partial: Path) -> Blob:
        """Give a received file its name in the store; one that is there already is the same."""
        there = self.find(digest)
        if there is not None:
            partial.unlink()
            return there
        path = self._folders.blob(digest)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with self._folders.locked(fcntl.LOCK_SH):
            partial.rename(path)
            sync_folder(path.parent)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            blob = _opened(path)
        return self._known(digest, blob)

    def _hold(self, digest: str) -> Blob | None:
        try:
            with self._folders.locked(fcntl.LOCK_SH):
                return _opened(self._folders.blob(digest))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._folders.failed(error) from error

    def _known(self, digest: str, blob: Blob) -> Blob:
        """Remember an open content; where another thread was faster, its one is given and this one closed."""
        with self._guard:
            first = self._blobs.setdefault(digest, blob)
        if first is not blob:
            os.close(blob.fd)
        return first

    def _is_sound(self, digest: str, blob: Blob) -> bool:
        computed = new_hash(digest)
        offset = 0
        while piece := os.pread(blob.fd, _PIECE, offset):
            self._cancel.check()
            computed.update(piece)
            offset += len(piece)
        return offset == blob.size and computed.hexdigest() == digest.partition(":")[2]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _opened(path: Path) -> Blob:
    """A content held against pruning, its time of use noted."""
    descriptor = open_private(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        with contextlib.suppress(OSError):
            os.utime(descriptor)
        return Blob(descriptor, 0, os.fstat(descriptor).st_size)
    except BaseException:
        os.close(descriptor)
        raise


def _write_whole(path: Path, content: bytes) -> None:
    """Put a file in place at once, or not at all, also when the machine stops meanwhile."""
    descriptor, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(unfinished).replace(path)
        sync_folder(path.parent)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
