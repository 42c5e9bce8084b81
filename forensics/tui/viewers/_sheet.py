"""A sheet whose lines lead to bytes of the file or to another version of it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on

from forensics.tui.viewers._viewer import NOT_AT_HAND, JumpToOffset, ShowVersion
from forensics.tui.widgets import KeyValues, Paragraph


@dataclass(frozen=True, slots=True)
class Place:
    """A payload: these bytes of the file."""

    offset: int
    length: int = 0


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """A payload: the version of the same path with this key."""

    key: tuple[int, int]


class Sheet(KeyValues):
    """Sends `JumpToOffset` and `ShowVersion` for the lines that lead somewhere."""

    @on(KeyValues.Activated)
    def _lead(self, event: KeyValues.Activated) -> None:
        if isinstance(event.payload, Place):
            event.stop()
            self.post_message(JumpToOffset(event.payload.offset, event.payload.length))
        elif isinstance(event.payload, OtherVersion):
            event.stop()
            self.post_message(ShowVersion(event.payload.key))


def not_at_hand() -> Sheet:
    """What a viewer of bytes shows when the report was opened without its image."""
    return Sheet([Paragraph(((NOT_AT_HAND, "muted"),))])
