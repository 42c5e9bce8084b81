"""Typed JSON out of hostile documents: one error for everything that can be wrong with them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from forensics.errors import ParseError
from forensics.printable import printable

Shape = TypeVar("Shape")


def decode_json(content: bytes | msgspec.Raw, shape: type[Shape]) -> Shape:
    """`content` as a `shape`; keys that it does not name are skipped. Raises ParseError."""
    try:
        return msgspec.json.decode(content, type=shape)
    except RecursionError as error:
        raise ParseError("the document nests too deeply") from error
    except ValueError as error:
        raise ParseError(f"not the JSON that was expected: {printable(str(error))}") from error
