"""Collects claims by path, so that no database can make one path cost more than a bounded amount."""

from __future__ import annotations

from forensics.model.packages import Claim

_MOST_CLAIMS = 32


class ClaimTable:
    """`claims` by canonical path. Beyond 32 claims on one path the rest is counted in `ignored`, not kept:
    packages share a file by twos or threes.
    """

    def __init__(self) -> None:
        self.claims: dict[str, tuple[Claim, ...]] = {}
        self.ignored = 0

    def add(self, path: str, claim: tuple[Claim]) -> None:
        """Add one claim, given as a tuple that snapshots can share."""
        known = self.claims.get(path)
        if known is None:
            self.claims[path] = claim
        elif len(known) < _MOST_CLAIMS:
            self.claims[path] = known + claim
        else:
            self.ignored += 1
