"""Reads database files out of the layers: each distinct content once, bounded, with every loss reported."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import FileVersion
from forensics.model.issues import Issue
from forensics.printable import printable

Parsed = TypeVar("Parsed")

_MOST_LINES = 4_000_000
"""Lines of one file; the databases of large installations have some 100,000."""
_DATABASES = 4
"""All distinct files of one database together may be this many times as large as one file."""


class DatabaseReader:
    """Reads and remembers the files of one package database."""

    def __init__(self, view: ImageView, limits: Limits) -> None:
        self._view = view
        self._limits = limits
        self._left = _DATABASES * limits.database_bytes
        self._parsed: dict[tuple[str, object], object] = {}
        self._reported: set[tuple[str, object, str]] = set()
        self.issues: list[Issue] = []

    def parse(self, version: FileVersion | None, parser: Callable[[bytes], Parsed]) -> Parsed:
        """`parser` over the content of `version` (over nothing for None), once a distinct content."""
        key = (parser.__name__, content_key(version) if version else None)
        if key not in self._parsed:
            self._parsed[key] = parser(self._read(version) if version else b"")
        return self._parsed[key]  # type: ignore[return-value]  # the key holds the parser's name

    def lost(self, version: FileVersion, size: int, message: str, code: str = "not-parsed") -> None:
        """Say once that `size` bytes of this content could not be understood."""
        key = (code, content_key(version), message)
        if key in self._reported:
            return
        self._reported.add(key)
        subject = f"layer {version.layer}:{printable(version.path)}"
        self.issues.append(
            Issue(stage="inventory", code=code, subject=subject, message=message, lost_bytes=size)
        )

    def _read(self, version: FileVersion) -> bytes:
        """The content as far as the limits allow: bytes and lines of one file, bytes of all files."""
        size = version.content.size if version.content else 0
        wanted = min(size, self._limits.database_bytes, self._left)
        content = self._view.read(version, 0, wanted)
        self._left -= len(content)
        if wanted < size:
            self.lost(version, size - wanted, "the database is larger than the limit", "limit")
        if len(content) < wanted:
            self.lost(version, wanted - len(content), "the database is cut short", "truncated")
        if content.count(b"\n") > _MOST_LINES:
            kept = sum(map(len, islice(io.BytesIO(content), _MOST_LINES)))
            self.lost(version, len(content) - kept, "the database has more lines than the limit", "limit")
            return content[:kept]
        return content


def content_key(version: FileVersion) -> object:
    """Equal for equal contents: the digest, or the version itself where none could be computed."""
    return version.sha256 or version.key


def touched_layers(view: ImageView, roots: tuple[str, ...]) -> Iterator[tuple[int, bool]]:
    """For every layer, whether anything below one of the folders `roots` may differ from the layer below.

    Links on the way to a root are followed as of each layer, so that a database that moved counts as touched.
    """
    previous: tuple[str, ...] = ()
    for layer in (index.index for index in view.image_layers):
        resolved = tuple(view.canonical(f"{root}/x", layer).rpartition("/")[0] for root in roots)
        if resolved != previous:
            previous = resolved
            yield layer, True
            continue
        starts = tuple({path for root in (*roots, *resolved) for path in (root, f"{root}/")})
        changed = (*view.in_layer(layer), *view.removed_by(layer))
        yield layer, any(version.path.startswith(starts) for version in changed)
