"""Names from an image, with what nobody sees in them made visible."""

from __future__ import annotations

import unicodedata

from forensics.printable import printable

_JOINED_JAMO = range(0x1160, 0x1200)
"""Letters of Korean syllables written apart, which a terminal joins."""


def evident(path: str) -> str:
    r"""A path or name, printable, and each of its components such that it is told from its twins.

    A blank at the start or end of a component is written `\x20`. In one that is not in the composed form of
    Unicode (NFC), what would join with the character before it, or stands for another one, is written
    `\uNNNN`.
    """
    if path.isascii():
        shown = printable(path)
        return shown if " " not in path else "/".join(map(_blanks, shown.split("/")))
    return "/".join(_blanks(_composition(printable(part))) for part in path.split("/"))


def _blanks(name: str) -> str:
    inside = name.strip(" ")
    if len(inside) == len(name):
        return name
    if not inside:
        return r"\x20" * len(name)
    start = len(name) - len(name.lstrip(" "))
    return r"\x20" * start + inside + r"\x20" * (len(name) - start - len(inside))


def _composition(name: str) -> str:
    if unicodedata.is_normalized("NFC", name):
        return name
    return "".join(f"\\u{ord(char):04x}" if _has_twin(char) else char for char in name)


def _has_twin(char: str) -> bool:
    joins = unicodedata.combining(char) != 0 or ord(char) in _JOINED_JAMO
    return joins or not unicodedata.is_normalized("NFC", char)
