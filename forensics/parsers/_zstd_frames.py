"""Skippable frames of zstd data (RFC 8878, section 3.1.2) that programs write: what each of them is for.

Sources: containers/storage, zstd-chunked-format.md (the index and the tar-split data of a zstd:chunked layer,
named by a footer at the end), and pzstd (in front of each frame its compressed size).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import zstandard

from forensics.limits import MIB
from forensics.parsers._decoders import new_decoder

SKIPPABLE = b"*M\x18"
HEADER = 8
"""Bytes in front of a skippable frame's content: magic number and length."""
Read = Callable[[int, int], bytes]
"""Reads at an offset that many bytes, fewer at the end."""

_CHUNKED = b"GNUlInUx"
_FOOTERS = (64, 40)
"""Bytes of the footer with tar-split data, and of the older one without."""
_ZSTD = b"\x28\xb5\x2f\xfd"
_SLICE = MIB // 4
_MOST_OF_INDEX = 256 * MIB


class ChunkIndex:
    """What the footer of a zstd:chunked layer names: `frames` by offset of their content, and itself."""

    def __init__(self, read: Read, size: int) -> None:
        self.frames: dict[int, int] = {}
        for length in _FOOTERS:
            start = size - length
            head = read(start - HEADER, HEADER + length) if start >= HEADER else b""
            if (
                head[1:4] == SKIPPABLE
                and head.endswith(_CHUNKED)
                and int.from_bytes(head[4:8], "little") == length
            ):
                self._take(read, start, struct.unpack(f"<{length // 8 - 1}Q", head[HEADER:-8]))
                return

    def _take(self, read: Read, footer: int, told: tuple[int, ...]) -> None:
        """`told` are offset, compressed and full size of the index, its type, and the same of tar-split."""
        frames = [told[:3], *([told[4:7]] if len(told) > 4 else [])]
        named = {start: size for start, size, full in frames if _is_packed_json(read, start, size, full)}
        if len(named) == len(frames):
            self.frames = {**named, footer: len(told) * 8 + 8}

    def holds(self, start: int, size: int) -> bool:
        """Whether the frame whose content begins at `start` is part of the index."""
        return self.frames.get(start) == size


def _is_packed_json(read: Read, start: int, size: int, full: int) -> bool:
    """Whether one zstd frame fills the place and gives `full` bytes of JSON."""
    if full > _MOST_OF_INDEX or read(start, 4) != _ZSTD:
        return False
    decoder, came, first, end = new_decoder("zstd"), 0, b"", start + size
    while not decoder.eof and came <= full:
        data = b""
        if decoder.needs_input:
            data = read(start, min(_SLICE, end - start))
            start += len(data)
            if not data:
                return False
        try:
            found = decoder.decompress(data, _SLICE)
        except zstandard.ZstdError:
            return False
        first = first or found[:1]
        came += len(found)
    return decoder.eof and not decoder.unused_data and start == end and came == full and first == b"{"


def is_frame_size(read: Read, content: bytes, behind: int, size: int) -> bool:
    """Whether a skippable frame of pzstd tells how far the next frame goes, up to one more or the end."""
    if len(content) != 4:
        return False
    end = behind + int.from_bytes(content, "little")
    if end >= size:
        return end == size
    head = read(end, 4)
    return head == _ZSTD or head[1:4] == SKIPPABLE
