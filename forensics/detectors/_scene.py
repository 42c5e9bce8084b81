"""Everything a detector may look at, and what a detector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from forensics.examine import Rule
from forensics.layers import ImageView
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import FileFacts
from forensics.model.findings import Finding
from forensics.model.image import Image
from forensics.model.packages import Inventory
from forensics.model.sbom import DeclaredSbom, FileVerdict, Reconciliation


class Needs(IntEnum):
    """How far the analysis must have come before a detector can run."""

    CONFIG = 1
    LAYERS = 2
    EVERYTHING = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """The facts, as far as they are known. With `Needs.CONFIG` only `image` and `rules` are filled."""

    image: Image
    rules: Mapping[str, Rule]
    view: ImageView = field(default_factory=lambda: ImageView(()))
    facts: Mapping[str, FileFacts] = field(default_factory=dict)
    inventory: Inventory = Inventory()
    sboms: tuple[DeclaredSbom, ...] = ()
    reconciliation: Reconciliation | None = None
    limits: Limits = DEFAULT

    def verdict(self, key: tuple[int, int]) -> FileVerdict | None:
        """How the file version with this key stands, None before the reconciliation."""
        return self.reconciliation.verdicts.get(key) if self.reconciliation else None


class Detector(ABC):
    """Turns facts into findings. `id` is the module's name; `needs` says when it can run."""

    id: str
    needs: Needs = Needs.EVERYTHING

    @abstractmethod
    def detect(self, scene: Scene) -> Iterator[Finding]:
        """Every finding this detector sees in the scene, in a repeatable order."""
