"""What an analyst notes while looking: findings reviewed and places bookmarked, kept between runs."""

from __future__ import annotations

from forensics.tui.state_folder import Marks, StateFolder


class Notebook:
    """The notes about one image. Before its digest is known notes are taken, but not kept."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._digest = ""
        self._reviewed: dict[str, None] = {}
        self._bookmarks: dict[str, None] = {}

    @property
    def reviewed(self) -> frozenset[str]:
        """Ids of the findings that were reviewed."""
        return frozenset(self._reviewed)

    @property
    def bookmarks(self) -> tuple[tuple[int, str], ...]:
        """(layer, printable path) of every bookmark, in the order they were made."""
        return tuple(
            (int(layer), path)
            for layer, _, path in (each.partition(":") for each in self._bookmarks)
            if layer.isdecimal()
        )

    def about(self, digest: str) -> None:
        """The notes are about the image with this digest: what was noted before is there again."""
        if not digest or digest == self._digest:
            return
        self._digest = digest
        earlier = self._folder.marks(digest)
        self._reviewed = dict.fromkeys((*earlier.reviewed, *self._reviewed))
        self._bookmarks = dict.fromkeys((*earlier.bookmarks, *self._bookmarks))

    def is_reviewed(self, finding_id: str) -> bool:
        """Whether the finding was reviewed."""
        return finding_id in self._reviewed

    def is_bookmarked(self, layer: int, path: str) -> bool:
        """Whether the printable path in this layer is bookmarked."""
        return f"{layer}:{path}" in self._bookmarks

    def toggle_reviewed(self, finding_id: str) -> bool:
        """Mark a finding as reviewed, or as not; whether it now is."""
        return self._toggle(self._reviewed, finding_id)

    def toggle_bookmark(self, layer: int, path: str) -> bool:
        """Bookmark a printable path in a layer, or take the bookmark away; whether it is there now."""
        return self._toggle(self._bookmarks, f"{layer}:{path}")

    def _toggle(self, notes: dict[str, None], note: str) -> bool:
        there = note not in notes
        if there:
            notes[note] = None
        else:
            del notes[note]
        if self._digest:
            self._folder.keep_marks(self._digest, Marks(tuple(self._reviewed), tuple(self._bookmarks)))
        return there
