"""Declared packages against installed ones: what agrees, what nobody declared, what is not there.

The semantics are written down in docs/decisions/0005-reconciliation.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from forensics.inventory import catalogers
from forensics.model.issues import Issue
from forensics.model.packages import Inventory, Package
from forensics.model.sbom import (
    AbsentComponent,
    Component,
    DeclaredSbom,
    PackageDrift,
    UndeclaredPackage,
    VersionChange,
)
from forensics.sbom._component_matching import Matching, match_components, pair_key


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The drift, the ids of the packages that no reference declares, and what the comparison stood on."""

    packages: PackageDrift
    undeclared_ids: frozenset[str]
    reference: str
    issues: tuple[Issue, ...] = ()


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    """SBOMs that together describe the same thing, and the package types they must be complete for."""

    sboms: tuple[DeclaredSbom, ...]
    types: frozenset[str] = frozenset()


def compare_packages(inventory: Inventory, sboms: Sequence[DeclaredSbom]) -> Comparison:
    """The drift between the finished image's packages and its SBOMs; all empty when there is none."""
    cataloged = frozenset(cataloger.package_type for cataloger in catalogers())
    reference, others = _groups(sboms, cataloged)
    drifts = []
    undeclared: list[Package] = []
    for group in (reference, others):
        components = [component for sbom in group.sboms for component in sbom.components]
        matching = match_components(components, inventory.packages, cataloged)
        drifts.append((group, matching))
        declared = {pair.package.id for pair in matching.pairs}
        undeclared += [
            package
            for package in inventory.packages
            if package.type in group.types and package.id not in declared and not _is_virtual(package, group)
        ]
    counted = drifts[0][1] if reference.sboms else drifts[1][1]
    matched = {pair.package.id for pair in counted.pairs if pair.stated is None}
    matched -= {pair.package.id for pair in counted.pairs if pair.stated is not None}
    stood_on = "sbom" if reference.sboms else "packages" if inventory.snapshots else "none"
    return Comparison(
        packages=PackageDrift(
            matched=len(matched),
            undeclared=tuple(map(_undeclared, undeclared)),
            absent=_absent(drifts),
            version_changed=_version_changes(matching for _, matching in drifts),
        ),
        undeclared_ids=frozenset(package.id for package in undeclared),
        reference=stood_on,
        issues=_not_compared(component for _, matching in drifts for component in matching.foreign),
    )


def _groups(sboms: Sequence[DeclaredSbom], cataloged: frozenset[str]) -> tuple[_Group, _Group]:
    """The SBOMs that must be complete, and those that only must not be wrong.

    An SBOM from outside outranks those that lie in the image, which whoever changed the image may have
    changed with it.
    """
    whole = [sbom for sbom in sboms if sbom.scope == "image"]
    outside = [sbom for sbom in whole if not sbom.embedded]
    distribution = [sbom for sbom in sboms if sbom.scope == "distribution"]
    chosen = outside or [*whole, *distribution]
    types = cataloged
    if not whole:
        types &= {component.type for sbom in distribution for component in sbom.components}
    taken = set(map(id, chosen))
    rest = tuple(sbom for sbom in sboms if id(sbom) not in taken)
    return _Group(sboms=tuple(chosen), types=types if chosen else frozenset()), _Group(sboms=rest)


def _is_virtual(package: Package, group: _Group) -> bool:
    """`apk add --virtual` makes packages without files, which nobody built and so nobody described."""
    only_distribution = all(sbom.scope == "distribution" for sbom in group.sboms)
    return only_distribution and package.name.startswith(".") and not package.files


def _undeclared(package: Package) -> UndeclaredPackage:
    return UndeclaredPackage(
        name=package.name,
        version=package.version,
        type=package.type,
        purl=package.purl,
        layer=package.layer,
    )


def _absent(drifts: Iterable[tuple[_Group, Matching]]) -> tuple[AbsentComponent, ...]:
    found: dict[tuple[str, str, str], AbsentComponent] = {}
    for group, matching in drifts:
        origins = {
            id(component): sbom.origin for sbom in reversed(group.sboms) for component in sbom.components
        }
        for component in matching.absent:
            absent = AbsentComponent(
                name=component.name,
                version=component.version,
                purl=component.purl,
                origin=origins[id(component)],
            )
            found.setdefault(pair_key(component), absent)
    return tuple(found.values())


def _version_changes(matchings: Iterable[Matching]) -> tuple[VersionChange, ...]:
    found: dict[tuple[str, str], VersionChange] = {}
    for pair in (pair for matching in matchings for pair in matching.pairs):
        if pair.stated is None:
            continue
        change = VersionChange(
            name=pair.package.name,
            declared=pair.stated,
            found=pair.package.version,
            purl=pair.package.purl,
            layer=pair.package.layer,
        )
        found.setdefault((pair.package.id, pair.stated), change)
    return tuple(found.values())


def _not_compared(components: Iterable[Component]) -> tuple[Issue, ...]:
    """One issue for each kind of component of which no database is read."""
    counts = Counter(component.type or "unknown" for component in components)
    return tuple(
        Issue(
            stage="sbom",
            code="not-compared",
            subject=kind,
            message=f"{count} declared components of type {kind} were not compared with what is installed",
        )
        for kind, count in sorted(counts.items())
    )
