"""Reads os-release, the file by which a distribution names itself. Source: os-release(5)."""

from __future__ import annotations

import re

_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_ESCAPED = re.compile(r'\\(["\\$`])')


def parse_os_release(content: bytes) -> dict[str, str]:
    """The assignments of an os-release file, quotes and escapes removed; other lines are skipped.

    Where a name is assigned twice the last one counts, as in a shell. Never raises.
    """
    values: dict[str, str] = {}
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        match = _ASSIGNMENT.fullmatch(line.strip())
        if match:
            values[match[1]] = _unquote(match[2].strip())
    return values


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return _ESCAPED.sub(r"\1", value)
