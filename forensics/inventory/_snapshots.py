"""Puts the states of all package databases together: one snapshot for each layer that changed one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from forensics.inventory._cataloger import CatalogedDatabase, DatabaseState
from forensics.model.packages import Claim, Package, Snapshot


def merge_states(databases: Sequence[CatalogedDatabase]) -> tuple[Snapshot, ...]:
    """The snapshots in layer order; each holds what every database said at that time.

    A package's `layer` is the layer with which its present stay began: a version that was removed and came
    back belongs to the layer that brought it back.
    """
    layers = sorted({state.layer for database in databases for state in database.states})
    snapshots: list[Snapshot] = []
    present: dict[str, Package] = {}
    for layer in layers:
        current = [state for database in databases if (state := _state_at(database, layer)) is not None]
        packages: dict[str, Package] = {}
        for package in (package for state in current for package in state.packages):
            packages.setdefault(package.id, _dated(package, present.get(package.id), layer))
        present = packages
        snapshots.append(
            Snapshot(layer=layer, packages=tuple(packages.values()), claims=_merge_claims(current))
        )
    return tuple(snapshots)


def _state_at(database: CatalogedDatabase, layer: int) -> DatabaseState | None:
    return next((state for state in reversed(database.states) if state.layer <= layer), None)


def _dated(package: Package, before: Package | None, layer: int) -> Package:
    """The package with its layer; the very object of the snapshot before when nothing changed."""
    dated = msgspec.structs.replace(package, layer=before.layer if before else layer)
    return before if before == dated else dated


def _merge_claims(states: Sequence[DatabaseState]) -> dict[str, tuple[Claim, ...]]:
    if len(states) == 1:
        return states[0].claims
    merged: dict[str, tuple[Claim, ...]] = {}
    for state in states:
        for path, claim in state.claims.items():
            merged[path] = merged[path] + claim if path in merged else claim
    return merged
