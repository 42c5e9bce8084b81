"""Reads cpio archives: new ASCII with and without checksums, old portable, old binary, rpm's own.

Sources: cpio(5); rpm's lib/cpio.c for headers that name a file by its number alone (`07070X`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import msgspec

from forensics.limits import DEFAULT, Limits
from forensics.model.files import FileKind
from forensics.parsers.archive_members import ArchiveNote, PackedMember, nonzero_runs, slack

MAGICS = (b"070701", b"070702", b"070707", b"07070X")
BINARY_MAGICS = {b"\xc7\x71": "<", b"\x71\xc7": ">"}
"""The first two bytes of a binary header, and the order of bytes that they tell."""
_NEW, _OLD, _STRIPPED, _BINARY = 110, 76, 14, 26
_TRAILER = b"TRAILER!!!"
_KINDS = {
    0o010000: FileKind.FIFO,
    0o020000: FileKind.CHAR_DEVICE,
    0o040000: FileKind.DIRECTORY,
    0o060000: FileKind.BLOCK_DEVICE,
    0o100000: FileKind.REGULAR,
    0o120000: FileKind.SYMLINK,
}
_FORMAT = 0o170000


class ListedFile(msgspec.Struct, frozen=True, gc=False):
    """A file as the header of an rpm package lists it."""

    name: bytes
    size: int
    mode: int
    mtime: int = 0


class _Header(msgspec.Struct, frozen=True, gc=False):
    """One header: its length with the name and padding, and what it tells."""

    name: bytes
    length: int
    size: int
    mode: int
    mtime: int
    align: int
    text_end: int = 0
    name_end: int = 0
    """Bytes up to the end of the name, and up to that of the field that holds it."""


class CpioWalk:
    """The members of the cpio archive in `view`, and of those that follow it, as an initramfs has them.

    `listed` are the files of the rpm package whose payload it is, for headers that only number them.
    """

    def __init__(self, view: memoryview, limits: Limits = DEFAULT, listed: Sequence[ListedFile] = ()) -> None:
        self._view = view
        self._limits = limits
        self._listed = listed
        self.notes: list[ArchiveNote] = []

    def __iter__(self) -> Iterator[PackedMember]:
        view, position = self._view, 0
        while position < len(view):
            header = self._header(position)
            if header is None:
                yield from self._rest(position, "bad-header", "what should be a cpio header is none")
                return
            start = position + header.length
            hidden = self._behind_name(position, header)
            if hidden is not None:
                yield hidden
            if header.name == _TRAILER:
                following = nonzero_runs(view, start, min(len(view), start + (1 << 16)))
                found = following[0] if following else len(view)
                if self._header(found) is not None:
                    position = found
                    continue
                yield from self._rest(start, "trailing-data", "data follows the end of the cpio archive")
                return
            stored = max(0, min(header.size, len(view) - start))
            if stored < header.size:
                lost = header.size - stored
                self.notes.append(
                    ArchiveNote("truncated", position, "a member ends early", lost, header.name)
                )
            yield self._member(header, position, start, stored)
            position = start + header.size + -header.size % header.align
        self.notes.append(ArchiveNote("truncated", len(view), "the cpio archive has no end mark"))

    def _behind_name(self, position: int, header: _Header) -> PackedMember | None:
        """What stands behind the NUL that ends a name, in the bytes that its length counts."""
        if header.name_end - header.text_end <= 1:
            return None
        found = slack(self._view, position + header.text_end, position + header.name_end)
        if found is not None:
            message = "data follows the end of a name in its header"
            self.notes.append(ArchiveNote("hidden-data", found.offset, message, 0, header.name))
        return found

    def _rest(self, position: int, code: str, message: str) -> Iterator[PackedMember]:
        rest = slack(self._view, position, len(self._view))
        if rest is not None:
            self.notes.append(ArchiveNote(code, rest.offset, message))
            yield rest
        elif code == "bad-header":
            self.notes.append(ArchiveNote("truncated", position, "the cpio archive has no end mark"))

    def _header(self, position: int) -> _Header | None:
        view = self._view
        magic = bytes(view[position : position + 6])
        if magic in (b"070701", b"070702"):
            fields = _numbers(bytes(view[position + 6 : position + _NEW]), [8] * 13, 16)
            if fields is None:
                return None
            length = _NEW + fields[11]
            return self._named(
                position, _NEW, fields[11], length + -length % 4, fields[6], fields[1], fields[5], 4
            )
        if magic == b"070707":
            fields = _numbers(bytes(view[position + 6 : position + _OLD]), [6] * 7 + [11, 6, 11], 8)
            if fields is None:
                return None
            return self._named(
                position, _OLD, fields[8], _OLD + fields[8], fields[9], fields[2], fields[7], 1
            )
        if magic[:2] in BINARY_MAGICS:
            return self._binary(position, BINARY_MAGICS[magic[:2]])
        if magic == b"07070X":
            number = _numbers(bytes(view[position + 6 : position + _STRIPPED]), [8], 16)
            if number is None or number[0] >= len(self._listed):
                return None
            told = self._listed[number[0]]
            return _Header(told.name, _STRIPPED + -_STRIPPED % 4, told.size, told.mode, told.mtime, 4)
        return None

    def _binary(self, position: int, order: str) -> _Header | None:
        """Thirteen numbers of two bytes; of those that take two, the high half comes first."""
        if position + _BINARY > len(self._view):
            return None
        told = struct.unpack_from(f"{order}13H", self._view, position)
        if told[3] & _FORMAT not in _KINDS:
            return None
        length = _BINARY + told[10]
        size, mtime = told[11] << 16 | told[12], told[8] << 16 | told[9]
        return self._named(position, _BINARY, told[10], length + length % 2, size, told[3], mtime, 2)

    def _named(
        self, position: int, fixed: int, name: int, length: int, size: int, mode: int, mtime: int, align: int
    ) -> _Header | None:
        """A header whose name of `name` bytes, NUL included, stands behind its `fixed` bytes."""
        start = position + fixed
        if not name or start + name > len(self._view):
            return None
        if name > self._limits.name_bytes:
            self.notes.append(ArchiveNote("limit", position, "a name is cut", name - self._limits.name_bytes))
        text = bytes(self._view[start : start + min(name, self._limits.name_bytes)]).partition(b"\0")[0]
        return _Header(text, length, size, mode, mtime, align, fixed + len(text), fixed + name)

    def _member(self, header: _Header, offset: int, start: int, stored: int) -> PackedMember:
        kind = _KINDS.get(header.mode & _FORMAT, FileKind.OTHER)
        link = bytes(self._view[start : start + min(stored, self._limits.name_bytes)])
        return PackedMember(
            name=header.name,
            size=header.size,
            offset=offset,
            data_offset=start,
            stored=stored,
            # Data under another type is data all the same: nothing else tells what is in it.
            kind=FileKind.REGULAR if stored and kind is not FileKind.SYMLINK else kind,
            mode=header.mode & 0o7777,
            mtime=float(header.mtime),
            link=link if kind is FileKind.SYMLINK else b"",
        )


def _numbers(data: bytes, widths: Sequence[int], base: int) -> list[int] | None:
    """Fixed-width numbers in hexadecimal or octal; None when one of them is none."""
    digits = b"0123456789abcdefABCDEF" if base == 16 else b"01234567"
    if len(data) != sum(widths) or data.strip(digits) or data.translate(None, digits):
        return None
    found, at = [], 0
    for width in widths:
        found.append(int(data[at : at + width], base))
        at += width
    return found
