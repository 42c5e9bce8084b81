"""Writes an OCI layout as a folder or as a tar, whole or not at all.

Everything goes to a name beside the target that is not taken, which gets the target's name at the end, when
it is on the disk, unless somebody else has put something there meanwhile. What a killed process leaves is
called `.TARGET.forensics-unfinished-…`. A tar depends on what is put into it alone: no owner, no time, no
order of a folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tarfile
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from forensics.cancellation import Cancellation
from forensics.errors import ForensicsError, UsageError
from forensics.printable import printable

_TAR = ".tar"
_UNFINISHED = ".forensics-unfinished-"
_MOST_NAME = 200
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""How file systems without hard links refuse one."""


def check_target(target: Path) -> None:
    """Raise UsageError unless something new can be written there: an empty folder may be there already."""
    shown = printable(str(target))
    if target.is_symlink() or target.exists():
        if target.suffix == _TAR or target.is_symlink() or not target.is_dir():
            raise UsageError(f"{shown} is there already", "name a file or a folder that is new")
        if any(target.iterdir()):
            raise UsageError(f"{shown} is a folder that is not empty", "name one that is new or empty")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {printable(str(target.parent))}", "make it first")


class Writer(ABC):
    """Takes the files of a layout one by one, each name once."""

    @abstractmethod
    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> str:
        """Write a file of `size` bytes; the SHA-256 digest of what was written.

        Raises ForensicsError when there are fewer or more bytes, because then they changed meanwhile.
        """


@contextlib.contextmanager
def layout_writer(target: Path, cancel: Cancellation) -> Iterator[Writer]:
    """A writer for `target`, a tar when its name ends in `.tar`, else a folder.

    What was written appears under its name when the block ends, and is gone when it raises. Raises
    ForensicsError when the disk is full or the place cannot be written.
    """
    check_target(target)
    place = target.absolute()
    try:
        if place.suffix == _TAR:
            with _tar_writer(place, cancel) as writer:
                yield writer
        else:
            with _folder_writer(place, cancel) as writer:
                yield writer
    except OSError as error:
        raise ForensicsError(
            f"{printable(str(target))} cannot be written: {error.strerror or error}",
            "choose a place with room for all of the image, and for the archive that it came in",
        ) from error


@contextlib.contextmanager
def _folder_writer(place: Path, cancel: Cancellation) -> Iterator[Writer]:
    unfinished = Path(tempfile.mkdtemp(prefix=_prefix(place), dir=place.parent))
    try:
        yield _FolderWriter(unfinished, cancel)
        for folder, _, _ in os.walk(unfinished):
            _sync(Path(folder))
        # It takes the place of an empty folder alone: rename(2).
        unfinished.rename(place)
        _sync(place.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


@contextlib.contextmanager
def _tar_writer(place: Path, cancel: Cancellation) -> Iterator[Writer]:
    descriptor, name = tempfile.mkstemp(prefix=_prefix(place), dir=place.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield _TarWriter(file, cancel)
            file.write(bytes(2 * tarfile.BLOCKSIZE))
            file.flush()
            os.fsync(file.fileno())
        _give_name(unfinished, place)
        _sync(place.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _give_name(unfinished: Path, place: Path) -> None:
    """Give a finished file its name. Raises UsageError when there is something of this name by now."""
    try:
        try:
            os.link(unfinished, place)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            unfinished.rename(place)
        else:
            unfinished.unlink()
    except FileExistsError as error:
        raise UsageError(
            f"{printable(str(place))} was made by somebody else meanwhile", "name a file that is new"
        ) from error


def _sync(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prefix(place: Path) -> str:
    """How the name begins until it is finished: a person who finds it should know what it is."""
    return f".{os.fsdecode(os.fsencode(place.name)[:_MOST_NAME])}{_UNFINISHED}"


class _FolderWriter(Writer):
    """Every file readable by its owner alone."""

    def __init__(self, folder: Path, cancel: Cancellation) -> None:
        self._folder = folder
        self._cancel = cancel

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> str:
        path = self._folder / name
        for parent in reversed(Path(name).parents):
            (self._folder / parent).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            digest = _copy(name, size, pieces, file, self._cancel)
            file.flush()
            os.fsync(file.fileno())
            return digest


class _TarWriter(Writer):
    """Regular files alone, with folders left to whoever unpacks."""

    def __init__(self, file: BinaryIO, cancel: Cancellation) -> None:
        self._file = file
        self._cancel = cancel

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> str:
        header = tarfile.TarInfo(name)
        header.size = size
        header.mode = 0o600
        self._file.write(header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        digest = _copy(name, size, pieces, self._file, self._cancel)
        self._file.write(bytes(-size % tarfile.BLOCKSIZE))
        return digest


def _copy(name: str, size: int, pieces: Iterable[bytes], file: BinaryIO, cancel: Cancellation) -> str:
    """Write exactly `size` bytes; their digest."""
    computed = hashlib.sha256()
    missing = size
    for piece in pieces:
        cancel.check()
        missing -= len(piece)
        if missing < 0:
            break
        computed.update(piece)
        file.write(piece)
    if missing:
        raise ForensicsError(
            f"{printable(name)} changed while it was read",
            "acquire the image again when nothing writes to it",
        )
    return f"sha256:{computed.hexdigest()}"
