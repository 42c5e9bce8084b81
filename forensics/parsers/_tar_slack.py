"""Bytes of a tar that no reader shows: padding, what stands behind the end of a field, leftovers.

A run counts only when something besides zeros stands in it, and only from its first such byte to its last.
What tools write by themselves is known here: star and node-tar keep times in the prefix field, GNU tar
further times and sparse maps, and old tars octal digits of other widths.
"""

from __future__ import annotations

import msgspec

from forensics.limits import KIB
from forensics.parsers._tar_header import BLOCK, Header, is_tar_header
from forensics.parsers._tar_odd_records import odd_records

_MOST_RUNS = 65_536
_PIECE = 1 << 20
_ZEROS = bytes(BLOCK)
_NO_LINK, _NO_PREFIX, _NO_TRAILER = bytes(100), bytes(155), bytes(12)
_STAR_TRAILER = bytes(8) + b"tar\0"
_DIGITS = b"01234567\0 "
_NUMBERS = ((100, 8), (108, 8), (116, 8), (124, 12), (136, 12))
_TIMES_AT, _GNU_TIMES, _GNU_MAP, _GNU_BEHIND_MAP = 131, (345, 369), 386, 495
_REMEMBERED = 4096
_MOST_OF_HEADER = 4096
"""Odd records of one header that are told apart; of more the whole header is taken."""
_SHORT_OF_ALL = 64 * KIB
"""Bytes that the short notes of all extended headers of a tar may have together."""


class TarRun(msgspec.Struct, frozen=True, gc=False):
    """`size` bytes at `offset` of the tar that no reader shows; `name` is the member they belong to, if any.

    Kinds: `padding` (behind a member's data, up to the next block), `header` (in unused parts of a header),
    `record` (in an extended header, more than programs obey), `attribute` (a long value of an extended
    attribute), `note` (short values of both, where they are many), `map` (data that a sparse map leaves out,
    or what fills its block), `unknown-type` (data of a member that is no file), `behind-end` (behind the end
    mark), `damaged` (what no header was found in), `behind-damage` (from the next header on).
    """

    kind: str
    offset: int
    size: int
    name: bytes = b""


class Slack:
    """Collects the runs of one tar in the order they are met; `left_out` counts the bytes of too many."""

    def __init__(self) -> None:
        self.runs: list[TarRun] = []
        self.left_out = 0
        self._clean: set[tuple[bytes, ...]] = set()
        self._short: list[tuple[int, int]] = []
        self._short_size = 0

    def look(self, view: memoryview, kind: str, start: int, end: int, name: bytes = b"") -> bool:
        """Take the run of `view` from `start` to `end`, without zeros around it; whether there is one."""
        end = min(end, len(view))
        if end - start <= BLOCK and bytes(view[start:end]) == _ZEROS[: end - start]:
            return False
        first = _first(view, start, end)
        if first is None:
            return False
        self._add(TarRun(kind, first, _behind_last(view, first, end) - first, name))
        return True

    def _add(self, run: TarRun) -> None:
        if len(self.runs) >= _MOST_RUNS:
            self.left_out += run.size
            return
        self.runs.append(run)

    def records(self, view: memoryview, start: int, size: int, records: list[tuple[bytes, bytes]]) -> None:
        """Take from an extended header of `size` bytes at `start` what is more than programs obey."""
        odd = odd_records(records)
        if not odd:
            return
        if len(odd.kinds) > _MOST_OF_HEADER:
            self.look(view, "record", start, start + size)
            return
        runs = odd.places(bytes(view[start : start + size]))
        if odd.is_much:
            for kind, first, behind in runs:
                self.look(view, kind, start + first, start + behind)
            return
        self._short_size += sum(behind - first for _, first, behind in runs)
        if len(self._short) < _MOST_RUNS:
            self._short += [(start + first, start + behind) for _, first, behind in runs]

    def finish(self, view: memoryview) -> None:
        """Take the short notes of all extended headers where together they have room for a content."""
        if self._short_size > _SHORT_OF_ALL:
            for first, behind in self._short:
                self.look(view, "note", first, behind)
            self.left_out += self._short_size - sum(behind - first for first, behind in self._short)
        self._short, self._short_size = [], 0

    def header(self, view: memoryview, position: int, header: Header) -> None:
        """Take what stands in unused parts of the header at `position`."""
        name, mode, uid, gid, size, mtime, _, flag, link, magic, user, group, major, minor, prefix, end = (
            header
        )
        if b"\0" in name.rstrip(b"\0"):
            self._behind_text(view, position, name)
        if link != _NO_LINK and b"\0" in link.rstrip(b"\0"):
            self._behind_text(view, position + 157, link)
        if (mode + uid + gid + size + mtime).translate(None, _DIGITS):
            self._numbers(view, position)
        owners = magic, user, group, major, minor
        if owners not in self._clean:
            self._owners(view, position, owners)
        if prefix != _NO_PREFIX or end != _NO_TRAILER:
            self._front(view, position, flag, magic, prefix, end)

    def _behind_text(self, view: memoryview, start: int, field: bytes) -> None:
        self.look(view, "header", start + field.index(b"\0"), start + len(field))

    def _numbers(self, view: memoryview, position: int) -> None:
        """What stands behind the digits of a number; a base-256 number fills its field."""
        for at, width in _NUMBERS:
            field = bytes(view[position + at : position + at + width])
            if not field[0] & 0x80 and field.translate(None, _DIGITS):
                front = len(field) - len(field.lstrip(b"\0 "))
                told = len(field[front:].lstrip(b"01234567"))
                self.look(view, "header", position + at + width - told, position + at + width)

    def _owners(self, view: memoryview, position: int, owners: tuple[bytes, ...]) -> None:
        """Names of the owners and numbers of a device, remembered where they are as they should be."""
        before = len(self.runs)
        if owners[0][:5] != b"ustar":
            self.look(view, "header", position + 257, position + 345)
        else:
            at = position + 265
            for field in owners[1:]:
                clean = field[0] & 0x80 or not field.translate(None, _DIGITS)
                if not clean and b"\0" in field.rstrip(b"\0"):
                    self._behind_text(view, at, field)
                at += len(field)
        if len(self.runs) == before:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(owners)

    def _front(
        self, view: memoryview, position: int, flag: bytes, magic: bytes, prefix: bytes, end: bytes
    ) -> None:
        """The prefix field and the end of the block, where star, node-tar and GNU tar keep more."""
        start, behind = position + 345, position + BLOCK
        if magic[:6] == b"ustar ":
            self._gnu_front(view, position, flag, prefix)
            return
        if magic[:5] != b"ustar":
            self.look(view, "header", start, behind)
            return
        if b"\0" in prefix[:_TIMES_AT].rstrip(b"\0"):
            self.look(view, "header", start + prefix.index(b"\0"), start + _TIMES_AT)
        times = prefix[_TIMES_AT:]
        if not prefix[_TIMES_AT - 1] and times.translate(None, _DIGITS) and not times[0] & 0x80:
            self.look(view, "header", start + _TIMES_AT, start + len(prefix))
        elif prefix[_TIMES_AT - 1] and b"\0" in prefix.rstrip(b"\0") and end != _STAR_TRAILER:
            self.look(view, "header", start + prefix.index(b"\0"), start + len(prefix))
        if end not in (_NO_TRAILER, _STAR_TRAILER):
            self.look(view, "header", start + len(prefix), behind)

    def _gnu_front(self, view: memoryview, position: int, flag: bytes, prefix: bytes) -> None:
        first, last = _GNU_TIMES
        is_number = prefix[0] & 0x80 or not prefix[: last - first].translate(None, _DIGITS)
        name_length = 0 if is_number else (prefix + b"\0").index(b"\0")
        start = max(position + last, position + first + name_length)
        if flag == b"S":
            self.look(view, "header", position + _GNU_BEHIND_MAP, position + BLOCK)
        elif bytes(view[start : position + _GNU_MAP]).translate(None, _DIGITS) or any(
            view[position + _GNU_MAP : position + BLOCK]
        ):
            self.look(view, "header", start, position + BLOCK)


def _first(view: memoryview, start: int, end: int) -> int | None:
    for offset in range(start, end, _PIECE):
        piece = bytes(view[offset : min(offset + _PIECE, end)])
        kept = piece.lstrip(b"\0")
        if kept:
            return offset + len(piece) - len(kept)
    return None


def _behind_last(view: memoryview, first: int, end: int) -> int:
    """Behind the last byte that is not zero; there is one at `first`."""
    while True:
        start = max(first, end - _PIECE)
        kept = len(bytes(view[start:end]).rstrip(b"\0"))
        if kept:
            return start + kept
        end = start


def next_header(view: memoryview, start: int) -> int | None:
    """Where the next valid header begins, at `start` or behind it, on whatever boundary; None: nowhere.

    Looked for by the mark of ustar and GNU headers; old headers without one are found on block boundaries of
    the first MiB only.
    """
    for offset in range(start, min(len(view) - BLOCK, start + _PIECE) + 1, BLOCK):
        if is_tar_header(bytes(view[offset : offset + BLOCK])):
            return offset
    tries = 0
    for offset in range(start, len(view), _PIECE):
        piece = bytes(view[offset : offset + _PIECE + 4])
        at = piece.find(b"ustar")
        while at >= 0:
            header = offset + at - 257
            if header >= start and is_tar_header(bytes(view[header : header + BLOCK])):
                return header
            tries += 1
            if tries >= _MOST_RUNS:
                return None
            at = piece.find(b"ustar", at + 1)
    return None
