"""Takes one content into the store, piece by piece, and lets nobody see it before its digest was met."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from forensics.cancellation import Cancellation
from forensics.digests import new_hash
from forensics.errors import ForensicsError
from forensics.model.image import Blob
from forensics.store._folders import StoreFolders

_PIECE = 1 << 20


class StoreMismatch(ForensicsError):
    """What was received is not what its digest or its size says; nothing of it was kept."""


class Receiving:
    """One content on its way into the store. A context manager: leaving it without `finish` keeps what came,
    so that a later attempt goes on at `offset`; what has no digest yet is dropped instead.

    `complete` is the content itself where the store has it already, because it was there or because another
    process received it meanwhile: then nothing need be written and `finish` gives it.
    """

    def __init__(
        self,
        folders: StoreFolders,
        *,
        digest: str,
        path: Path,
        descriptor: int,
        cancel: Cancellation,
        take: Callable[[int], None],
        keep: Callable[[str, int, Path], Blob],
        complete: Blob | None = None,
    ) -> None:
        self.digest = digest
        self.complete = complete
        self.offset = 0
        self._folders = folders
        self._path = path
        self._descriptor = descriptor
        self._cancel = cancel
        self._take = take
        self._keep = keep
        self._hash = new_hash(digest) if digest else hashlib.sha256()
        self._result: tuple[str, Blob] | None = None
        if complete is not None:
            self.offset = complete.size
            self._result = digest, complete

    def recall(self) -> None:
        """Count and hash what an earlier attempt left."""
        while piece := os.pread(self._descriptor, _PIECE, self.offset):
            self._cancel.check()
            self._hash.update(piece)
            self.offset += len(piece)

    def write(self, data: bytes) -> None:
        """Append bytes; nothing happens where the content is `complete`.

        Raises ForensicsError when the disk is full or the store may hold no more.
        """
        if self._result is not None:
            return
        view = memoryview(data)
        try:
            self._take(len(data))
            while view:
                written = os.pwrite(self._descriptor, view, self.offset)
                self._hash.update(view[:written])
                self.offset += written
                view = view[written:]
        except OSError as error:
            raise self._folders.failed(error) from error

    def restart(self) -> None:
        """Forget what is there, because the other side cannot go on in the middle."""
        if self._result is not None:
            return
        os.ftruncate(self._descriptor, 0)
        self.offset = 0
        self._hash = new_hash(self.digest) if self.digest else hashlib.sha256()

    def finish(self, size: int | None = None) -> tuple[str, Blob]:
        """The digest and the bytes, now in the store.

        Raises StoreMismatch, and drops what came, when the digest is not the declared one or when `size` is
        given and not met; ForensicsError when the disk is full.
        """
        if self._result is not None:
            return self._result
        computed = f"{self.digest.partition(':')[0] or 'sha256'}:{self._hash.hexdigest()}"
        if size is not None and size != self.offset:
            self._drop()
            raise StoreMismatch(
                f"{self.digest or 'a content'} came with {self.offset:,} bytes, {size:,} were announced",
                "try again; when it stays so, the other side keeps something else under this name",
            )
        if self.digest and computed != self.digest:
            self._drop()
            raise StoreMismatch(
                f"what came as {self.digest} has the digest {computed}",
                "it was dropped: try again; when it stays so, it is damaged or changed where it comes from",
            )
        try:
            os.fdatasync(self._descriptor)
            blob = self._keep(computed, self._descriptor, self._path)
        except OSError as error:
            raise self._folders.failed(error) from error
        self._release()
        self._result = computed, blob
        return self._result

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._release()

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._result is None and self._descriptor >= 0 and (not self.digest or not self.offset):
            self._drop()
        self._release()
