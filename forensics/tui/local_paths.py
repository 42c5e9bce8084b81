"""Completes the path of a file on this machine while it is typed."""

from __future__ import annotations

import os
from pathlib import Path

from textual.suggester import Suggester

_MOST = 200
_NAMES = ("registry:", "docker:")
"""What stands behind these schemes is no path."""


def completions(typed: str) -> list[str]:
    """Existing paths that begin with what was typed, folders with `/` at the end, in name order.

    A scheme in front (`oci-dir:/srv/x`) and `~` stay as they were typed. At most two hundred; hidden ones
    only when a dot was typed, unprintable ones never; empty when the folder cannot be read, and for the
    names of images in registries and engines.
    """
    if typed.startswith(_NAMES):
        return []
    scheme, path = _split(typed)
    folder, _, start = path.rpartition("/")
    lead = scheme + (f"{folder}/" if "/" in path else "")
    shown = Path(folder + "/" if "/" in path else ".").expanduser()
    try:
        with os.scandir(shown) as entries:
            names = [
                entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(start)
                and entry.name.isprintable()
                and (start.startswith(".") or not entry.name.startswith("."))
            ]
    except (OSError, ValueError):
        return []
    return [lead + name for name in sorted(names)[:_MOST]]


def common_start(paths: list[str]) -> str:
    """What all of them begin with."""
    return os.path.commonprefix(paths)  # noqa: RUF071 - letters, not components, are completed


def _split(typed: str) -> tuple[str, str]:
    scheme, colon, path = typed.partition(":")
    if colon and "/" not in scheme and scheme.replace("-", "").isalpha():
        return scheme + colon, path
    return "", typed


class PathSuggester(Suggester):
    """Shows, behind the cursor, how the path would go on."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first completion."""
        if not value:
            return None
        return next(iter(completions(value)), None)
