"""Finds the payload of an rpm package and what its header lists.

Source: rpm's docs/manual/format_v4.md: a lead of 96 bytes, the signature header, padding to eight bytes, the
header, the payload.
"""

from __future__ import annotations

import struct

import msgspec

from forensics.limits import DEFAULT, Limits
from forensics.parsers.cpio import ListedFile

LEAD = 96
_INTRO = struct.Struct(">8sII")
_MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
_INDEX = struct.Struct(">IIII")
_COMPRESSOR, _SIZES, _MODES, _MTIMES = 1125, 1028, 1030, 1034
_FOLDER_INDEXES, _BASENAMES, _FOLDERS, _LONG_SIZES = 1116, 1117, 1118, 5008
_WANTED = {_COMPRESSOR, _SIZES, _MODES, _MTIMES, _FOLDER_INDEXES, _BASENAMES, _FOLDERS, _LONG_SIZES}
_CODES = {3: ("H", 2), 4: ("I", 4), 5: ("Q", 8)}
_MOST_FILES = 1_000_000


class RpmPackage(msgspec.Struct, frozen=True):
    """Where the payload of an rpm package begins, how it says it is packed, and the files it lists."""

    payload: int
    compressor: str
    files: tuple[ListedFile, ...]


def read_rpm(view: memoryview, limits: Limits = DEFAULT) -> RpmPackage | None:
    """The package in `view`; None when its headers lead nowhere."""
    end = _header_end(view, LEAD, limits)
    if end is None:
        return None
    start = end + -end % 8
    payload = _header_end(view, start, limits)
    if payload is None:
        return None
    values = _values(view, start)
    names = values.get(_COMPRESSOR, [])
    compressor = names[0] if names and isinstance(names[0], bytes) else b"gzip"
    return RpmPackage(payload, compressor.decode("latin-1"), _files(values))


def _header_end(view: memoryview, start: int, limits: Limits) -> int | None:
    if start + _INTRO.size > len(view):
        return None
    magic, count, size = _INTRO.unpack_from(view, start)
    end = start + _INTRO.size + count * _INDEX.size + size
    too_large = count * _INDEX.size + size > max(limits.header_bytes, 1) * 32
    return end if magic == _MAGIC and end <= len(view) and not too_large else None


def _values(view: memoryview, start: int) -> dict[int, list[int | bytes]]:
    """The wanted tags with their values; what points outside its header is left out."""
    _, count, size = _INTRO.unpack_from(view, start)
    index = start + _INTRO.size
    store = view[index + count * _INDEX.size :][:size]
    found: dict[int, list[int | bytes]] = {}
    for position in range(index, index + count * _INDEX.size, _INDEX.size):
        tag, kind, offset, number = _INDEX.unpack_from(view, position)
        if tag not in _WANTED or tag in found or offset > size or number > _MOST_FILES:
            continue
        if kind in _CODES:
            letter, width = _CODES[kind]
            number = min(number, (size - offset) // width)
            found[tag] = list(struct.unpack_from(f">{number}{letter}", store, offset))
        elif kind in (6, 8, 9):
            found[tag] = list(bytes(store[offset:]).split(b"\0", number)[:number])
    return found


def _files(values: dict[int, list[int | bytes]]) -> tuple[ListedFile, ...]:
    names, folders = values.get(_BASENAMES, []), values.get(_FOLDERS, [])
    places = values.get(_FOLDER_INDEXES, [])
    sizes = values.get(_LONG_SIZES) or values.get(_SIZES, [])
    modes, times = values.get(_MODES, []), values.get(_MTIMES, [])
    files = []
    for number, name in enumerate(names):
        place = places[number] if number < len(places) else -1
        folder = folders[place] if isinstance(place, int) and 0 <= place < len(folders) else b""
        size, mode, mtime = (each[number] if number < len(each) else 0 for each in (sizes, modes, times))
        if isinstance(name, bytes) and isinstance(folder, bytes):
            files.append(ListedFile(folder + name, _whole(size), _whole(mode), _whole(mtime)))
    return tuple(files)


def _whole(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0
