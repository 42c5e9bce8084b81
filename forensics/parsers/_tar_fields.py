"""Values of tar headers: numbers in three notations, pax records, extended attributes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

MOST = (1 << 63) - 1
"""The largest number a tar may speak of: readers in use keep sizes and times in 64 signed bits."""

_OCTAL = re.compile(rb"[\0 ]*([0-7]*)(?:[\0 ].*)?", re.DOTALL)
_DECIMAL = re.compile(rb"[0-9]{1,19}")
_TIME = re.compile(rb"-?[0-9]{1,19}(?:\.[0-9]*)?")
_LENGTH_DIGITS = 20
_XATTR, _XATTR_BASE64 = b"SCHILY.xattr.", b"LIBARCHIVE.xattr."


def text(name: bytes) -> str:
    """A name as the program keeps it: UTF-8, undecodable bytes as surrogates."""
    return name.decode("utf-8", "surrogateescape")


def number(field: bytes) -> int | None:
    """The number in a header field, None when it is none or does not fit 64 signed bits.

    Octal digits that a NUL or space ends (POSIX.1-1988), or base-256 where the first bit is set: a two's
    complement number in the remaining bits (GNU tar manual, "Extensions to tar").
    """
    digits = field.rstrip(b"\0 ")
    if digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            return None
    if field[0] & 0x80:
        bits = 8 * len(field) - 1
        value = int.from_bytes(field, "big") & ((1 << bits) - 1)
        if field[0] & 0x40:
            value -= 1 << bits
        return value if -MOST - 1 <= value <= MOST else None
    found = _OCTAL.fullmatch(field)
    return int(found[1] or b"0", 8) if found else None


def decimal(value: bytes) -> int | None:
    """A number of a pax record, None when it is none, negative or too large."""
    if not _DECIMAL.fullmatch(value):
        return None
    parsed = int(value)
    return parsed if parsed <= MOST else None


def seconds(value: bytes) -> float | None:
    """A time of a pax record in seconds since the epoch, None when it is none."""
    return float(value) if _TIME.fullmatch(value) else None


def pax_records(data: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    r"""The records of an extended header in order, and how many bytes at its end are not records.

    Each is `LENGTH KEYWORD=VALUE\n`, LENGTH counting itself (POSIX.1-2017, pax, "pax Extended Header").
    """
    records: list[tuple[bytes, bytes]] = []
    position, size = 0, len(data)
    while position < size:
        space = data.find(b" ", position, position + _LENGTH_DIGITS)
        digits = data[position:space] if space > 0 else b""
        if not digits.isdigit():
            break
        end = position + int(digits)
        keyword, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not space < end <= size or not equals or not keyword or data[end - 1] != ord("\n"):
            break
        records.append((keyword, value))
        position = end
    return records, len(data[position:].rstrip(b"\0"))


def extended_attributes(records: Mapping[bytes, bytes]) -> list[tuple[str, bytes]]:
    """The extended attributes among pax records, by name.

    `SCHILY.xattr.NAME` holds the bytes themselves (star), `LIBARCHIVE.xattr.NAME` holds base64 and its name
    is percent-encoded (libarchive); the first counts where both are there. What is no base64 becomes empty.
    """
    found: dict[str, bytes] = {}
    for keyword, value in records.items():
        if keyword.startswith(_XATTR_BASE64):
            name = text(unquote_to_bytes(keyword[len(_XATTR_BASE64) :]))
            found.setdefault(name, _from_base64(value))
        elif keyword.startswith(_XATTR):
            found[text(keyword[len(_XATTR) :])] = value
    return sorted(found.items())


def _from_base64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return b""
