"""Everything a detector may look at, and what a detector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

from forensics.detectors._files import Files
from forensics.detectors._members import members_of, with_members
from forensics.detectors._nature import Nature, executables
from forensics.detectors._product import Product
from forensics.examine import Rule
from forensics.layers import ImageView, hidden_versions
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.model.image import Image
from forensics.model.packages import Inventory
from forensics.model.sbom import DeclaredSbom, FileStatus, FileVerdict, Reconciliation
from forensics.sbom import reconcile

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

    def completed(self, facts: Mapping[str, FileFacts], reconciliation: Reconciliation) -> Scene:
        """The same scene with what was learnt last; what was read of the image stays read, counted once."""
        scene = replace(self, facts=with_members(facts), reconciliation=reconciliation)
        vars(scene)["files"] = self.files
        return scene

    def verdict(self, key: tuple[int, int]) -> FileVerdict | None:
        """How the file version with this key stands, None before the reconciliation."""
        return self.reconciliation.verdicts.get(key) if self.reconciliation else None

    def status(self, version: FileVersion) -> FileStatus | None:
        """The status of a file version, None where there is none to give."""
        verdict = self.verdict(version.key)
        return verdict.status if verdict else None

    def by_package(self, version: FileVersion) -> FileVerdict | None:
        """How a file version stands with the package databases alone, whatever a declared SBOM says of it."""
        return self._package_verdicts.get(version.key)

    def vouched(self, version: FileVersion) -> bool:
        """Whether a package of the distribution answers for exactly these bytes.

        A changed configuration file is nobody's. That an SBOM declares a file says that it was there when
        the SBOM was made, and nothing about what it does: whoever ships a miner can declare it. The same is
        true of a package that the SBOM leaves out.
        """
        told = self.verdict(version.key)
        if told is None or told.status is FileStatus.UNDECLARED_PACKAGE:
            return False
        owned = self.by_package(version)
        if owned is None or owned.status is not FileStatus.PACKAGE or owned.config:
            return told.status is FileStatus.KNOWN_GOOD
        return owned.claimed_by.startswith(_DISTRIBUTION)

    def came_with_package(self, version: FileVersion) -> bool:
        """Whether a package answers for these bytes, and the layer that holds them installed it."""
        owned = self.by_package(version) if self.vouched(version) else None
        return owned is not None and version.layer in self._installations.get(owned.claimed_by, ())

    @cached_property
    def _installations(self) -> Mapping[str, frozenset[int]]:
        """The layers that brought each package of this very version."""
        layers: dict[str, set[int]] = {}
        for snapshot in self.inventory.snapshots:
            for package in snapshot.packages:
                layers.setdefault(package.id, set()).add(package.layer)
        return {name: frozenset(found) for name, found in layers.items()}

    @cached_property
    def _package_verdicts(self) -> Mapping[tuple[int, int], FileVerdict]:
        if self.reconciliation is None:
            return {}
        if not any(sbom.files for sbom in self.sboms):
            return self.reconciliation.verdicts
        return reconcile(self.view, self.inventory, (), self.facts).verdicts

    @property
    def has_reference(self) -> bool:
        """Whether anything says what belongs in the image: a package database or a declared SBOM."""
        return self.reconciliation is not None and self.reconciliation.reference != "none"

    def unowned(self, version: FileVersion) -> bool:
        """Whether something says what belongs in the image, and nobody accounts for this file version."""
        return self.has_reference and self.status(version) is FileStatus.UNOWNED

    @cached_property
    def files(self) -> Files:
        """Every version of every path, to look up by path."""
        return Files(self.view, self.limits)

    @cached_property
    def contents(self) -> Mapping[str, list[FileVersion]]:
        """Every distinct content that was examined, by its SHA-256 hex digest, with its versions.

        Only for what judges by facts: not every content of these is a slice of a layer that `view` reads.
        """
        return _further(self._outer_contents, self.members)

    @cached_property
    def members(self) -> tuple[FileVersion, ...]:
        """The members of archives that have something to tell, as versions that `view` cannot read."""
        return tuple(members_of(self._outer_contents, self.facts))

    @cached_property
    def _outer_contents(self) -> Mapping[str, list[FileVersion]]:
        """The contents of files and of hidden bytes."""
        return _further(self.files.contents, hidden_versions(self.view.hidden))

    @cached_property
    def executables(self) -> tuple[tuple[FileVersion, FileFacts, Nature], ...]:
        """Every version that is a program, library, kernel module or script, in path order."""
        return tuple(executables(self.files, self.facts))

    @cached_property
    def product(self) -> Product:
        """What the image says of itself about the programs it adds."""
        return Product(self.image, self.view)


def _further(
    contents: Mapping[str, list[FileVersion]], versions: Iterable[FileVersion]
) -> Mapping[str, list[FileVersion]]:
    """`contents` with further versions."""
    all_of_them = dict(contents)
    for version in versions:
        all_of_them[version.sha256] = [*all_of_them.get(version.sha256, ()), version]
    return all_of_them


_DISTRIBUTION = ("deb/", "apk/", "rpm/")
"""How the ids of packages begin that a distribution reviews; anybody can publish one of a language."""


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
