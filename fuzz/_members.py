"""What every reader of archives within images promises."""

from __future__ import annotations

from math import isfinite

from forensics.limits import KIB, Limits
from forensics.parsers.archives import OpenedArchive, is_archive, is_content, open_archive
from forensics.parsers.filetype import file_type
from forensics.parsers.unpacking import METHODS
from fuzz._promises import MOST

LIMITS = Limits(
    members=64, header_bytes=4 * KIB, name_bytes=300, nested_members=64, nested_ratio=50,
    nested_ratio_free_bytes=32 * KIB, scan_bytes=64 * KIB,
)  # fmt: skip
_ROOM = 128 * KIB
_READ = 16


def check_archive(kind: str, data: bytes) -> None:
    """Members lie within the archive, unpack to no more than there is room for, and are always the same."""
    view = memoryview(data)
    is_archive(file_type(view, len(data)).id, view)
    opened = open_archive(kind, view, _ROOM, LIMITS)
    if opened is None:
        return
    members = list(opened.walk)
    again = open_archive(kind, view, _ROOM, LIMITS)
    assert again is not None
    assert list(again.walk) == members
    assert again.notes == opened.notes
    assert opened.held <= _ROOM
    # Those of a directory, once more by their local headers, as many that it does not list, and what stands
    # in front of and behind them.
    assert len(members) <= 3 * LIMITS.members + 200, len(members)
    size = len(opened.base) + len(opened.tail)
    for number, member in enumerate(members):
        assert 0 <= member.offset <= size, member
        assert member.data_offset >= 0, member
        assert 0 <= member.stored <= max(0, size - member.data_offset), member
        assert member.size is None or 0 <= member.size < MOST, member
        assert member.mode is None or 0 <= member.mode <= 0o7777, member
        assert isfinite(member.mtime), member
        if number < _READ and is_content(member) and member.method in METHODS and not member.encrypted:
            _read(opened, member)
    for note in opened.notes:
        assert 0 <= note.lost < MOST, note
        assert note.message.isprintable(), note


def _read(opened: OpenedArchive, member: object) -> None:
    found = opened.read(member, _ROOM, LIMITS)
    assert len(found.data) <= max(_ROOM, len(opened.base), len(opened.tail))
    assert found.consumed >= 0
    assert 0 <= found.lost < MOST
    assert bool(found.code) == bool(found.message)
    assert found.message.isprintable(), found.message
