"""What the interface remembers between runs: recent images, and the marks an analyst made, by image digest.

Everything lies in one folder of small JSON documents that may be lost, damaged or written by another
version at any time: what cannot be read counts as empty, and what cannot be written is not remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec
import platformdirs

_RECENT_KEPT = 20
_MARKS_KEPT = 10_000
_DOCUMENT_BYTES = 4 << 20

Document = TypeVar("Document", bound=msgspec.Struct)


class RecentImage(msgspec.Struct, frozen=True):
    """A reference that was opened, as it was given, and the SBOM file given with it."""

    reference: str
    sbom: str = ""


class _Recent(msgspec.Struct, frozen=True):
    images: tuple[RecentImage, ...] = ()


class Marks(msgspec.Struct, frozen=True):
    """What an analyst noted about one image: finding ids reviewed, and bookmarked places.

    A bookmark is `layer:path` with the path printable, so that it holds for the same image built again.
    """

    reviewed: tuple[str, ...] = ()
    bookmarks: tuple[str, ...] = ()


class StateFolder:
    """The folder `FORENSICS_STATE_DIR`, or the user's state folder of this platform."""

    def __init__(self, folder: Path | None = None) -> None:
        named = os.environ.get("FORENSICS_STATE_DIR")
        self._folder = folder or (Path(named) if named else platformdirs.user_state_path("image-forensics"))

    def recent(self) -> tuple[RecentImage, ...]:
        """The images opened before, the latest first."""
        return self._read("recent.json", _Recent).images[:_RECENT_KEPT]

    def remember(self, opened: RecentImage) -> None:
        """Put an image at the head of the recent ones."""
        others = tuple(each for each in self.recent() if each.reference != opened.reference)
        self._write("recent.json", _Recent((opened, *others)[:_RECENT_KEPT]))

    def marks(self, digest: str) -> Marks:
        """What was noted about the image with this digest."""
        return self._read(_marks_name(digest), Marks)

    def keep_marks(self, digest: str, marks: Marks) -> None:
        """Note it for the next run; the newest ten thousand of each kind are kept."""
        kept = Marks(marks.reviewed[-_MARKS_KEPT:], marks.bookmarks[-_MARKS_KEPT:])
        self._write(_marks_name(digest), kept)

    def _read(self, name: str, kind: type[Document]) -> Document:
        try:
            with (self._folder / name).open("rb") as document:
                content = document.read(_DOCUMENT_BYTES + 1)
            return msgspec.json.decode(content, type=kind)
        except (OSError, ValueError):
            return kind()

    def _write(self, name: str, document: msgspec.Struct) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=self._folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(document))
            Path(unfinished).replace(self._folder / name)


def _marks_name(digest: str) -> str:
    return f"marks-{hashlib.sha256(digest.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"
