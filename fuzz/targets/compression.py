"""Decompression of layers and archives."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Iterator

import zstandard

from forensics.errors import ForensicsError
from forensics.limits import KIB, Limits
from forensics.parsers.compression import decompress, detect_compression
from fuzz._memory import content_of, in_memory
from fuzz._target import Target

_LIMITS = Limits(layer_bytes=512 * KIB, ratio_free_bytes=64 * KIB, compression_ratio=100)
_CODES = frozenset({"", "truncated", "corrupt", "limit", "trailing-data"})


def run(data: bytes) -> None:
    """What came out is what is told of it, and an intact stream gives what the standard library gives."""
    with in_memory(data) as blob, in_memory() as out:
        found = decompress(blob, out.fd, limits=_LIMITS)
        made = content_of(out.fd)
    assert found.size == len(made) <= _LIMITS.layer_bytes
    assert found.digest == "sha256:" + hashlib.sha256(made).hexdigest()
    assert found.compressed_digest == "sha256:" + hashlib.sha256(data).hexdigest()
    assert found.code in _CODES
    assert 0 <= found.consumed <= len(data)
    assert 0 <= found.lost <= len(data)
    assert bool(found.code) == bool(found.error)
    assert found.code or not found.lost
    assert found.error.isprintable()
    if not found.code and (expected := _by_the_library(found.compression, data)) is not None:
        assert made == expected


def _by_the_library(compression: str, data: bytes) -> bytes | None:
    """What another decoder makes of it; None where it refuses, or where there is no other."""
    decoders = {"gzip": gzip.decompress, "xz": lzma.decompress, "bzip2": bz2.decompress}
    try:
        return decoders[compression](data) if compression in decoders else None
    except (OSError, EOFError, ValueError, lzma.LZMAError, MemoryError):
        return None


def seeds() -> Iterator[bytes]:
    """Each format, several streams in a row, a bomb, a cut."""
    text = b"image forensics " * 40
    for one in (
        gzip.compress(text, mtime=0),
        bz2.compress(text),
        lzma.compress(text),
        zstandard.compress(text),
        zstandard.ZstdCompressor(write_checksum=True).compress(text),
    ):
        assert detect_compression(one)
        yield one
        yield one + one
        yield one[:-5]
        yield one + b"behind"
        yield one + bytes(20)
    yield b"\x50*M\x18\x04\0\0\0abcd" + zstandard.compress(text)
    yield gzip.compress(bytes(300_000), mtime=0)


TARGET = Target(
    id="compression",
    run=run,
    allowed=(ForensicsError,),
    seeds=seeds,
    harvest=("compressed",),
    longest=16 * KIB,
)
