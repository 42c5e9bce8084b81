"""rpm packages: the lead, two headers and the payload."""

from __future__ import annotations

import gzip
import lzma
import struct
from collections.abc import Iterator

import zstandard

from fuzz._members import check_archive
from fuzz._target import Target
from fuzz.targets import cpio

_MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"


def run(data: bytes) -> None:
    """As any archive."""
    check_archive("rpm", data)


def header(values: dict[int, bytes | list[int] | list[bytes]]) -> bytes:
    """A header of these tags: text, numbers of 32 bits, or a list of texts."""
    index, store = b"", b""
    for tag, value in values.items():
        if isinstance(value, bytes):
            kind, count, data = 6, 1, value + b"\0"
        elif isinstance(value[0], int):
            store += bytes(-len(store) % 4)
            kind, count, data = 4, len(value), struct.pack(f">{len(value)}I", *value)
        else:
            kind, count, data = 8, len(value), b"".join(each + b"\0" for each in value)
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += data
    return _MAGIC + struct.pack(">II", len(values), len(store)) + index + store


def package(payload: bytes, compressor: bytes) -> bytes:
    """A package with this payload."""
    front = b"\xed\xab\xee\xdb".ljust(96, b"\0") + header({1000: b"x"})
    front += bytes(-len(front) % 8)
    files = {1028: [5], 1030: [0o100755], 1034: [7], 1116: [0], 1117: [b"f"], 1118: [b"/d/"]}
    return front + header({1125: compressor, **files}) + payload


def seeds() -> Iterator[bytes]:
    """A package of each compression, one whose payload refers to the header, one cut."""
    plain = cpio.archive()
    yield package(gzip.compress(plain, mtime=0), b"gzip")
    yield package(zstandard.compress(plain), b"zstd")
    yield package(lzma.compress(plain), b"xz")
    yield package(lzma.compress(plain, lzma.FORMAT_ALONE), b"lzma")
    listed = b"07070X00000000hello" + b"\0" + cpio.newc(b"TRAILER!!!", b"")
    yield package(gzip.compress(listed, mtime=0), b"gzip")
    yield package(gzip.compress(plain, mtime=0), b"gzip")[:150]


TARGET = Target(id="rpm", run=run, seeds=seeds, words=(_MAGIC,), longest=4096)
