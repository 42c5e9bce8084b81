"""The one exit for text that came from an image: nothing a terminal would obey passes."""

from __future__ import annotations

import base64


def printable(text: str | bytes) -> str:
    r"""`text` with every character that is not plainly printable written as an escape.

    Bytes that are not UTF-8 (as surrogates in a str) become `\xNN`, other unprintable characters
    (controls, C1, bidirectional marks, zero-width) `\xNN`, `\uNNNN` or `\UNNNNNNNN`. A backslash
    stays as it is: the exact bytes travel beside the text where they matter.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def exact_base64(text: str) -> str | None:
    """The exact bytes of a path in base64 when `printable` had to change it, else None."""
    if text.isprintable():
        return None
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
