"""Promises that many parsers make."""

from __future__ import annotations

from typing import Any

import msgspec

MOST = 1 << 64
"""Numbers from here on no JSON writer of this program can write."""


def is_absolute(path: str) -> bool:
    """Whether a path is absolute and normalised."""
    if path == "/":
        return True
    return path.startswith("/") and not any(part in {"", ".", ".."} for part in path[1:].split("/"))


def check_shown(value: Any) -> None:
    """Every text within a record is printable but for its lines' ends, and it can be written as JSON."""
    msgspec.json.encode(value)
    waiting = [msgspec.to_builtins(value)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            assert one.replace("\n", "").isprintable(), f"not printable: {one!r}"
        elif isinstance(one, dict):
            waiting.extend(one)
            waiting.extend(one.values())
        elif isinstance(one, (list, tuple)):
            waiting.extend(one)


def check_issues(issues: tuple[Any, ...]) -> None:
    """Issues are printable, and what they say is lost can be written down."""
    for issue in issues:
        check_shown(issue)
        assert 0 <= issue.lost_bytes < MOST, issue
