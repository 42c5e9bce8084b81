"""Reads ZIP archives as an analyst must: the central directory and the local headers, one held to the other.

Source: PKWARE APPNOTE.TXT 6.3.10. Programs disagree about which of the two counts, which hides members from
one of them; bytes that neither accounts for are seen by none.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from forensics.limits import DEFAULT, MIB, Limits
from forensics.model.files import FileKind
from forensics.parsers._zip_end import CENTRAL_MAGIC, ZipEnd, find_end
from forensics.parsers.archive_members import ArchiveNote, PackedMember, slack
from forensics.printable import printable

_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_END64_MAGIC = b"PK\x06\x06"
_LOCAL_MAGIC, _DESCRIPTOR_MAGIC = b"PK\x03\x04", b"PK\x07\x08"
_SPLIT_MAGIC = b"PK\x07\x08"
_JMOD = b"JM\x01\x00"
_APK_SIGNATURES = b"APK Sig Block 42"
_FULL, _FULL_SHORT = 0xFFFFFFFF, 0xFFFF
_ENCRYPTED, _DESCRIBED, _MASKED = 0x1, 0x8, 0x2000
_LOCKED = _ENCRYPTED | _MASKED
_METHODS = {0: "", 8: "deflate", 12: "bzip2", 14: "zip-lzma", 20: "zstd", 93: "zstd", 95: "xz"}
_READABLE = frozenset(_METHODS.values())
_UNIX, _DARWIN = 3, 19
_FOLLOWING = frozenset({_LOCAL_MAGIC, CENTRAL_MAGIC, _END64_MAGIC, b"PK\x06\x08", bytes(4)})
"""What may stand behind a member: headers, records, an archive decryption header, padding."""
_NAME_BYTES = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_OVERLAPPING = 16
"""So many members that share bytes with others are unpacked; honest archives have none."""
_DIFFERENCES = 16
_NAME_SHOWN = 256
_HIDDEN_RUNS = 64
"""So many runs of bytes that nothing accounts for are looked at one by one."""


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """One record of the central directory."""

    name: bytes
    flags: int
    method: int
    stored: int
    size: int
    local: int
    attributes: int
    system: int
    time: int
    date: int


class _Place(msgspec.Struct, frozen=True, gc=False):
    """Where a local header and its data lie; `end` is behind its data descriptor."""

    start: int
    data: int
    end: int


class ZipWalk:
    """The members of the ZIP archive in `view`: those of the directory, then what it does not list.

    `prefix` bytes in front of the first member are expected (a program that unpacks the rest of itself).
    """

    def __init__(self, view: memoryview, limits: Limits = DEFAULT, *, plain: bool = True) -> None:
        self._view = view
        self._limits = limits
        self._plain = plain
        self.notes: list[ArchiveNote] = []
        self._told: dict[str, int] = {}
        self._places: list[tuple[int, int]] = []
        self._overlapping = 0
        self._not_listed = 0

    def __iter__(self) -> Iterator[PackedMember]:
        view = self._view
        end = find_end(view, everywhere=self._plain)
        if end is None:
            self.notes.append(
                ArchiveNote(
                    "bad-directory", 0, "there is no central directory: what local headers tell counts"
                )
            )
            yield from self._between(0, len(view), lost=False)
            return
        complete = yield from self._listed(end)
        if complete:
            yield from self._unlisted(end)

    def _note(self, code: str, offset: int, message: str, lost: int = 0, name: bytes = b"") -> None:
        """Tell it; of what happens to many members the first few, then what they cost together."""
        count = self._told[code] = self._told.get(code, 0) + 1
        if count <= _DIFFERENCES:
            self.notes.append(ArchiveNote(code, offset, message, lost, name))
        elif count == _DIFFERENCES + 1:
            self.notes.append(ArchiveNote(code, offset, "the same of further members", lost))
        else:
            last = next(n for n in range(len(self.notes) - 1, -1, -1) if self.notes[n].code == code)
            old = self.notes[last]
            self.notes[last] = msgspec.structs.replace(old, lost=old.lost + lost)

    # ---- what the directory lists ----------------------------------------------------------------------

    def _listed(self, end: ZipEnd) -> Generator[PackedMember, None, bool]:
        """Every record of the directory; False when it was not read to its end."""
        view, position = self._view, end.directory
        stop, count = end.directory + end.directory_size, 0
        told: set[tuple[object, ...]] = set()
        places: set[int] = set()
        while position + _CENTRAL.size <= stop and view[position : position + 4] == CENTRAL_MAGIC:
            if count >= self._limits.members:
                self._note(
                    "limit", position, "the archive has more members than are looked at", stop - position
                )
                return False
            entry, position = self._entry(position, stop, end.shift)
            count += 1
            if entry.local in places:
                self._note("overlap", entry.local, "several records lead to the same data", 0, entry.name)
            places.add(entry.local)
            # What differs in anything that decides the bytes is another member to whoever goes by it.
            what = (entry.local, entry.name, entry.method, entry.stored, entry.size, entry.flags & _LOCKED)
            if what in told:
                continue
            told.add(what)
            yield from self._checked(entry)
        ended = position >= stop - _CENTRAL.size
        if ended and (count - end.entries) & _FULL_SHORT:
            self._note("bad-directory", position, f"it lists {count} members and says {end.entries}")
        elif position < stop and bytes(view[position : position + 4]) != b"PK\x05\x05":
            rest = slack(view, position, stop)
            if rest is not None:
                self._note("bad-directory", position, "the central directory is not made of records")
                yield rest
        return True

    def _entry(self, position: int, stop: int, shift: int) -> tuple[_Entry, int]:
        fields = _CENTRAL.unpack_from(self._view, position)
        (
            _,
            made,
            _,
            flags,
            method,
            time,
            date,
            _,
            stored,
            size,
            names,
            extras,
            comment,
            _,
            _,
            attributes,
            local,
        ) = fields
        start = position + _CENTRAL.size
        name = bytes(self._view[start : start + names])
        if _FULL in (stored, size, local):
            extra = bytes(self._view[start + names : start + names + extras])
            size, stored, local = _wide(extra, size, stored, local)
        entry = _Entry(name, flags, method, stored, size, local + shift, attributes, made >> 8, time, date)
        return entry, min(start + names + extras + comment, stop)

    def _checked(self, entry: _Entry) -> Iterator[PackedMember]:
        """The member of a record, after its local header was held to it."""
        view = self._view
        if (
            not 0 <= entry.local <= len(view) - _LOCAL.size
            or view[entry.local : entry.local + 4] != _LOCAL_MAGIC
        ):
            message = "the directory lists a member that is not there"
            self._note("missing-member", max(0, entry.local), message, entry.stored, entry.name)
            return
        local = _LOCAL.unpack_from(view, entry.local)
        names, extras = local[9], local[10]
        data = entry.local + _LOCAL.size + names + extras
        name = bytes(view[entry.local + _LOCAL.size : entry.local + _LOCAL.size + names])
        stored = max(0, min(entry.stored, len(view) - data))
        if stored < entry.stored:
            self._note("truncated", entry.local, "a member ends early", entry.stored - stored, entry.name)
        different = self._differences(entry, local, name)
        if different:
            message = f"its local header tells another {' and '.join(different)} than the directory"
            if "name" in different:
                message += f": {printable(name[:_NAME_SHOWN])}"
            self._note("member-mismatch", entry.local, message, 0, entry.name)
        if self._shared(entry.local, self._behind(data + stored, local[2])):
            self._overlapping += 1
            self._note("overlap", entry.local, "it shares bytes with another member", 0, entry.name)
            if self._overlapping > _OVERLAPPING:
                self._note(
                    "limit", entry.local, "members that share bytes are not unpacked", stored, entry.name
                )
                return
        yield PackedMember(
            name=entry.name,
            size=entry.size,
            offset=entry.local,
            data_offset=data,
            stored=stored,
            method=_METHODS.get(entry.method, f"method {entry.method}"),
            kind=_kind(entry),
            mode=_mode(entry),
            mtime=_time(entry.date, entry.time),
            encrypted=bool(entry.flags & _LOCKED),
        )
        if {"compression", "encryption", "size"}.intersection(different):
            # Programs that read front to back go by the local header.
            found = self._local_at(entry.local, len(view))
            if found is not None:
                yield found[0]

    def _differences(self, entry: _Entry, local: tuple[int, ...], name: bytes) -> list[str]:
        told = []
        if name != entry.name:
            told.append("name")
        if local[3] != entry.method:
            told.append("compression")
        if (local[2] ^ entry.flags) & _ENCRYPTED:
            told.append("encryption")
        # With a descriptor behind the data, a header tells zeros.
        blank = (0, _FULL) if local[2] & _DESCRIBED else (_FULL,)
        sizes = ((local[7], entry.stored), (local[8], entry.size))
        if any(here not in blank and here != there for here, there in sizes):
            told.append("size")
        return told

    def _behind(self, end: int, flags: int) -> int:
        """Where a member ends with its data descriptor (4.3.9), of which there are four forms."""
        if not flags & _DESCRIBED:
            return end
        view = self._view
        start = end + 4 if view[end : end + 4] == _DESCRIPTOR_MAGIC else end
        for length in (12, 20):
            place = start + length
            if bytes(view[place : place + 4]) in _FOLLOWING:
                return place
        return min(start + 12, len(view))

    def _shared(self, start: int, end: int) -> bool:
        """Whether a member shares bytes with one that came before; its place is noted."""
        places = self._places
        at = bisect_right(places, (start, end))
        before = at > 0 and places[at - 1][1] > start
        behind = at < len(places) and places[at][0] < end
        places.insert(at, (start, end))
        return before or behind

    # ---- what it does not list -------------------------------------------------------------------------

    def _unlisted(self, end: ZipEnd) -> Iterator[PackedMember]:
        """Members and bytes in front of, between and behind those that are listed."""
        view, position, runs = self._view, 0, 0
        for start, stop in [*self._places, (end.directory, end.end)]:
            if start > position:
                if runs >= _HIDDEN_RUNS:
                    self._note("limit", position, "bytes between members are not looked at", start - position)
                elif not position and self._is_prefix(start):
                    yield from self._in_prefix(start)
                elif not self._is_known(position, start):
                    before = len(self.notes)
                    yield from self._between(position, start, lost=True, in_front=not position)
                    runs += len(self.notes) > before
            position = max(position, stop)
        if position < len(view):
            rest = slack(view, position, len(view))
            if rest is not None:
                self._note("trailing-data", rest.offset, "data follows the end of the archive", 0, rest.name)
                yield rest

    def _is_prefix(self, end: int) -> bool:
        """Whether what stands in front of the archive is expected: examined already, or a known mark."""
        return not self._plain or bytes(self._view[: min(end, 5)]) in (_JMOD, _SPLIT_MAGIC, b"PK00")

    def _in_prefix(self, end: int) -> Iterator[PackedMember]:
        """Members in what stands in front of the archive, as those of another archive do."""
        place = _find(self._view, _LOCAL_MAGIC, 0, end)
        for _ in range(_HIDDEN_RUNS):
            if place < 0:
                return
            found = self._local_at(place, end)
            if found is not None and found[0].method in _READABLE and _is_plain_name(found[0].name):
                member, behind = found
                self._note("hidden-member", place, "the directory does not list it", 0, member.name)
                yield member
                place = _find(self._view, _LOCAL_MAGIC, behind, end)
            else:
                place = _find(self._view, _LOCAL_MAGIC, place + 1, end)
        if place >= 0:
            self._note("limit", place, "members in front of the archive are not looked at", end - place)

    def _is_known(self, start: int, end: int) -> bool:
        """Whether a run is an APK's block of signatures (v2 and later), which stands before the directory."""
        return bytes(self._view[max(start, end - 16) : end]) == _APK_SIGNATURES

    def _between(self, start: int, end: int, *, lost: bool, in_front: bool = False) -> Iterator[PackedMember]:
        """Members that only their local headers tell of, and what else is between two places."""
        view = self._view
        while start < end:
            if self._not_listed >= self._limits.members:
                message = "the archive has more members that are not listed than are looked at"
                self._note("limit", start, message, end - start)
                return
            self._not_listed += 1
            found = self._local_at(start, end)
            if found is not None:
                member, start = found
                if lost:
                    message = "the directory does not list a member that is there"
                    self._note("hidden-member", member.offset, message, 0, member.name)
                yield member
                continue
            place = _find(view, _LOCAL_MAGIC, start + 1, end)
            stop = place if place >= 0 else end
            if not lost and stop == end:
                return  # the directory of an archive that has lost its end
            rest = slack(view, start, stop)
            if rest is not None:
                code, message = "hidden-data", "no member accounts for these bytes"
                if in_front:
                    code, message = "prepended-data", "data stands in front of the archive"
                self._note(code, rest.offset, message, 0, rest.name)
                yield rest
            start = stop

    def _local_at(self, position: int, end: int) -> tuple[PackedMember, int] | None:
        """The member whose local header is at `position`, and where it ends."""
        view = self._view
        if position + _LOCAL.size > end or view[position : position + 4] != _LOCAL_MAGIC:
            return None
        fields = _LOCAL.unpack_from(view, position)
        _, _, flags, method, time, date, _, stored, size, names, extras = fields
        start = position + _LOCAL.size
        name, data = bytes(view[start : start + names]), start + names + extras
        if _FULL in (stored, size):
            size, stored, _ = _wide(bytes(view[start + names : data]), size, stored, 0)
        told: int | None = size
        if flags & _DESCRIBED and not stored:
            # The size stands behind the data: everything to the next header may belong to it.
            behind = _find(view, b"PK", data, end)
            while 0 <= behind < end and bytes(view[behind + 2 : behind + 4]) not in (
                b"\x03\x04",
                b"\x01\x02",
                b"\x07\x08",
            ):
                behind = _find(view, b"PK", behind + 2, end)
            stored, told = (behind if behind >= 0 else end) - data, None
        stored = max(0, min(stored, end - data))
        member = PackedMember(
            name=name,
            size=told,
            offset=position,
            data_offset=min(data, end),
            stored=stored,
            method=_METHODS.get(method, f"method {method}"),
            kind=FileKind.DIRECTORY if name.endswith(b"/") and not stored else FileKind.REGULAR,
            mtime=_time(date, time),
            encrypted=bool(flags & _ENCRYPTED),
            hidden=True,
        )
        return member, min(end, max(self._behind(data + stored, flags), position + _LOCAL.size))


def _is_plain_name(name: bytes) -> bool:
    """Whether it could be a name: a program that reads archives holds their magic numbers as well."""
    return bool(name) and not name.translate(None, _NAME_BYTES)


def _find(view: memoryview, needle: bytes, start: int, end: int) -> int:
    """The first place of `needle` in `start` … `end`, -1 when there is none; reads piece by piece."""
    while start < end:
        data = bytes(view[start : min(end, start + MIB + len(needle) - 1)])
        place = data.find(needle)
        if place >= 0:
            return start + place
        start += MIB
    return -1


def _wide(extra: bytes, size: int, stored: int, local: int) -> tuple[int, int, int]:
    """Size, stored size and offset with the ZIP64 field for those that do not fit (4.5.3)."""
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, position)
        if tag == 1:
            values = iter(
                struct.unpack_from(f"<{min(length, len(extra) - position - 4) // 8}Q", extra, position + 4)
            )
            size = next(values, size) if size == _FULL else size
            stored = next(values, stored) if stored == _FULL else stored
            local = next(values, local) if local == _FULL else local
            break
        position += 4 + length
    return size, stored, local


def _mode(entry: _Entry) -> int | None:
    return (
        (entry.attributes >> 16) & 0o7777
        if entry.system in (_UNIX, _DARWIN) and entry.attributes >> 16
        else None
    )


def _kind(entry: _Entry) -> FileKind:
    form = (entry.attributes >> 28) & 0xF if entry.system in (_UNIX, _DARWIN) else 0
    if form == 0o12:
        return FileKind.SYMLINK
    if (form == 0o04 or entry.name.endswith(b"/")) and not entry.stored:
        return FileKind.DIRECTORY
    return FileKind.REGULAR


@lru_cache(256)
def _time(date: int, time: int) -> float:
    """Seconds since the epoch, the local time of nobody knows where taken for UTC; 0 for none (4.4.6)."""
    try:
        moment = datetime(
            1980 + (date >> 9),
            date >> 5 & 15,
            date & 31,
            time >> 11,
            time >> 5 & 63,
            time % 32 * 2,
            tzinfo=UTC,
        )
    except ValueError:
        return 0.0
    return moment.timestamp()
