"""Where one is, and how one gets back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from forensics.tui.scopes import Scope

ColumnName = Literal["layers", "files", "findings", "detail"]
"""The parts of the drill-down that can have the keys."""

_KEPT = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that decides what the screen shows.

    `path` with `key` is a file version, `path` alone a folder; `finding` is an id. `offset` and `length`
    are bytes to show, `viewer` the way to look. `column` is the pane that has the keys.
    """

    tab: str
    scope: Scope
    column: ColumnName = "files"
    path: str | None = None
    key: tuple[int, int] | None = None
    finding: str | None = None
    viewer: str | None = None
    offset: int | None = None
    length: int = 0


class Trail:
    """The places left by a jump, the latest last."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def __len__(self) -> int:
        return len(self._places)

    def leave(self, place: Place) -> None:
        """Remember a place that is left; the same one twice in a row counts once."""
        if not self._places or self._places[-1] != place:
            self._places.append(place)
            del self._places[:-_KEPT]

    def back(self) -> Place | None:
        """The place left last, which is forgotten; None at the start."""
        return self._places.pop() if self._places else None
