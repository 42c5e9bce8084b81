"""Sparse members: where the runs of a file with holes are told (GNU tar manual, "Storing Sparse Files")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from forensics.model.files import Segment
from forensics.parsers._tar_fields import decimal, number

_BLOCK = 512
_PAIR = 24
_IN_HEADER, _HEADER_MAP, _HEADER_MORE, _HEADER_SIZE = 4, 386, 482, slice(483, 495)
_IN_BLOCK, _BLOCK_MORE = 21, 504

Pairs = list[tuple[int, int]]


class SparseLayout(NamedTuple):
    """A sparse member as its map tells it.

    `pairs` are (offset, length) of its runs, None where the map is not one; `size` is the file's, holes
    included, or None where it is not told; the runs lie one behind the other in the `stored` bytes from
    `start`. `unread` are runs (first, behind) in the blocks of the map that tell nothing.
    """

    pairs: Pairs | None
    size: int | None
    start: int
    stored: int
    unread: tuple[tuple[int, int], ...] = ()

    def segments(self) -> tuple[Segment, ...] | None:
        """The runs with their place in the archive, at least one (maybe empty) unless the file is empty.

        None when the size is none, or when they are out of order, overlap, or reach beyond the file or
        beyond what is stored.
        """
        if self.pairs is None or self.size is None or self.size < 0:
            return None
        found = []
        behind, used = 0, 0
        for offset, length in self.pairs:
            if offset < behind or length < 0 or offset + length > self.size or used + length > self.stored:
                return None
            if length:
                found.append(Segment(offset, self.start + used, length))
            behind, used = offset + length, used + length
        if self.size and not found:
            found.append(Segment(0, self.start, 0))
        return tuple(found)


def old_gnu_layout(view: memoryview, position: int, size: int, most: int) -> SparseLayout:
    """The layout of a member of type `S` whose header is at `position`; its map takes at most `most`."""
    block = bytes(view[position : position + _BLOCK])
    pairs = _binary_pairs(block, _HEADER_MAP, _IN_HEADER)
    unread = [_behind_pairs(pairs, position + _HEADER_MAP, _IN_HEADER)]
    real = number(block[_HEADER_SIZE])
    start, more = position + _BLOCK, block[_HEADER_MORE]
    while more and start + _BLOCK <= len(view) and start - position <= most:
        block = bytes(view[start : start + _BLOCK])
        further = _binary_pairs(block, 0, _IN_BLOCK)
        unread += [_behind_pairs(further, start, _IN_BLOCK), (start + _BLOCK_MORE + 1, start + _BLOCK)]
        if pairs is None or further is None:
            pairs = None
        else:
            pairs.extend(further)
        start, more = start + _BLOCK, block[_BLOCK_MORE]
    return SparseLayout(None if more else pairs, real, start, size, tuple(unread))


def _behind_pairs(pairs: Pairs | None, start: int, room: int) -> tuple[int, int]:
    """The places for pairs in a block at `start` that are not used."""
    return start + len(pairs or ()) * _PAIR, start + room * _PAIR


def _binary_pairs(block: bytes, start: int, count: int) -> Pairs | None:
    found = []
    for offset in range(start, start + count * _PAIR, _PAIR):
        pair = block[offset : offset + _PAIR]
        if not pair[0]:
            break
        first, second = number(pair[:12]), number(pair[12:])
        if first is None or second is None:
            return None
        found.append((first, second))
    return found


def pax_layout(
    view: memoryview, records: Sequence[tuple[bytes, bytes]], start: int, size: int, most: int
) -> SparseLayout | None:
    """The layout that pax records tell of a member with `size` bytes at `start`; None: it is not sparse."""
    told = dict(records)
    version = told.get(b"GNU.sparse.major", b""), told.get(b"GNU.sparse.minor", b"")
    real = decimal(told.get(b"GNU.sparse.realsize") or told.get(b"GNU.sparse.size", b""))
    if version == (b"1", b"0"):
        return _map_in_front(view, start, size, most, real)
    if version not in {(b"", b""), (b"0", b"0"), (b"0", b"1")}:
        return None
    if told.get(b"GNU.sparse.map"):
        return SparseLayout(_pairs(told[b"GNU.sparse.map"].split(b",")), real, start, size)
    if b"GNU.sparse.numblocks" in told:
        return SparseLayout(_repeated_pairs(records), real, start, size)
    return None


def _repeated_pairs(records: Sequence[tuple[bytes, bytes]]) -> Pairs | None:
    """Format 0.0: `offset` and `numbytes` alternate."""
    keywords = [
        keyword for keyword, _ in records if keyword in {b"GNU.sparse.offset", b"GNU.sparse.numbytes"}
    ]
    if any(
        keyword != (b"GNU.sparse.offset", b"GNU.sparse.numbytes")[at % 2]
        for at, keyword in enumerate(keywords)
    ):
        return None
    return _pairs(
        [value for keyword, value in records if keyword in {b"GNU.sparse.offset", b"GNU.sparse.numbytes"}]
    )


def _pairs(values: Sequence[bytes]) -> Pairs | None:
    numbers = [decimal(value) for value in values]
    known = [value for value in numbers if value is not None]
    if len(known) % 2 or len(known) < len(numbers):
        return None
    return list(zip(known[::2], known[1::2], strict=True))


def _map_in_front(view: memoryview, start: int, size: int, most: int, real: int | None) -> SparseLayout:
    """Format 1.0: a count and as many pairs, one decimal number a line, in whole blocks before the data."""
    raw, lines, needed = bytearray(), 0, 1
    end = min(start + size, len(view))
    while lines < needed:
        block = bytes(view[start + len(raw) : min(start + len(raw) + _BLOCK, end)])
        if len(block) < _BLOCK or len(raw) >= most:
            return SparseLayout(None, real, start, size)
        raw += block
        if not lines and b"\n" in block:
            needed = 1 + 2 * (decimal(bytes(raw).partition(b"\n")[0]) or 0)
        lines += block.count(b"\n")
    told = bytes(raw).split(b"\n")[:needed]
    behind = start + sum(len(line) + 1 for line in told)
    unread = ((behind, start + len(raw)),)
    return SparseLayout(_pairs(told[1:]), real, start + len(raw), size - len(raw), unread)
