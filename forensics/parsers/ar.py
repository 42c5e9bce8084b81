"""Reads ar archives: static libraries and Debian packages.

Sources: ar.h of the GNU C library; binutils' documentation of the GNU and BSD variants of long names; deb(5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from forensics.limits import DEFAULT, Limits
from forensics.model.files import FileKind
from forensics.parsers.archive_members import ArchiveNote, PackedMember, slack

MAGIC = b"!<arch>\n"
THIN_MAGIC = b"!<thin>\n"
_HEADER = 60
_NAME_BYTES = b"\0\n" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_TABLES = frozenset({b"/", b"//", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED"})


class ArWalk:
    """The members of the ar archive in `view`; symbol and name tables are hidden ones.

    Those are told only where they hold more than a table does: what is packed in them nobody would see.
    """

    def __init__(self, view: memoryview, limits: Limits = DEFAULT) -> None:
        self._view = view
        self._limits = limits
        self.notes: list[ArchiveNote] = []
        self._names = b""

    def __iter__(self) -> Iterator[PackedMember]:
        view, position = self._view, len(MAGIC)
        thin = view[:8] == THIN_MAGIC
        while position + _HEADER <= len(view):
            header = bytes(view[position : position + _HEADER])
            size = _decimal(header[48:58])
            if header[58:] != b"`\n" or size is None:
                yield from self._broken(position)
                return
            name, start = header[:16].rstrip(b" "), position + _HEADER
            if thin and name not in _TABLES:
                yield self._member(header, self._long(name), position, start, 0, size)
                position = start
                continue
            stored = max(0, min(size, len(view) - start))
            if stored < size:
                self.notes.append(
                    ArchiveNote("truncated", position, "a member ends early", size - stored, name)
                )
            if name == b"//":
                self._names = bytes(view[start : start + min(stored, self._limits.header_bytes)])
            told, skip = self._name(name, start, stored)
            if told in _TABLES:
                table = slack(view, start + skip, start + stored)
                if table is not None and not self._is_table(told, start + skip, start + stored):
                    self.notes.append(
                        ArchiveNote("hidden-data", position, "a table holds none", 0, table.name)
                    )
                    yield table
            else:
                yield self._member(header, told, position, start + skip, stored - skip, size - skip)
            position = start + size + size % 2
        if position < len(view):
            yield from self._broken(position)

    def _is_table(self, name: bytes, start: int, end: int) -> bool:
        """Whether a table holds names, or places in the archive and names, and nothing besides."""
        if name == b"//":
            return not bytes(self._view[start:end]).translate(None, _NAME_BYTES)
        width = {b"/": 4, b"/SYM64/": 8}.get(name)
        if width is None:
            return False
        count = int.from_bytes(self._view[start : start + width], "big")
        names = start + width * (count + 1)
        if names > end:
            return False
        places = struct.unpack_from(f">{count}{'I' if width == 4 else 'Q'}", self._view, start + width)
        inside = max(places, default=0) < len(self._view)
        return inside and not bytes(self._view[names:end]).translate(None, _NAME_BYTES)

    def _broken(self, position: int) -> Iterator[PackedMember]:
        """What stands where a header should: told, and examined as bytes of its own."""
        rest = slack(self._view, position, len(self._view))
        if rest is not None:
            self.notes.append(ArchiveNote("bad-header", position, "what should be a member's header is none"))
            yield rest

    def _name(self, name: bytes, start: int, stored: int) -> tuple[bytes, int]:
        """The member's name, and how many bytes of its data hold it (BSD)."""
        if name.startswith(b"#1/"):
            length = min(_decimal(name[3:]) or 0, stored, self._limits.name_bytes)
            return bytes(self._view[start : start + length]).rstrip(b"\0"), length
        return self._long(name), 0

    def _long(self, name: bytes) -> bytes:
        if name in _TABLES:
            return name
        if name.startswith(b"/") and (place := _decimal(name[1:])) is not None:
            end = self._names.find(b"\n", place)
            found = self._names[place : end if end >= 0 else len(self._names)]
            return found.removesuffix(b"/")[: self._limits.name_bytes]
        return name.removesuffix(b"/")

    def _member(
        self, header: bytes, name: bytes, offset: int, start: int, stored: int, size: int
    ) -> PackedMember:
        mode = _octal(header[40:48])
        return PackedMember(
            name=name,
            size=size,
            offset=offset,
            data_offset=start,
            stored=stored,
            kind=FileKind.REGULAR if stored or not size else FileKind.OTHER,
            mode=None if mode is None else mode & 0o7777,
            mtime=float(_decimal(header[16:28]) or 0),
        )


def _decimal(field: bytes) -> int | None:
    field = field.strip(b" \0")
    return int(field) if field.isdigit() and len(field) <= 20 else None


def _octal(field: bytes) -> int | None:
    field = field.strip(b" \0")
    return int(field, 8) if field and not field.strip(b"01234567") else None
