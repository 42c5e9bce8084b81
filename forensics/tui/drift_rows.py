"""The difference between what is declared and what is there, as rows of one list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.model.report import SbomSection
from forensics.tui.queries import Field


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One disagreement. `layer` and `path` say where to look; `package` names the package it is about.

    `declared` and `found` are the two sides in words; a side that has nothing is empty.
    """

    kind: str
    subject: str
    declared: str = ""
    found: str = ""
    layer: int | None = None
    state: str = ""
    path: str | None = None
    package: str = ""
    purl: str = ""


KIND_MEANINGS = {
    "undeclared package": "The package is installed, yet no declared SBOM names it.",
    "absent component": "The SBOM names the component, yet it is not installed.",
    "version changed": "The SBOM names another version than the one that is installed.",
    "altered file": "A package or an SBOM claims the file with a digest that its bytes do not have.",
    "file of an undeclared package": "The file belongs to a package that the declared SBOM leaves out.",
    "unowned program": "A program, library or script that no package and no SBOM claims.",
    "missing file": "A package of the finished image or an SBOM claims the file, yet it is not there.",
}
"""What each kind of row means, in the order of the list."""

DRIFT_FIELDS: dict[str, Field[DriftRow]] = {
    "kind": Field(lambda row: row.kind),
    "path": Field(lambda row: row.path or ""),
    "package": Field(lambda row: row.package),
    "state": Field(lambda row: row.state),
    "layer": Field(
        lambda row: "none" if row.layer is None else str(row.layer),
        lambda row: -1 if row.layer is None else row.layer,
        float,
    ),
}


def drift_rows(sbom: SbomSection) -> list[DriftRow]:
    """Every disagreement, packages first, in the order of `KIND_MEANINGS`."""
    return [*_package_rows(sbom), *_file_rows(sbom)]


def _package_rows(sbom: SbomSection) -> Iterator[DriftRow]:
    drift = sbom.packages
    for package in drift.undeclared:
        yield DriftRow(
            "undeclared package",
            f"{package.name} {package.version}",
            found=package.version,
            layer=package.layer,
            package=package.name,
            purl=package.purl,
        )
    for component in drift.absent:
        yield DriftRow(
            "absent component",
            f"{component.name} {component.version}",
            declared=f"{component.version} ({component.origin})",
            package=component.name,
            purl=component.purl,
        )
    for change in drift.version_changed:
        yield DriftRow(
            "version changed",
            change.name,
            declared=change.declared,
            found=change.found,
            layer=change.layer,
            package=change.name,
            purl=change.purl,
        )


def _file_rows(sbom: SbomSection) -> Iterator[DriftRow]:
    drift = sbom.files
    for file in drift.altered:
        yield DriftRow(
            "altered file", file.path, file.claimed_by, "other bytes", file.layer, file.state, file.path
        )
    for owned in drift.undeclared_package:
        yield DriftRow(
            "file of an undeclared package",
            owned.path,
            "",
            owned.package,
            owned.layer,
            owned.state,
            owned.path,
        )
    for unowned in drift.unowned:
        yield DriftRow(
            "unowned program", unowned.path, "", unowned.kind, unowned.layer, unowned.state, unowned.path
        )
    for missing in drift.missing:
        yield DriftRow("missing file", missing.path, missing.claimed_by, "nothing", path=missing.path)
