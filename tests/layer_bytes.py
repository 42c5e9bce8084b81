"""Tars and layers made byte by byte, independent of the code under test and of `tarfile`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from forensics.layers import ImageView, index_layer
from forensics.limits import DEFAULT, Limits
from forensics.model.files import LayerIndex
from forensics.model.image import Blob, LayerSource

END = bytes(1024)


def octal(value: int, width: int) -> bytes:
    """A number as POSIX writes it: octal digits and a NUL."""
    return b"%0*o\0" % (width - 1, value)


def base256(value: int, width: int) -> bytes:
    """A number as GNU tar writes what octal cannot hold."""
    bits = value % (1 << (8 * width - 1))
    return bytes([bits >> (8 * (width - 1)) | 0x80]) + (bits % (1 << (8 * (width - 1)))).to_bytes(
        width - 1, "big"
    )


def header(
    name: bytes,
    size: int | bytes = 0,
    flag: bytes = b"0",
    *,
    link: bytes = b"",
    mode: bytes = b"0000644\0",
    uid: bytes = b"0000000\0",
    gid: bytes = b"0000000\0",
    mtime: bytes = b"00000000000\0",
    magic: bytes = b"ustar\00000",
    user: bytes = b"",
    group: bytes = b"",
    device: tuple[bytes, bytes] = (bytes(8), bytes(8)),
    prefix: bytes = b"",
    trailer: bytes = b"",
    checksum: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """One header block with its checksum (POSIX.1-2017, pax, "ustar Interchange Format")."""
    told = size if isinstance(size, bytes) else octal(size, 12)
    front = name.ljust(100, b"\0") + mode + uid + gid + told + mtime
    back = flag + link.ljust(100, b"\0") + magic + user.ljust(32, b"\0") + group.ljust(32, b"\0")
    back += device[0] + device[1] + prefix.ljust(155, b"\0") + trailer.rjust(12, b"\0")
    block = front + b" " * 8 + back
    assert len(block) == 512, len(block)
    made = checksum(block) if checksum else b"%06o\0 " % sum(block)
    return front + made + back


def padded(data: bytes) -> bytes:
    """Data filled up to whole blocks."""
    return data + bytes(-len(data) % 512)


def member(name: bytes, data: bytes = b"", flag: bytes = b"0", **fields: object) -> bytes:
    """A header and its data."""
    return header(name, len(data), flag, **fields) + padded(data)  # type: ignore[arg-type]


def record(keyword: bytes, value: bytes) -> bytes:
    """One pax record; its length counts itself."""
    rest = b" " + keyword + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def pax(*pairs: tuple[bytes, bytes], flag: bytes = b"x") -> bytes:
    """An extended header with these records."""
    return member(b"PaxHeaders/x", b"".join(record(keyword, value) for keyword, value in pairs), flag)


def folder(name: bytes) -> bytes:
    """A directory member."""
    return member(name, flag=b"5", mode=b"0000755\0")


def symlink(name: bytes, target: bytes) -> bytes:
    """A symbolic link member."""
    return member(name, flag=b"2", link=target, mode=b"0000777\0")


def hard_link(name: bytes, target: bytes) -> bytes:
    """A hard link member."""
    return member(name, flag=b"1", link=target)


class Bench:
    """Indexes layers out of bytes; the files behind them stay open as long as the bench is."""

    def __init__(self) -> None:
        self._files: list[int] = []

    def file(self, data: bytes = b"") -> int:
        """A descriptor of a nameless file that holds `data`."""
        with tempfile.TemporaryFile() as made:
            made.write(data)
            made.flush()
            self._files.append(os.dup(made.fileno()))
        return self._files[-1]

    def index(
        self,
        data: bytes,
        number: int = 0,
        *,
        digest: str = "",
        diff_id: str = "",
        lead: bytes = b"",
        limits: Limits = DEFAULT,
    ) -> LayerIndex:
        """The index of a layer stored as `data`, behind `lead` other bytes of its file."""
        blob = Blob(self.file(lead + data + b"behind the layer"), len(lead), len(data))
        source = LayerSource(index=number, name="layer.tar", digest=digest, diff_id=diff_id, blob=blob)
        return index_layer(source, self.file(), limits=limits)

    def view(self, *layers: Sequence[bytes], limits: Limits = DEFAULT) -> ImageView:
        """The view of an image whose layers have these members."""
        return ImageView(
            [self.index(b"".join(members) + END, number) for number, members in enumerate(layers)], limits
        )

    def close(self) -> None:
        """Close every file."""
        while self._files:
            os.close(self._files.pop())


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench that is closed at the end."""
    made = Bench()
    try:
        yield made
    finally:
        made.close()
