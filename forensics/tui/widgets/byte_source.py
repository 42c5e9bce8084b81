"""Bytes that are read where they are needed, and the places in them worth a look."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

PIECE = 1 << 20
"""Bytes a search reads at a time."""

HEX_PREFIX = "x:"
"""What stands in front of a pattern given as hex digits."""


class ByteSource(Protocol):
    """Bytes of a known size. `read` gives fewer than asked at the end, and where content is not there."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""


@dataclass(frozen=True)
class ReadableBytes:
    """A source made of a size and a function that reads."""

    size: int
    reader: Callable[[int, int], bytes]

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`, none beyond the size, none where they cannot be read."""
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        try:
            return self.reader(offset, length)
        except OSError:
            return b""


def in_memory(content: bytes) -> ReadableBytes:
    """A source over bytes that are there already."""
    return ReadableBytes(len(content), lambda offset, length: content[offset : offset + length])


@dataclass(frozen=True, order=True)
class Highlight:
    """A marked run of bytes; `label` says in words what it is."""

    offset: int
    length: int
    label: str = ""
    tone: str = "evidence"

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.offset + self.length


class Highlights:
    """Marked runs in order of their offset; they may overlap."""

    def __init__(self, highlights: Iterable[Highlight] = ()) -> None:
        self._all = sorted(highlight for highlight in highlights if highlight.length > 0)
        self._offsets = [highlight.offset for highlight in self._all]
        self._longest = max((highlight.length for highlight in self._all), default=0)

    def __len__(self) -> int:
        return len(self._all)

    def between(self, start: int, end: int) -> list[Highlight]:
        """Those with a byte in `start` … `end`."""
        first = bisect_left(self._offsets, start - self._longest + 1)
        last = bisect_left(self._offsets, end)
        return [highlight for highlight in self._all[first:last] if highlight.end > start]

    def after(self, offset: int) -> Highlight | None:
        """The first one that begins behind `offset`; behind the last, the first of all."""
        if not self._all:
            return None
        position = bisect_left(self._offsets, offset + 1)
        return self._all[position % len(self._all)]

    def before(self, offset: int) -> Highlight | None:
        """The last one that begins in front of `offset`; in front of the first, the last of all."""
        if not self._all:
            return None
        return self._all[bisect_left(self._offsets, offset) - 1]


@dataclass(frozen=True)
class Hit:
    """Where a search found something."""

    offset: int
    length: int


def parse_needles(text: str) -> tuple[bytes, ...]:
    r"""What to look for when a person typed `text`: the byte strings any of which will do.

    `x:7f454c46` is hex digits. Anything else is text, looked for in UTF-8 and in UTF-16LE; `\xNN` in it is
    that byte, so that what the screen shows as an escape can be typed as it is shown. Raises ValueError, with
    a sentence for people, when there is nothing to look for.
    """
    if text.startswith(HEX_PREFIX):
        try:
            exact = bytes.fromhex(text[len(HEX_PREFIX) :])
        except ValueError:
            raise ValueError("after x: write pairs of hex digits, such as x:7f454c46") from None
        if not exact:
            raise ValueError("after x: write pairs of hex digits, such as x:7f454c46")
        return (exact,)
    if not text:
        raise ValueError("nothing to look for")
    needle = _with_escapes(text)
    if needle != text.encode("utf-8", "surrogateescape"):
        return (needle,)
    return (needle, text.encode("utf-16-le", "surrogatepass"))


def _with_escapes(text: str) -> bytes:
    pieces = text.split("\\x")
    result = [pieces[0].encode("utf-8", "surrogateescape")]
    for piece in pieces[1:]:
        try:
            result.append(bytes.fromhex(piece[:2]) if len(piece) >= 2 else b"\\x")
            piece = piece[2:] if len(piece) >= 2 else piece
        except ValueError:
            result.append(b"\\x")
        result.append(piece.encode("utf-8", "surrogateescape"))
    return b"".join(result)


def find_bytes(
    source: ByteSource,
    needles: tuple[bytes, ...],
    start: int = 0,
    *,
    backwards: bool = False,
    ignore_case: bool = False,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] | None = None,
) -> Hit | None:
    """The nearest place from `start` on where one of `needles` begins, going round at the end.

    Backwards it is the nearest that begins in front of `start`. Reads `PIECE` bytes at a time; between two
    pieces it asks `stop` (True ends the search with None) and tells `progress` how many bytes are done.
    Letter case is ignored for ASCII only.
    """
    needles = tuple(needle.lower() if ignore_case else needle for needle in needles if needle)
    if not needles:
        return None
    overlap = max(map(len, needles)) - 1
    done = 0
    for first, last in _pieces(source.size, start, backwards=backwards):
        if stop():
            return None
        piece = source.read(first, last - first + overlap)
        if ignore_case:
            piece = piece.lower()
        hit = _nearest(piece, needles, last - first, backwards=backwards)
        if hit:
            return Hit(first + hit.offset, hit.length)
        done += last - first
        if progress:
            progress(done)
    return None


def _pieces(size: int, start: int, *, backwards: bool) -> Iterable[tuple[int, int]]:
    """Ranges that cover 0 … `size` once, beginning at `start` and going round."""
    start = max(0, min(start, size))
    if backwards:
        for low, high in ((0, start), (start, size)):
            for last in range(high, low, -PIECE):
                yield max(low, last - PIECE), last
    else:
        for low, high in ((start, size), (0, start)):
            for first in range(low, high, PIECE):
                yield first, min(high, first + PIECE)


def _nearest(piece: bytes, needles: tuple[bytes, ...], span: int, *, backwards: bool) -> Hit | None:
    """The first (backwards: last) needle that begins within the first `span` bytes."""
    best: Hit | None = None
    for needle in needles:
        end = span + len(needle) - 1
        place = piece.rfind(needle, 0, end) if backwards else piece.find(needle, 0, end)
        if place < 0:
            continue
        if best is None or (place > best.offset if backwards else place < best.offset):
            best = Hit(place, len(needle))
    return best
