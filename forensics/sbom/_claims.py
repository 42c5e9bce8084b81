"""What the package databases claimed of a file while it was there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from forensics.model.files import FileVersion
from forensics.model.packages import Claim, Snapshot


class ClaimHistory:
    """The snapshots, asked for one version of one path at a time.

    A version that lies in layer L and is changed by layer R is judged by the snapshots in effect from L to
    just below R: the last one at or below L and those in between. Where the databases come only in a later
    layer (root file systems that were put together from pieces) the first snapshot there is stands in.
    """

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = snapshots
        self._layers = [snapshot.layer for snapshot in snapshots]
        self._spans: dict[tuple[int, int | None], list[dict[str, tuple[Claim, ...]]]] = {}

    def __bool__(self) -> bool:
        return bool(self._snapshots)

    def claims(self, version: FileVersion, path: str = "") -> list[Claim]:
        """Every distinct claim on the version's path (or on `path`) while it was there, newest first."""
        span = (version.layer, version.changed_by_layer)
        if span not in self._spans:
            self._spans[span] = self._in_effect(*span)
        found: list[Claim] = []
        for claims in self._spans[span]:
            for claim in claims.get(path or version.path, ()):
                if claim not in found:
                    found.append(claim)
        return found

    def _in_effect(self, layer: int, changed_by: int | None) -> list[dict[str, tuple[Claim, ...]]]:
        first = max(0, bisect_right(self._layers, layer) - 1)
        end = len(self._layers) if changed_by is None else bisect_left(self._layers, changed_by)
        return [snapshot.claims for snapshot in reversed(self._snapshots[first : max(end, first + 1)])]
