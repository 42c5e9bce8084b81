"""Offsets as a person types them."""

from __future__ import annotations

import re

_HEXADECIMAL = re.compile(r"0x([0-9a-f]+)", re.IGNORECASE | re.ASCII)
_DECIMAL = re.compile(r"[0-9][0-9,]*", re.ASCII)
_MOST_DIGITS = 32


def parse_offset(text: str, size: int) -> int:
    """The place in a content of `size` bytes that `text` names; raises ValueError with a sentence to show."""
    text = text.strip()
    hexadecimal = _HEXADECIMAL.fullmatch(text)
    if len(text) > _MOST_DIGITS or not (hexadecimal or _DECIMAL.fullmatch(text)):
        raise ValueError("not a number: decimal or 0x… hexadecimal")
    offset = int(hexadecimal.group(1), 16) if hexadecimal else int(text.replace(",", ""))
    if not size:
        raise ValueError("the file is empty")
    if offset >= size:
        raise ValueError(f"the file ends at 0x{size:x} ({size:,}): its last byte is at 0x{size - 1:x}")
    return offset
