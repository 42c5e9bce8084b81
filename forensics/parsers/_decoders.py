"""Decoders of one compressed stream each, all with the interface of the standard library's."""

from __future__ import annotations

import bz2
import lzma
from typing import Any, Protocol

import zstandard
from isal import igzip_lib

from forensics.limits import KIB, MIB

_DECODER_MEMORY = 512 * MIB
_ZSTD_SLICE = 4 * KIB


class Decoder(Protocol):
    """One compressed stream; the interface of the standard library's decompressors."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _ZstdFrame:
    """One Zstandard frame, fed in small slices, because its decompressor cannot bound what one call gives.

    A block of four bytes may stand for 128 KiB (RFC 8878, section 3.1.1.2).
    """

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor(max_window_size=_DECODER_MEMORY).decompressobj()
        self._waiting = b""
        self._failure: zstandard.ZstdError | None = None
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof)

    @property
    def needs_input(self) -> bool:
        return not self._waiting and self._failure is None

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._failure is not None:
            raise self._failure
        waiting, start = self._waiting + data, 0
        found: list[bytes] = []
        size = 0
        while start < len(waiting) and size < max_length and not self._frame.eof:
            try:
                found.append(self._frame.decompress(waiting[start : start + _ZSTD_SLICE]))
            except zstandard.ZstdError as error:
                if not found:
                    raise
                self._failure = error
                break
            size += len(found[-1])
            start += _ZSTD_SLICE
        self._waiting = waiting[start:]
        if self._frame.eof:
            self.unused_data, self._waiting = self._frame.unused_data + self._waiting, b""
        return b"".join(found)


def new_decoder(compression: str) -> Decoder:
    """A decoder of one stream; `compression` is `gzip`, `zstd`, `xz` or `bzip2`."""
    decoder: Any
    if compression == "gzip":
        decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    elif compression == "zstd":
        decoder = _ZstdFrame()
    elif compression == "xz":
        decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DECODER_MEMORY)
    else:
        decoder = bz2.BZ2Decompressor()
    return decoder  # type: ignore[no-any-return]
