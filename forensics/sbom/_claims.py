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

    The first word on a version of a package counts: what it owns does not change without its version, so a
    later layer that says otherwise has edited the database.
    """

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = snapshots
        self._layers = [snapshot.layer for snapshot in snapshots]
        self._spans: dict[tuple[int, int | None], range] = {}
        self._digests: dict[int, dict[str, set[str]]] = {}
        self._first: dict[str, int] = {}
        for number, snapshot in enumerate(snapshots if len(snapshots) > 1 else ()):
            for package in snapshot.packages:
                self._first.setdefault(package.id, number)

    def __bool__(self) -> bool:
        return bool(self._snapshots)

    def claims(self, version: FileVersion, path: str = "") -> list[Claim]:
        """Every distinct claim on the version's path (or on `path`) while it was there, newest first."""
        place = path or version.path
        span = (version.layer, version.changed_by_layer)
        if span not in self._spans:
            self._spans[span] = self._in_effect(*span)
        found: list[Claim] = []
        for number in self._spans[span]:
            for claim in self._snapshots[number].claims.get(place, ()):
                credible = self._as_first_told(claim, place, number)
                if credible is not None and credible not in found:
                    found.append(credible)
        return found

    def _in_effect(self, layer: int, changed_by: int | None) -> range:
        """The numbers of the snapshots in effect, newest first."""
        first = max(0, bisect_right(self._layers, layer) - 1)
        end = len(self._layers) if changed_by is None else bisect_left(self._layers, changed_by)
        return range(min(max(end, first + 1), len(self._layers)) - 1, first - 1, -1)

    def _as_first_told(self, claim: Claim, path: str, number: int) -> Claim | None:
        """The claim as the first snapshot with this very package has it; None when it knows no such file.

        A path may have moved (a merged /usr, a diversion): then some path had the same digest. Where the
        first snapshot has no digests at all it cannot contradict.
        """
        first = self._first.get(claim.package, number)
        if first >= number:
            return claim
        for earlier in self._snapshots[first].claims.get(path, ()):
            if earlier.package == claim.package:
                return earlier if earlier.digest or earlier.link or earlier.config else claim
        known = self._digests_at(first).get(claim.package)
        if not known or (claim.digest in known) or not (claim.digest or claim.config):
            return claim
        return None

    def _digests_at(self, number: int) -> dict[str, set[str]]:
        """All digests that each package claims in a snapshot."""
        if number not in self._digests:
            digests: dict[str, set[str]] = {}
            for claims in self._snapshots[number].claims.values():
                for claim in claims:
                    if claim.digest:
                        digests.setdefault(claim.package, set()).add(claim.digest)
            self._digests[number] = digests
        return self._digests[number]
