"""Which way to look at a file: the one chosen by hand for files of its kind, or the one that tells most."""

from __future__ import annotations

from collections.abc import Sequence

from forensics.tui.viewers import Viewer

HEX = "hex"
TEXT = "text"
SHOW_BYTES = (TEXT, HEX)


class ViewerChoice:
    """Remembers by the kind of file the viewer that was chosen last."""

    def __init__(self) -> None:
        self._chosen: dict[str, str] = {}

    def keep(self, kind: str, viewer: str) -> None:
        """The person chose this viewer for a file of this kind."""
        self._chosen[kind] = viewer

    def best(self, kind: str, offered: Sequence[Viewer]) -> Viewer | None:
        """What was chosen for this kind where it is offered, or the most telling; None without any."""
        chosen = next((each for each in offered if each.id == self._chosen.get(kind)), None)
        return chosen or (offered[0] if offered else None)

    def for_bytes(self, kind: str, offered: Sequence[Viewer], in_use: str | None) -> str:
        """The id of the one in which a place in the bytes says most.

        `in_use` shows a file of the same kind now and stays; None where there is none. Else it is the one
        chosen for this kind, or the first that shows bytes.
        """
        for viewer in (in_use, self._chosen.get(kind)):
            if viewer in SHOW_BYTES:
                return viewer
        return next((each.id for each in offered if each.id in SHOW_BYTES), HEX)
