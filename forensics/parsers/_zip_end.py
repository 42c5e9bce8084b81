"""Finds the end record of a ZIP archive, and the central directory that it leads to.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16. Readers go by the place and the size of the
directory; the number of its records binds few of them.
"""

from __future__ import annotations

import struct

import msgspec

CENTRAL_MAGIC = b"PK\x01\x02"
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_END_MAGIC, _END64_MAGIC, _LOCATOR_MAGIC = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_COMMENT = 0xFFFF
_TAIL = _COMMENT + _END.size
_FULL, _FULL_SHORT = 0xFFFFFFFF, 0xFFFF


class ZipEnd(msgspec.Struct, frozen=True):
    """The end of a ZIP archive: its directory, and how far all of it stands behind where it says it does.

    `listing` says whether a record of a member stands where the directory is.
    """

    position: int
    end: int
    directory: int
    directory_size: int
    entries: int
    shift: int
    listing: bool


def find_end(view: memoryview, *, everywhere: bool = False) -> ZipEnd | None:
    """The end record that leads to a central directory, looked for from the end of `view`.

    It stands within 64 KiB of the end (4.3.16); `everywhere` looks further, for data behind the archive. One
    of an archive that is empty counts where there is no other.
    """
    stop, empty = len(view), None
    while stop >= _END.size:
        start = max(0, stop - _TAIL)
        data = bytes(view[start:stop])
        place = data.rfind(_END_MAGIC)
        while place >= 0:
            found = _end_at(view, start + place)
            if found is not None and found.listing:
                return found
            empty = empty or found
            place = data.rfind(_END_MAGIC, 0, place + 3)
        if not everywhere or not start:
            return empty
        stop = start + _END.size
    return empty


def ends_a_zip(view: memoryview) -> bool:
    """Whether a ZIP archive with members ends in the last 64 KiB: every content is asked."""
    # From behind: CPython searches backwards twice as fast.
    if len(view) < _END.size or bytes(view[-_TAIL:]).rfind(_END_MAGIC) < 0:
        return False
    end = find_end(view)
    return end is not None and end.listing


def _end_at(view: memoryview, position: int) -> ZipEnd | None:
    if position + _END.size > len(view):
        return None
    _, _, _, _, entries, size, offset, comment = _END.unpack_from(view, position)
    end = min(len(view), position + _END.size + comment)
    behind = position
    if position >= _LOCATOR.size and (_FULL in (size, offset) or entries == _FULL_SHORT):
        magic, _, told, _ = _LOCATOR.unpack_from(view, max(0, position - _LOCATOR.size))
        for place in (told, position - _LOCATOR.size - _END64.size):
            if magic == _LOCATOR_MAGIC and 0 <= place <= len(view) - _END64.size:
                fields = _END64.unpack_from(view, place)
                if fields[0] == _END64_MAGIC:
                    entries, size, offset, behind = fields[7], fields[8], fields[9], place
                    break
    places = [at for at in dict.fromkeys((behind - size, offset)) if 0 <= at <= behind]
    listing = [at for at in places if view[at : at + 4] == CENTRAL_MAGIC]
    if not listing and (entries or not places):
        return None
    directory = (listing or places)[0]
    return ZipEnd(position, end, directory, behind - directory, entries, directory - offset, bool(listing))
