"""Finds the packed data that a script carries behind its text, as makeself and many installers have it."""

from __future__ import annotations

from forensics.limits import MIB
from forensics.parsers import unpacking
from forensics.parsers._tar_header import BLOCK, is_tar_header

_STREAMS = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"LZIP\x01", "lzip"),
)
_CLOSED = (b"\x04\x22\x4d\x18", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x89LZO\0\r\n", b"hsqs")
_TAR, _TAR_AT = b"ustar", 257
_LONGEST = 8
_TRIES = 16
"""Places that look like the beginning of packed data and are none, after which nobody looks further."""


def payload_at(view: memoryview) -> int | None:
    """Where a text ends and packed data or a tar begins in it; None where it is text to its end."""
    tries = 0
    for start in range(0, len(view), MIB):
        piece = bytes(view[start : start + MIB + _LONGEST])
        if piece.isascii():
            continue  # nothing that is packed is: the whole question of nearly all scripts
        for place in sorted(_candidates(piece)):
            tries += 1
            if tries > _TRIES:
                return None
            at = start + place
            if _is_payload(view, at):
                return at if view[at : at + 5] != _TAR else at - _TAR_AT
    return None


def _candidates(piece: bytes) -> set[int]:
    """The first few places of each mark; nearly always none, which costs a microsecond."""
    found: set[int] = set()
    for mark in _MARKS:
        place = piece.find(mark)
        while place >= 0 and len(found) < _TRIES:
            found.add(place)
            place = piece.find(mark, place + 1)
    return found


_MARKS = (*(mark for mark, _ in _STREAMS), *_CLOSED, _TAR)


def _is_payload(view: memoryview, at: int) -> bool:
    head = bytes(view[at : at + _LONGEST])
    if head.startswith(_TAR):
        start = at - _TAR_AT
        return start >= 0 and is_tar_header(bytes(view[start : start + BLOCK]))
    for mark, method in _STREAMS:
        if head.startswith(mark):
            return len(unpacking.unpack(view[at:], method, 1).data) > 0
    return head.startswith(_CLOSED) and at > 0 and view[at - 1] == ord("\n")
