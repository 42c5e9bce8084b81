"""Nameless temporary files for decompressed archives and layers: gone with the process."""

from __future__ import annotations

import enum
import errno
import fcntl
import os
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from forensics.errors import ForensicsError

_OTHERS_SECONDS = 0.2
"""How long a process that is just being started may hold what its parent has open."""


def spool_folder() -> Path:
    """`FORENSICS_TMPDIR`, `TMPDIR` or `/var/tmp`."""
    return Path(os.environ.get("FORENSICS_TMPDIR") or os.environ.get("TMPDIR") or "/var/tmp")  # noqa: S108


class Seal(enum.Enum):
    """Who can write a file of which this process has no descriptor for writing any more."""

    SEALED = "nobody"
    HELD = "a process that has it open"
    UNKNOWN = "the file system does not tell"


class Spool:
    """Hands out file descriptors of unlinked files in one folder and closes them at the end.

    The files never have a name that anything else could open, and nothing from an image decides where they
    lie. The folder is `spool_folder()` where none is given.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or spool_folder()
        self._open: list[int] = []

    def new_file(self) -> int:
        """A descriptor of a new, empty, nameless file, open for reading and writing.

        Raises ForensicsError when the folder cannot be written.
        """
        try:
            descriptor = self._nameless()
        except OSError as error:
            raise ForensicsError(
                f"cannot write temporary files in {self._folder}: {error.strerror}",
                "set FORENSICS_TMPDIR to a folder with room for the uncompressed image",
            ) from error
        self._open.append(descriptor)
        return descriptor

    def to_read(self, descriptor: int) -> int:
        """Another descriptor of one of these files, open for reading alone."""
        self._open.append(os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC))
        return self._open[-1]

    def seal(self, descriptor: int) -> Seal:
        """From now on this descriptor is for reading alone; tells whether anybody else may still write.

        The kernel knows: it gives a lease to read only on a file that nobody has open for writing (fcntl(2),
        F_SETLEASE). While another process holds the file, the descriptor stays writable. What is no file of
        this spool is left alone, as SEALED.
        """
        if descriptor not in self._open:
            return Seal.SEALED
        _reopen(descriptor, os.O_RDONLY)
        end = time.monotonic() + _OTHERS_SECONDS
        while (found := _ask_who_writes(descriptor)) is Seal.HELD:
            if time.monotonic() > end:
                _reopen(descriptor, os.O_RDWR)
                break
            time.sleep(0.005)
        return found

    def empty(self, descriptor: int) -> None:
        """Free the bytes of one of these files, sealed or not; the descriptor has none from now on."""
        nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)

    def _nameless(self) -> int:
        try:
            return os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            descriptor, name = tempfile.mkstemp(prefix="forensics-", dir=self._folder)
            os.unlink(name)  # noqa: PTH108 - by the very name mkstemp gave
            return descriptor

    def close(self) -> None:
        """Close every file, which also frees its bytes."""
        while self._open:
            os.close(self._open.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _reopen(descriptor: int, flags: int) -> None:
    other = os.open(f"/proc/self/fd/{descriptor}", flags | os.O_CLOEXEC)
    os.dup2(other, descriptor, inheritable=False)
    os.close(other)


def _ask_who_writes(descriptor: int) -> Seal:
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return Seal.HELD if error.errno == errno.EAGAIN else Seal.UNKNOWN
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return Seal.SEALED
