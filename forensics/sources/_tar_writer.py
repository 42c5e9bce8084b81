"""Writes a pax archive whose bytes follow from what it is given and from nothing else.

Format: POSIX.1-2017, pax, "pax Interchange Format"; extended attributes as `SCHILY.xattr.` records, sparse
files in the GNU format 1.0 (GNU tar manual, "Storing Sparse Files").
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from forensics.errors import ForensicsError

BLOCK = 512
_OCTAL_SIZE = 1 << 33
_OCTAL_ID = 1 << 21


class TarWriter:
    """Appends members to `descriptor`, which it leaves open. `size` is the number of bytes written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = 0

    def member(
        self,
        name: bytes,
        kind: bytes,
        status: os.stat_result,
        *,
        size: int = 0,
        link: bytes = b"",
        xattrs: Sequence[tuple[bytes, bytes]] = (),
        records: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        """A header: type flag `kind`, mode, owner and time (to the nanosecond) of `status`.

        `size` bytes of data must follow through `data` and then `pad`.
        """
        extended = [*records, *((b"SCHILY.xattr." + key, value) for key, value in sorted(xattrs))]
        seconds, nanoseconds = divmod(status.st_mtime_ns, 1_000_000_000)
        if nanoseconds or not 0 <= seconds < _OCTAL_SIZE:
            extended.append((b"mtime", _decimal_time(status.st_mtime_ns)))
        if size >= _OCTAL_SIZE:
            extended.append((b"size", b"%d" % size))
        for key, number in ((b"uid", status.st_uid), (b"gid", status.st_gid)):
            if number >= _OCTAL_ID:
                extended.append((key, b"%d" % number))
        if len(name) > 100:
            extended.append((b"path", name))
        if len(link) > 100:
            extended.append((b"linkpath", link))
        if extended:
            body = b"".join(_record(key, value) for key, value in extended)
            self._write(_header(b"pax", b"x", len(body), 0o644))
            self._write(body)
            self.pad()
        device = (os.major(status.st_rdev), os.minor(status.st_rdev)) if kind in (b"3", b"4") else (0, 0)
        self._write(
            _header(
                name,
                kind,
                size if size < _OCTAL_SIZE else 0,
                status.st_mode & 0o7777,
                owner=(status.st_uid, status.st_gid),
                seconds=seconds,
                link=link,
                device=device,
            )
        )

    def data(self, piece: bytes) -> None:
        """Bytes of the current member."""
        self._write(piece)

    def pad(self) -> None:
        """Fill up to the next block."""
        self._write(bytes(-self.size % BLOCK))

    def end(self) -> None:
        """The end mark: two blocks of zeros."""
        self._write(bytes(2 * BLOCK))

    def _write(self, piece: bytes) -> None:
        view = memoryview(piece)
        try:
            while view:
                written = os.write(self._descriptor, view)
                self.size += written
                view = view[written:]
        except OSError as error:
            raise ForensicsError(
                f"the packed root filesystem cannot be written: {error.strerror}",
                "set FORENSICS_TMPDIR to a folder with room for all its files",
            ) from error


def _header(
    name: bytes,
    kind: bytes,
    size: int,
    mode: int,
    *,
    owner: tuple[int, int] = (0, 0),
    seconds: int = 0,
    link: bytes = b"",
    device: tuple[int, int] = (0, 0),
) -> bytes:
    """One ustar header block; numbers that do not fit are zero and stand in extended records."""
    uid, gid = (number if number < _OCTAL_ID else 0 for number in owner)
    fields = (
        name[:100].ljust(100, b"\0"),
        b"%07o\0" % mode,
        b"%07o\0" % uid,
        b"%07o\0" % gid,
        b"%011o\0" % size,
        b"%011o\0" % (seconds if 0 <= seconds < _OCTAL_SIZE else 0),
        b" " * 8,
        kind,
        link[:100].ljust(100, b"\0"),
        b"ustar\x0000",
        bytes(64),
        b"%07o\0" % (device[0] & 0o7777777),
        b"%07o\0" % (device[1] & 0o7777777),
        bytes(167),
    )
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE` and a newline, LENGTH counting its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _decimal_time(nanoseconds: int) -> bytes:
    sign = b"-" if nanoseconds < 0 else b""
    seconds, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    text = b"%s%d" % (sign, seconds)
    return text + (b".%09d" % fraction).rstrip(b"0") if fraction else text


def sparse_records(name: bytes, size: int) -> tuple[tuple[bytes, bytes], ...]:
    """The records of a sparse member of `size` logical bytes (GNU sparse format 1.0)."""
    return (
        (b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"),
        (b"GNU.sparse.name", name),
        (b"GNU.sparse.realsize", b"%d" % size),
    )


def sparse_map(segments: Sequence[tuple[int, int]]) -> bytes:
    """The map in front of a sparse member's data: a count, then offset and length of each run, in blocks."""
    numbers = [len(segments), *(number for segment in segments for number in segment)]
    text = b"".join(b"%d\n" % number for number in numbers)
    return text + bytes(-len(text) % BLOCK)
