"""Everything a detector may look at, and what a detector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

from forensics.detectors._files import Files
from forensics.detectors._nature import Nature, executables
from forensics.detectors._product import Product
from forensics.examine import Rule
from forensics.layers import ImageView
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.model.image import Image
from forensics.model.packages import Inventory
from forensics.model.sbom import DeclaredSbom, FileStatus, FileVerdict, Reconciliation

if TYPE_CHECKING:
    from forensics.detectors._finding import Statement


class Needs(IntEnum):
    """How far the analysis must have come before a detector can run."""

    CONFIG = 1
    LAYERS = 2
    EVERYTHING = 3


@dataclass(frozen=True)
class Scene:
    """The facts, as far as they are known. With `Needs.CONFIG` only `image` and `rules` are filled."""

    image: Image
    rules: Mapping[str, Rule]
    view: ImageView = field(default_factory=lambda: ImageView(()))
    facts: Mapping[str, FileFacts] = field(default_factory=dict)
    inventory: Inventory = field(default_factory=Inventory)
    sboms: tuple[DeclaredSbom, ...] = ()
    reconciliation: Reconciliation | None = None
    limits: Limits = DEFAULT

    def verdict(self, key: tuple[int, int]) -> FileVerdict | None:
        """How the file version with this key stands, None before the reconciliation."""
        return self.reconciliation.verdicts.get(key) if self.reconciliation else None

    def status(self, version: FileVersion) -> FileStatus | None:
        """The status of a file version, None where there is none to give."""
        verdict = self.verdict(version.key)
        return verdict.status if verdict else None

    def vouched(self, version: FileVersion) -> bool:
        """Whether a package or an SBOM answers for exactly these bytes; for changed settings none does."""
        verdict = self.verdict(version.key)
        return verdict is not None and verdict.status in _VOUCHED and not verdict.config

    @property
    def has_reference(self) -> bool:
        """Whether anything says what belongs in the image: a package database or a declared SBOM."""
        return self.reconciliation is not None and self.reconciliation.reference != "none"

    @cached_property
    def files(self) -> Files:
        """Every version of every path, to look up by path."""
        return Files(self.view)

    @cached_property
    def executables(self) -> tuple[tuple[FileVersion, FileFacts, Nature], ...]:
        """Every version that is a program, library, kernel module or script, in path order."""
        return tuple(executables(self.files, self.facts))

    @cached_property
    def product(self) -> Product:
        """What the image says of itself about the programs it adds."""
        return Product(self.image, self.view)


_VOUCHED = frozenset({FileStatus.DECLARED, FileStatus.PACKAGE, FileStatus.KNOWN_GOOD})


class Detector(ABC):
    """Turns facts into findings. `id` is the module's name; `needs` says when it can run.

    `statements` is everything it says in words of its own. It is total: hostile values give findings or
    nothing, never an exception.
    """

    id: str
    needs: Needs = Needs.EVERYTHING
    statements: tuple[Statement, ...] = ()

    @abstractmethod
    def detect(self, scene: Scene) -> Iterator[Finding]:
        """Every finding this detector sees in the scene, in a repeatable order."""
