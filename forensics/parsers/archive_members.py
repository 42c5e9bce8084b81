"""What every reader of archives gives: the members, in archive order, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from forensics.model.files import FileKind, Segment

SLACK = b"!slack@0x%x"
"""The name of bytes that belong to no member, with their offset in the archive."""


class PackedMember(msgspec.Struct, frozen=True, kw_only=True):
    """One member as it is stored. `name` is the archive's bytes; sizes and offsets are bytes.

    `size` is what the archive tells, None where it tells nothing; `stored` bytes from `data_offset` hold
    it, compressed with `method` (empty: as it is), which is one of `unpacking.METHODS` or else a word that
    says what nobody can unpack. `mode` is the twelve permission bits, None where there are none.
    `hidden` says that an ordinary program that opens the archive does not list the member.
    """

    name: bytes
    size: int | None
    offset: int
    data_offset: int
    stored: int
    method: str = ""
    kind: FileKind = FileKind.REGULAR
    mode: int | None = None
    mtime: float = 0.0
    link: bytes = b""
    segments: tuple[Segment, ...] = ()
    encrypted: bool = False
    hidden: bool = False


class ArchiveNote(msgspec.Struct, frozen=True, gc=False):
    """Something odd or lost in an archive: a stable `code`, where, one sentence, and bytes nobody can read.

    `name` is the member it is about, empty when it is about the archive. Codes: `not-an-archive`,
    `bad-header`, `bad-directory`, `truncated`, `limit`, `prepended-data`, `trailing-data`, `hidden-data`,
    `hidden-member`, `member-mismatch`, `missing-member`, `overlap`; and those of a tar.
    """

    code: str
    offset: int
    message: str
    lost: int = 0
    name: bytes = b""


class MemberWalk(Protocol):
    """The members of one archive, read while they are asked for; `notes` fill meanwhile."""

    @property
    def notes(self) -> list[ArchiveNote]:
        """What was met so far."""

    def __iter__(self) -> Iterator[PackedMember]: ...


def nonzero_runs(view: memoryview, start: int, end: int, piece: int = 1 << 20) -> tuple[int, int] | None:
    """From the first to behind the last byte in `start` … `end` that is not zero; None when all are."""
    first = last = None
    for offset in range(start, end, piece):
        data = bytes(view[offset : min(end, offset + piece)])
        kept = data.lstrip(b"\0")
        if kept:
            if first is None:
                first = offset + len(data) - len(kept)
            last = offset + len(data.rstrip(b"\0"))
    return None if first is None or last is None else (first, last)


def slack(view: memoryview, start: int, end: int) -> PackedMember | None:
    """The bytes between `start` and `end` as a member of their own; None when they are all zero."""
    found = nonzero_runs(view, start, end)
    if found is None:
        return None
    first, last = found
    return PackedMember(
        name=SLACK % first,
        size=last - first,
        offset=first,
        data_offset=first,
        stored=last - first,
        hidden=True,
    )
