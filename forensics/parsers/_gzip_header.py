"""The optional parts of a gzip header that can hold more than tools write there (RFC 1952, section 2.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

HEAD = 12
"""Bytes of a header that tell what else it has: the fixed part, and the length of the extra field."""
SHORT_NOTE = 256
"""Bytes that a tool may note for itself: a file name, the time a block takes."""

_HEADER_CHECK, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16
_LONGEST = 1 << 20
_SUBFIELDS = {b"BC": 2, b"IG": 4, b"SG": 22}
"""Bytes that known subfields of the extra field have: of BGZF, mgzip and eStargz."""
_STARGZ = b"STARGZ"
_HEX = b"0123456789abcdef"


def notes_in_header(head: bytes, peek: Callable[[int], bytes]) -> Iterator[tuple[int, int]]:
    """Offset and size of each optional part, but for what tools write into each of many streams.

    `head` are the first `HEAD` bytes of the stream, `peek` gives more of them. A part that does not end
    within 1 MiB is told up to there.
    """
    if len(head) < HEAD or not head[3] & (_EXTRA | _NAME | _COMMENT):
        return
    flags, position = head[3], 10
    if flags & _EXTRA:
        size = int.from_bytes(head[10:12], "little")
        position = HEAD + size
        if size and not _is_known(peek(position)[HEAD:]):
            yield HEAD, size
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            start = position
            position = _behind_text(start, peek)
            if position - start > 1:
                yield start, position - start


def _is_known(extra: bytes) -> bool:
    """Whether the extra field is one subfield that tells a size or, in eStargz, an offset."""
    size = int.from_bytes(extra[2:4], "little")
    if len(extra) != 4 + size or _SUBFIELDS.get(extra[:2]) != size:
        return False
    told = extra[4:]
    return extra[:2] != b"SG" or (told.endswith(_STARGZ) and not told[:16].translate(None, _HEX))


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
