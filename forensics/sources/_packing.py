"""Packs an unpacked root filesystem into one tar, so that it is examined like any layer.

The folder is only read: no link is followed, no access time is left where the kernel allows that, and mounted
file systems inside it are not entered. The tar depends on the content and metadata alone.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator

from forensics.cancellation import Cancellation
from forensics.limits import Limits
from forensics.model.image import Blob
from forensics.printable import printable
from forensics.sources._evidence import open_quietly
from forensics.sources._issues import IssueLog
from forensics.sources._tar_writer import TarWriter, sparse_map, sparse_records

_PIECE = 1 << 20
_WHITEOUT = b".wh."
_UNKNOWN = 1
"""Bytes lost where nobody can tell how many: at least one, so that it counts as something not examined."""
_Parts = tuple[bytes, ...]
_Runs = list[tuple[int, int]]


class FolderPacking:
    """One run over the folder open as `root`, into the file open as `target`."""

    def __init__(
        self,
        root: int,
        target: int,
        issues: IssueLog,
        *,
        limits: Limits,
        cancel: Cancellation,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self._root = root
        self._target = target
        self._issues = issues
        self._limits = limits
        self._cancel = cancel
        self._on_progress = on_progress
        self._writer = TarWriter(target)
        self._linked: dict[tuple[int, int], bytes] = {}
        self._members = 0

    def run(self) -> Blob:
        """Write the tar: every folder before what it holds, names in byte order."""
        status = os.fstat(self._root)
        self._writer.member(
            b"./", b"5", status, xattrs=_attributes(b"/proc/self/fd/%d" % self._root, follow=True)
        )
        waiting: list[_Parts] = [()]
        while waiting:
            parts = waiting.pop()
            folders = list(self._pack_folder(parts, status.st_dev))
            waiting.extend(reversed(folders))
            if self._members >= self._limits.members:
                self._issues.add(
                    "limit",
                    "root filesystem",
                    f"only its first {self._limits.members} files were packed",
                    _UNKNOWN,
                )
                break
        self._writer.end()
        return Blob(self._target, 0, self._writer.size)

    def _pack_folder(self, parts: _Parts, device: int) -> Iterator[_Parts]:
        """Pack what lies directly in a folder; give the folders among it that are to be entered."""
        try:
            folder = self._open_folder(parts)
        except OSError as error:
            self._skip(parts, "unreadable", f"the folder could not be read: {error.strerror}", _UNKNOWN)
            return
        try:
            for name in _names(folder):
                self._cancel.check()
                inner = (*parts, name)
                status = self._pack(folder, inner)
                if status is None or not stat.S_ISDIR(status.st_mode):
                    continue
                if status.st_dev != device:
                    self._skip(
                        inner, "other-filesystem", "another file system is mounted here; it was not entered"
                    )
                elif len(inner) >= self._limits.path_depth:
                    message = f"folders deeper than {self._limits.path_depth} were not entered"
                    self._skip(inner, "limit", message, _UNKNOWN)
                else:
                    yield inner
        finally:
            os.close(folder)

    def _open_folder(self, parts: _Parts) -> int:
        here = open_quietly(b".", os.O_DIRECTORY, self._root)
        for part in parts:
            try:
                deeper = open_quietly(part, os.O_DIRECTORY | os.O_NOFOLLOW, here)
            finally:
                os.close(here)
            here = deeper
        return here

    def _pack(self, folder: int, parts: _Parts) -> os.stat_result | None:
        """Pack one name; its status, or None when it is gone."""
        name = parts[-1]
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            self._skip(parts, "unreadable", f"it could not be looked at: {error.strerror}", _UNKNOWN)
            return None
        if self._members >= self._limits.members:
            return None
        self._members += 1
        if name.startswith(_WHITEOUT):
            self._skip(
                parts,
                "whiteout-name",
                "in a layer this name marks a deletion, so its content is not examined",
                status.st_size,
            )
        path = b"/".join(parts)
        attributes = _attributes(b"/proc/self/fd/%d/%s" % (folder, name))
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            self._pack_file(folder, parts, status, attributes)
        elif kind == stat.S_IFLNK:
            self._writer.member(path, b"2", status, link=os.readlink(name, dir_fd=folder), xattrs=attributes)
        elif kind == stat.S_IFSOCK:
            self._skip(parts, "socket", "it is a socket, which a layer cannot hold")
        else:
            flag = {stat.S_IFDIR: b"5", stat.S_IFCHR: b"3", stat.S_IFBLK: b"4", stat.S_IFIFO: b"6"}[kind]
            self._writer.member(path, flag, status, xattrs=attributes)
        return status

    def _pack_file(
        self, folder: int, parts: _Parts, status: os.stat_result, attributes: list[tuple[bytes, bytes]]
    ) -> None:
        path = b"/".join(parts)
        key = (status.st_dev, status.st_ino)
        if status.st_nlink > 1 and key in self._linked:
            self._writer.member(path, b"1", status, link=self._linked[key])
            return
        try:
            descriptor = open_quietly(parts[-1], os.O_NOFOLLOW, folder)
        except OSError as error:
            self._skip(parts, "unreadable", f"it could not be read: {error.strerror}", status.st_size)
            return
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                self._skip(parts, "changed", "it changed while it was read", status.st_size)
                return
            runs = _runs(descriptor, status)
            stored = sum(length for _, length in runs)
            if self._writer.size + stored > self._limits.layer_bytes:
                most = self._limits.layer_bytes
                self._skip(parts, "limit", f"more than {most} bytes are not packed", stored)
                return
            if status.st_nlink > 1:
                self._linked[key] = path
            self._write_file(descriptor, parts, status, runs, attributes)
        finally:
            os.close(descriptor)

    def _write_file(
        self,
        descriptor: int,
        parts: _Parts,
        status: os.stat_result,
        runs: _Runs,
        attributes: list[tuple[bytes, bytes]],
    ) -> None:
        path, size = b"/".join(parts), status.st_size
        stored = sum(length for _, length in runs)
        if stored == size:
            self._writer.member(path, b"0", status, size=size, xattrs=attributes)
        else:
            chart = sparse_map(runs)
            self._writer.member(
                path,
                b"0",
                status,
                size=len(chart) + stored,
                xattrs=attributes,
                records=sparse_records(path, size),
            )
            self._writer.data(chart)
        lost = sum(self._copy(descriptor, offset, length) for offset, length in runs)
        self._writer.pad()
        if lost:
            self._skip(
                parts, "changed", "it became shorter while it was read; zeros stand for the rest", lost
            )

    def _copy(self, descriptor: int, offset: int, length: int) -> int:
        """Copy a run; how many of its bytes could not be read and are zeros now."""
        while length:
            self._cancel.check()
            try:
                piece = os.pread(descriptor, min(_PIECE, length), offset)
            except OSError:
                piece = b""
            if not piece:
                break
            self._writer.data(piece)
            offset += len(piece)
            length -= len(piece)
        for start in range(0, length, _PIECE):
            self._writer.data(bytes(min(_PIECE, length - start)))
        if self._on_progress is not None:
            self._on_progress(self._writer.size, 0)
        return length

    def _skip(self, parts: _Parts, code: str, message: str, lost: int = 0) -> None:
        self._issues.add(code, "/" + printable(b"/".join(parts)), message, lost)


def _names(folder: int) -> list[bytes]:
    """The names in an open folder, in byte order."""
    with os.scandir(folder) as entries:
        return sorted(os.fsencode(entry.name) for entry in entries)


def _runs(descriptor: int, status: os.stat_result) -> _Runs:
    """The runs of a file that hold data, as offset and length (lseek(2)); all of it unless it has holes."""
    size = status.st_size
    if status.st_blocks * 512 >= size:
        return [(0, size)]
    runs: _Runs = []
    offset = 0
    while offset < size:
        try:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
            offset = min(os.lseek(descriptor, start, os.SEEK_HOLE), size)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break
            return [(0, size)]
        if start < offset:
            runs.append((start, offset - start))
    return runs


def _attributes(path: bytes, *, follow: bool = False) -> list[tuple[bytes, bytes]]:
    """The extended attributes of a path, as far as they may be read."""
    try:
        names = os.listxattr(path, follow_symlinks=follow)
    except OSError:
        return []
    found = []
    for name in names:
        try:
            found.append((os.fsencode(name), os.getxattr(path, name, follow_symlinks=follow)))
        except OSError:
            continue
    return found
