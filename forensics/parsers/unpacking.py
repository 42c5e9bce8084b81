"""Decompresses in memory what an archive inside an image holds, within bounds.

Sources: RFC 1951 and 1952 (deflate, gzip), RFC 8878 (Zstandard), the .xz file format 1.2, the bzip2 format,
APPNOTE.TXT 5.8 (LZMA in ZIP), LZMA SDK lzma-specification.txt (LZMA alone). What a damaged stream gave before
the damage is kept.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Any

import msgspec
import zstandard
from isal import igzip_lib

from forensics.limits import DEFAULT, KIB, MIB, Limits
from forensics.parsers._decoders import new_decoder
from forensics.printable import printable

METHODS = frozenset({"", "deflate", "gzip", "zstd", "xz", "bzip2", "lzma", "lzip", "zip-lzma"})
"""What can be unpacked; empty is what is stored as it is."""

_MAGIC = {"gzip": b"\x1f\x8b\x08", "xz": b"\xfd7zXZ\0", "bzip2": b"BZh", "lzip": b"LZIP"}
_ZSTD_MAGIC, _SKIPPABLE = b"\x28\xb5\x2f\xfd", b"*M\x18"
_LZIP_HEAD, _LZIP_TRAILER = 6, 20
_SMALL = 64 * KIB
"""Packed bytes below which zlib is done before igzip has set itself up."""
_FIRST_SLICE = 4 * KIB
_PIECE = MIB
_DECODER_MEMORY = 256 * MIB
_RAW_PROPERTIES, _PROPERTIES = 5, 225
_DAMAGE: Any = (
    igzip_lib.IsalError,
    zlib.error,
    zstandard.ZstdError,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    MemoryError,
)


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """What came out. `consumed` packed bytes gave it.

    `code` is empty when that was all, else `truncated`, `corrupt`, `limit` or `trailing-data`; `message` then
    says so in one sentence. `lost` is the number of packed bytes behind the place where unpacking ended.
    """

    data: memoryview
    consumed: int
    code: str = ""
    message: str = ""
    lost: int = 0


class _Stop(Exception):
    """Unpacking ends early."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class _Zlib:
    """zlib's decompressor with the interface of the others."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: Any, max_length: int) -> bytes:
        found = self._inner.decompress(data or self._inner.unconsumed_tail, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(found) < max_length
        return found


def is_lzma_alone(head: bytes | memoryview) -> bool:
    """Whether `head` begins as an LZMA-alone stream; it has no magic number, only fields that agree."""
    if len(head) < 14 or head[13] != 0 or head[0] >= _PROPERTIES:
        return False
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    power = dictionary & -dictionary
    return (
        dictionary >= 1 << 12
        and dictionary in (power, power * 3)
        and (size + 1 == 1 << 64 or 0 < size < 1 << 38)
    )


def unpack(packed: memoryview, method: str, most: int, limits: Limits = DEFAULT) -> Unpacked:
    """At most `most` bytes of what is packed with `method`; never raises for what the bytes hold.

    A ratio beyond `limits.nested_ratio` and more than `limits.nested_members` streams in a row end it too.
    """
    if method == "":
        data = packed[:most]
        rest = len(packed) - len(data)
        if not rest:
            return Unpacked(data=data, consumed=len(data))
        return Unpacked(data=data, consumed=most, code="limit", message=_TOO_MUCH, lost=rest)
    job = _Unpacking(packed, method, most, limits)
    code = message = ""
    try:
        job.run()
    except _Stop as stop:
        code, message = stop.code, stop.message
    except _DAMAGE as error:
        code, message = "corrupt", f"the compressed data is damaged: {printable(str(error))}"
    lost = len(packed) - job.position if code else 0
    return Unpacked(data=memoryview(job.out), consumed=job.position, code=code, message=message, lost=lost)


_TOO_MUCH = "more comes out than is unpacked at one time"


class _Unpacking:
    """One call of `unpack`: `out` grows while `position` moves on in the packed bytes."""

    def __init__(self, packed: memoryview, method: str, most: int, limits: Limits) -> None:
        self._packed = packed
        self._method = method
        self._most = most
        self._limits = limits
        self._piece = min(_PIECE, most + 1)
        self.out = bytearray()
        self.position = 0

    def run(self) -> None:
        """Unpack all of it; raises `_Stop` or what the decoders raise."""
        if self._method == "zstd":
            self._zstd()
            return
        if self._method == "zip-lzma":
            self._zip_lzma()
            return
        if self._method == "lzip":
            self._lzip()
            return
        streams = 0
        while self.position < len(self._packed):
            if streams and not self._next_stream():
                return
            if streams >= self._limits.nested_members:
                raise _Stop("limit", f"more than {streams} compressed streams follow one another")
            self._stream(self._decoder(streams), streams)
            streams += 1

    def _next_stream(self) -> bool:
        """Whether another stream follows; raises `_Stop` for anything but padding."""
        packed, magic = self._packed, _MAGIC.get(self._method)
        if magic is not None and packed[self.position : self.position + len(magic)] == magic:
            return True
        while self.position < len(packed):
            piece = bytes(packed[self.position : self.position + _PIECE])
            kept = piece.lstrip(b"\0")
            self.position += len(piece) - len(kept)
            if kept:
                if magic is not None and kept.startswith(magic) and self._method == "xz":
                    return True
                raise _Stop("trailing-data", f"data follows the {self._method} stream")
        return False

    def _decoder(self, streams: int) -> Any:
        if self._method in {"deflate", "gzip"}:
            raw = self._method == "deflate"
            if streams or len(self._packed) < _SMALL:
                return _Zlib(-15 if raw else 31)
            flag = igzip_lib.DECOMP_DEFLATE if raw else igzip_lib.DECOMP_GZIP
            return igzip_lib.IgzipDecompressor(flag=flag)
        if self._method == "bzip2":
            return bz2.BZ2Decompressor()
        form = lzma.FORMAT_XZ if self._method == "xz" else lzma.FORMAT_ALONE
        return lzma.LZMADecompressor(form, memlimit=_DECODER_MEMORY)

    def _stream(self, decoder: Any, streams: int) -> None:
        """One stream. Behind the first, small slices: what a decoder leaves over is copied each time."""
        packed, size = self._packed, _FIRST_SLICE if streams else _PIECE
        while not decoder.eof:
            data: Any = b""
            if decoder.needs_input:
                data = packed[self.position : self.position + size]
                size = min(2 * size, _PIECE)
                if not data:
                    raise _Stop("truncated", "the compressed data ends early")
                self.position += len(data)
            self._keep(decoder.decompress(data, self._piece))
        self.position -= len(decoder.unused_data)

    def _keep(self, piece: bytes) -> None:
        limits = self._limits
        room = self._most - len(self.out)
        self.out += piece[:room] if len(piece) > room else piece
        if len(piece) > room:
            raise _Stop("limit", _TOO_MUCH)
        size = len(self.out)
        if size > limits.nested_ratio_free_bytes and size > limits.nested_ratio * max(self.position, 1):
            raise _Stop("limit", f"more than {limits.nested_ratio} bytes come out of one")

    def _zstd(self) -> None:
        """Frames one after the other; those that programs skip (RFC 8878, 3.1.2) are passed over."""
        packed, streams = self._packed, 0
        while self.position < len(packed):
            head = bytes(packed[self.position : self.position + 8])
            if streams >= self._limits.nested_members:
                raise _Stop("limit", f"more than {streams} compressed streams follow one another")
            streams += 1
            if head.startswith(_ZSTD_MAGIC):
                self._stream(new_decoder("zstd"), streams - 1)
            elif head[1:4] == _SKIPPABLE and head[0] & 0xF0 == 0x50 and len(head) == 8:
                size = int.from_bytes(head[4:], "little")
                if self.position + 8 + size > len(packed):
                    raise _Stop("truncated", "the compressed data ends early")
                self.position += 8 + size
            elif not self._next_stream():
                return

    def _lzip(self) -> None:
        """Members of magic, version, dictionary size, an LZMA stream, a trailer of 20 bytes (lzip(1))."""
        packed, streams = self._packed, 0
        while self.position < len(packed):
            if streams and not self._next_stream():
                return
            if streams >= self._limits.nested_members:
                raise _Stop("limit", f"more than {streams} compressed streams follow one another")
            told = packed[self.position + 5] if self.position + _LZIP_HEAD <= len(packed) else 0
            dictionary = (1 << (told & 0x1F)) - (told >> 5) * (1 << (told & 0x1F)) // 16
            decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_DECODER_MEMORY)
            decoder.decompress(b"\x5d" + dictionary.to_bytes(4, "little") + b"\xff" * 8, 0)
            self.position += _LZIP_HEAD
            self._stream(decoder, streams)
            self.position = min(self.position + _LZIP_TRAILER, len(packed))
            streams += 1

    def _zip_lzma(self) -> None:
        """LZMA version, length of properties, properties, then a raw stream (APPNOTE.TXT 5.8.8)."""
        packed = self._packed
        length = int.from_bytes(packed[2:4], "little")
        if length != _RAW_PROPERTIES or len(packed) < 4 + length:
            raise _Stop("corrupt", "the LZMA properties are not valid")
        told, dictionary = packed[4], int.from_bytes(packed[5:9], "little")
        if told >= _PROPERTIES or dictionary > _DECODER_MEMORY:
            raise _Stop("corrupt", "the LZMA properties are not valid")
        form = {
            "id": lzma.FILTER_LZMA1,
            "dict_size": dictionary,
            "lc": told % 9,
            "lp": told // 9 % 5,
            "pb": told // 45,
        }
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[form])
        self.position = 4 + length
        while not decoder.eof:
            data: Any = b""
            if decoder.needs_input:
                data = packed[self.position : self.position + _PIECE]
                if not data:
                    return  # without an end mark the stream ends with the data
                self.position += len(data)
            self._keep(decoder.decompress(data, self._piece))
