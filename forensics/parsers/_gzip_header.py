"""The optional parts of a gzip header that can hold more than tools write there (RFC 1952, section 2.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

HEAD = 12
"""Bytes of a header that tell what else it has: the fixed part, and the length of the extra field."""
SHORT_NOTE = 256
"""Bytes that a tool may note for itself: a file name, an index of blocks (BGZF, eStargz, pzstd)."""

_HEADER_CHECK, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
_LONGEST = 1 << 20


def notes_in_header(head: bytes, peek: Callable[[int], bytes]) -> Iterator[tuple[int, int]]:
    """Offset and size of each optional part of more than `SHORT_NOTE` bytes.

    `head` are the first `HEAD` bytes of the stream, `peek` gives more of them. A part that does not end
    within 1 MiB is told up to there.
    """
    if len(head) < HEAD or not head[3] & (_EXTRA | _NAME | _COMMENT):
        return
    flags, position = head[3], 10
    if flags & _EXTRA:
        size = int.from_bytes(head[10:12], "little")
        position = HEAD + size
        if size > SHORT_NOTE:
            yield HEAD, size
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            start = position
            position = _behind_text(start, peek)
            if position - start > SHORT_NOTE + 1:
                yield start, position - start


def _behind_text(start: int, peek: Callable[[int], bytes]) -> int:
    """Behind the NUL that ends the text from `start` on."""
    most = start + SHORT_NOTE + 1
    while True:
        data = peek(most)
        end = data.find(b"\0", start)
        if end >= 0:
            return end + 1
        if len(data) < most or most >= _LONGEST:
            return len(data)
        most = min(most * 8, _LONGEST)
