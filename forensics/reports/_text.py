"""The last look at text before it leaves in a report."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from forensics.printable import printable

_Record = TypeVar("_Record", bound=msgspec.Struct)
_BEYOND_ASCII = re.compile(r"[\x7f-\U0010ffff]+")
_PLAIN_ASCII = bytes(range(0x7F))
_ESCAPE = re.compile(r"\\(.)")


def has_unprintable(text: str) -> bool:
    r"""Whether `text` holds a character beyond ASCII, or DEL, that a terminal may obey or hide.

    The control characters of ASCII are not looked for: JSON never holds them raw.
    """
    beyond = text.encode().translate(None, _PLAIN_ASCII)
    return not beyond.decode().isprintable()


def has_control_escape(text: str) -> bool:
    r"""Whether JSON text spells a character by its number or as a control other than `\n`."""
    return any(escape[1] in "ubfrt" for escape in _ESCAPE.finditer(text))


def escape_json(text: str) -> str:
    r"""JSON text with every unprintable character written as `\uNNNN`, which means the same."""
    if not has_unprintable(text):
        return text
    return _BEYOND_ASCII.sub(lambda run: "".join(map(_json_escape, run.group())), text)


def _json_escape(char: str) -> str:
    if char.isprintable():
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def printable_record(record: _Record) -> _Record:
    """A copy of `record` in which every text, at any depth, has gone through `printable`, line by line."""
    plain = msgspec.to_builtins(record)
    return msgspec.convert(_printable_value(plain), type(record))


def _printable_value(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else "\n".join(map(printable, value.split("\n")))
    if isinstance(value, dict):
        return {_printable_value(key): _printable_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable_value(item) for item in value]
    return value
