"""Brings the paths of package databases into the form the layers use."""

from __future__ import annotations

from forensics.layers import ImageView


class CanonicalPaths:
    """Resolves links in parent directories as of one layer, each directory once.

    `known` is shared between layers, so that equal paths of many snapshots are one string in memory.
    """

    def __init__(self, view: ImageView, top: int, known: dict[str, str]) -> None:
        self._view = view
        self._top = top
        self._known = known
        self._directories: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        """`path` with its parent directories resolved: `/bin/sh` becomes `/usr/bin/sh`."""
        directory, _, name = path.rpartition("/")
        resolved = self._directories.get(directory)
        if resolved is None:
            resolved = self._view.canonical(f"{directory}/x", self._top).rpartition("/")[0]
            self._directories[directory] = resolved
        if resolved == directory:
            return self._known.setdefault(path, path)
        moved = f"{resolved}/{name}"
        return self._known.setdefault(moved, moved)
