"""The one exit for text that came from an image: nothing a terminal would obey passes."""

from __future__ import annotations

import base64
import re
import unicodedata

_END_BLANKS = re.compile(r"(?:^|(?<=/)) +| +(?=/|$)")
_JOINING_JAMO = range(0x1160, 0x1200)


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


def told_apart(path: str) -> str:
    r"""As `printable`, and so that two paths which look alike on a line are not shown alike.

    Blanks at either end of a component become `\x20`. Where one is not in the composed form in which names
    are usually typed (Unicode normal form C), the characters that composing would take in become `\uNNNN`:
    two spellings of one word differ. All other paths are as `printable` gives them.
    """
    if not path.isascii():
        path = "/".join(map(_spelt_out, path.split("/")))
    return printable(_END_BLANKS.sub(lambda blanks: r"\x20" * len(blanks[0]), path))


def _spelt_out(component: str) -> str:
    if unicodedata.is_normalized("NFC", component):
        return component
    return "".join(_escape(ord(char)) if _is_taken_in(char) else char for char in component)


def _is_taken_in(char: str) -> bool:
    """Whether normal form C may write this character as part of another, or as another."""
    if unicodedata.category(char).startswith("M") or ord(char) in _JOINING_JAMO:
        return True
    return not unicodedata.is_normalized("NFC", char)


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
