"""What a cataloger is: a reader of one kind of package database, over all layers of an image."""

from __future__ import annotations

from abc import ABC, abstractmethod

import msgspec

from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.issues import Issue
from forensics.model.packages import Claim, Package


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """What os-release says of the finished image; empty strings for what it does not say."""

    id: str = ""
    version: str = ""
    name: str = ""

    @property
    def qualifier(self) -> str:
        """The `distro` qualifier of a package URL: `debian-12`, `alpine-3.19.1`, `arch`."""
        return f"{self.id}-{self.version}" if self.id and self.version else self.id


class DatabaseState(msgspec.Struct, frozen=True):
    """One database as it stood when `layer` was the topmost: packages, and claims by canonical path.

    The packages' own `layer` is not yet decided.
    """

    layer: int
    packages: tuple[Package, ...] = ()
    claims: dict[str, tuple[Claim, ...]] = {}


class CatalogedDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """A database over time: one state for each layer that changed it, in layer order.

    `databases` are the paths that were read, `issues` what could not be.
    """

    states: tuple[DatabaseState, ...] = ()
    databases: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


class Cataloger(ABC):
    """Reads one kind of package database. `id` is the module's name, `package_type` the purl type."""

    id: str
    package_type: str

    @abstractmethod
    def catalog(self, view: ImageView, distribution: Distribution, limits: Limits) -> CatalogedDatabase:
        """Every state of the database; nothing at all when the image never had one."""
