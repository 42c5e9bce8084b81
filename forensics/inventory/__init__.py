"""The packages an image holds, over its layers, and what they own. `CATALOGER` plugins read the databases."""

from __future__ import annotations

import sys
from functools import cache

from forensics.inventory._cataloger import (
    CatalogedDatabase,
    Cataloger,
    DatabaseState,
    Distribution,
)
from forensics.inventory._distribution import read_distribution
from forensics.inventory._snapshots import merge_states
from forensics.layers import ImageView
from forensics.limits import DEFAULT, Limits
from forensics.model.packages import Inventory
from forensics.plugins import collect

__all__ = [
    "CatalogedDatabase",
    "Cataloger",
    "DatabaseState",
    "Distribution",
    "catalog",
    "catalogers",
    "read_distribution",
]


@cache
def catalogers() -> tuple[Cataloger, ...]:
    """The catalogers of this program, in name order."""
    return collect(sys.modules[__name__], "CATALOGER", Cataloger)


def catalog(view: ImageView, limits: Limits = DEFAULT) -> Inventory:
    """What the package databases of the image say, at the end and after each layer that changed one.

    What cannot be read becomes an issue of the inventory; the rest goes on. Never raises.
    """
    distribution = read_distribution(view)
    databases = [cataloger.catalog(view, distribution, limits) for cataloger in catalogers()]
    snapshots = merge_states(databases)
    return Inventory(
        packages=snapshots[-1].packages if snapshots else (),
        snapshots=snapshots,
        databases=tuple(sorted({path for database in databases for path in database.databases})),
        distribution=distribution.id,
        distribution_version=distribution.version,
        distribution_name=distribution.name,
        issues=tuple(issue for database in databases for issue in database.issues),
    )
