"""One block of a tar header: its fields, its checksum, and what its type flags mean.

Sources: POSIX.1-2017 `pax`, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"; star(5).
"""

from __future__ import annotations

import re
import struct
import zlib

from forensics.model.files import FileKind
from forensics.parsers._tar_fields import number

BLOCK = 512
ZEROS = bytes(BLOCK)
HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s")
Header = tuple[bytes, ...]
"""Name, mode, uid, gid, size, mtime, checksum, type, link, magic and version, user, group, major, minor,
prefix; and the end of the block, where star has its mark."""
NAME, SIZE, CHECKSUM, TYPE, _MAGIC, _PREFIX, _TRAILER = 0, 4, 6, 7, 9, 14, 15
_OCTAL = re.compile(rb"[0-7]+")
_USTAR, _GNU = b"ustar\0", b"ustar  \0"
_STAR_PREFIX = 131

KINDS = {
    b"0": FileKind.REGULAR,
    b"\0": FileKind.REGULAR,
    b"7": FileKind.REGULAR,
    b"S": FileKind.REGULAR,
    b"1": FileKind.HARDLINK,
    b"2": FileKind.SYMLINK,
    b"3": FileKind.CHAR_DEVICE,
    b"4": FileKind.BLOCK_DEVICE,
    b"5": FileKind.DIRECTORY,
    b"6": FileKind.FIFO,
}
EXTENDING = frozenset((b"x", b"g", b"L", b"K"))
LONG_NAMES = frozenset((b"L", b"K"))
WITHOUT_DATA = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))
DEVICES = frozenset((b"3", b"4"))


def is_tar_header(block: bytes) -> bool:
    """Whether these 512 bytes are a tar header: a checksum that agrees, over bytes that are not all zero."""
    if len(block) < BLOCK or block[:BLOCK] == ZEROS:
        return False
    return checksum_agrees(memoryview(block)[:BLOCK], block[148:156])


def checksum_agrees(block: memoryview, field: bytes) -> bool:
    """Whether the header's checksum is the sum of its bytes, unsigned, or signed as some old tars wrote it.

    The low half of Adler-32 is one plus the sum of the bytes modulo 65521: exact for 256 bytes, and far
    cheaper than a sum in Python.
    """
    told = number(field)
    unsigned = (zlib.adler32(block[:256]) & 0xFFFF) + (zlib.adler32(block[256:]) & 0xFFFF) - 2
    unsigned += 8 * ord(" ") - sum(field)
    if told == unsigned:
        return True
    high = sum(1 for byte in (*block[:148], *block[156:]) if byte >= 0x80)
    return told is not None and high > 0 and told == unsigned - 256 * high


def prefixed(header: Header, name: bytes) -> bytes:
    """The name with its prefix field in front, where the format has one.

    In GNU headers other fields lie there, times first; but Go before 1.8 wrote prefixes in such headers,
    which shows in one of the two not being a number. Its reader takes such a prefix when it is ASCII.
    """
    magic, prefix = header[_MAGIC], header[_PREFIX]
    if magic[:6] == _USTAR:
        if header[_TRAILER][8:] == b"tar\0":
            prefix = prefix[:_STAR_PREFIX]
    elif magic != _GNU or (_is_time(prefix[:12]) and _is_time(prefix[12:24])):
        return name
    front = prefix.partition(b"\0")[0]
    if not front or (magic == _GNU and not front.isascii()):
        return name
    return front + b"/" + name


def _is_time(field: bytes) -> bool:
    """Whether Go's reader takes the field for a time: not told, octal digits alone, or base-256."""
    if not field[0]:
        return True
    if field[0] & 0x80:
        return number(field) is not None
    digits = field.strip(b"\0 ").partition(b"\0")[0]
    return not digits or (bool(_OCTAL.fullmatch(digits)) and int(digits, 8) < 1 << 64)
