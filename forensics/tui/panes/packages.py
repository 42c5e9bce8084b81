"""The installed packages, and for the chosen one what it owns and how that stands."""

from __future__ import annotations

from collections.abc import Sequence

from forensics.model.files import FileVersion
from forensics.model.report import ReportPackage
from forensics.printable import printable
from forensics.tui.file_index import FileIndex
from forensics.tui.panes._pane import ChooseFile, ChooseLayer, PaneKind
from forensics.tui.panes._records import RecordsPane
from forensics.tui.queries import Field
from forensics.tui.store import Key, Store, Topic
from forensics.tui.widgets import Blank, Column, Fact, Heading, Item, Paragraph, Styled
from forensics.tui.words import NOTABLE_STATUSES, UNKNOWN, count_text, status_part

_FILES_SHOWN = 300


class PackagesPane(RecordsPane[ReportPackage]):
    """The list of packages with a card."""

    topics = frozenset({Topic.PACKAGES, Topic.DRIFT, Topic.STATUSES, Topic.RUN})
    columns = (
        Column("name", 28, min_width=14, flexible=True, importance=9, fitted=True),
        Column("version", 22, min_width=10, flexible=True, importance=8, fitted=True),
        Column("type", 6, importance=5),
        Column("arch", 7, importance=3),
        Column("layer", 5, "right", importance=6),
        Column("files", 5, "right", importance=4),
        Column("declared", 16, importance=7),
    )
    fields = {
        "name": Field(lambda package: package.name),
        "version": Field(lambda package: package.version),
        "type": Field(lambda package: package.type),
        "arch": Field(lambda package: package.arch),
        "license": Field(lambda package: " ".join(package.licenses)),
        "layer": Field(lambda package: str(package.layer), lambda package: package.layer, float),
        "files": Field(lambda package: str(package.files), lambda package: package.files, float),
    }
    heading = "Packages"
    hint = "words, type:deb, layer>0, license:GPL, files>100"

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._drift: dict[tuple[str, str], Styled] = {}
        self._owned: dict[str, list[Key]] = {}
        self._owned_of: object = None

    def records(self) -> Sequence[ReportPackage] | None:
        """The packages, by name."""
        self._drift = self._declarations()
        packages = self.store.packages
        return None if packages is None else sorted(packages, key=lambda each: (each.name, each.version))

    def cells(self, record: ReportPackage) -> Sequence[Styled]:
        """One package in words."""
        return (
            record.name,
            record.version,
            record.type,
            record.arch,
            str(record.layer),
            count_text(record.files),
            self._declaration(record),
        )

    def words(self, record: ReportPackage) -> str:
        """Name, version and purl."""
        return f"{record.name}\n{record.version}\n{record.purl}"

    def card(self, record: ReportPackage) -> Sequence[Item]:
        """Everything about a package."""
        items: list[Item] = [
            Heading(f"{record.name} {record.version}"),
            Fact("purl", record.purl),
            Fact("type", record.type),
            Fact("arch", record.arch or "—"),
            Fact("licences", ", ".join(record.licenses) or "—"),
            Fact("brought by", f"layer {record.layer}", payload=record.layer),
            Fact("declared", self._declaration(record) or "no SBOM to compare with"),
        ]
        items += [Fact("database", location, payload=location) for location in record.locations]
        items += [Blank(), *self._files(record)]
        return items

    def nothing(self) -> str:
        """Why the list is empty."""
        return "No package database was found in this image." if not self._query else "No such package."

    def follow(self, payload: object) -> None:
        """To a layer, a file version, or a database."""
        files = self.store.files
        if isinstance(payload, int):
            self.post_message(ChooseLayer(payload, deeper=True))
        elif isinstance(payload, FileVersion):
            self.post_message(ChooseFile(payload.path, payload.key, deeper=True, jump=True))
        elif isinstance(payload, str) and files is not None:
            found = files.find_shown(payload)
            if found is not None:
                self.post_message(ChooseFile(found.path, found.key, deeper=True, jump=True))

    # -- drift and files --------------------------------------------------------------------------------

    def _declarations(self) -> dict[tuple[str, str], Styled]:
        sbom = self.store.sbom
        if sbom is None or sbom.reference != "sbom":
            return {}
        drift = sbom.packages
        told: dict[tuple[str, str], Styled] = {
            (each.name, each.version): (("undeclared", "warning"),) for each in drift.undeclared
        }
        told.update(
            {(each.name, each.found): ((f"as {each.declared}", "warning"),) for each in drift.version_changed}
        )
        return told

    def _declaration(self, record: ReportPackage) -> Styled:
        sbom = self.store.sbom
        if sbom is None:
            return UNKNOWN
        if sbom.reference != "sbom":
            return ""
        return self._drift.get((record.name, record.version), (("as found", "muted"),))

    def _files(self, record: ReportPackage) -> list[Item]:
        files = self.store.files
        if files is None or not self.store.verdicts:
            return [Paragraph(((f"{UNKNOWN} its files are not compared yet", "muted"),))]
        owned = self._owned_files(files, record)
        owned.sort(key=lambda version: (self.store.status_of(version) not in NOTABLE_STATUSES, version.path))
        items: list[Item] = [Heading(f"{len(owned):,} file versions are accounted to it")]
        for version in owned[:_FILES_SHOWN]:
            status = status_part(self.store.status_of(version))
            text = (f"layer {version.layer}  ", status, f"  {printable(version.path)}")
            items.append(Paragraph(text, indent=1, payload=version))
        if len(owned) > _FILES_SHOWN:
            items.append(Paragraph(((f"… and {len(owned) - _FILES_SHOWN:,} more", "muted"),), indent=1))
        return items

    def _owned_files(self, files: FileIndex, record: ReportPackage) -> list[FileVersion]:
        """The versions whose claim names this package: `type/name@version`, with or without architecture."""
        if self._owned_of is not self.store.verdicts:
            self._owned_of = self.store.verdicts
            self._owned = {}
            for key, found in self.store.verdicts.items():
                if found.claimed_by:
                    self._owned.setdefault(printable(found.claimed_by), []).append(key)
        name = f"{record.type}/{record.name}@{record.version}"
        keys = [*self._owned.get(name, ()), *self._owned.get(f"{name}/{record.arch}", ())]
        versions = (files.by_key(key) for key in keys)
        return [version for version in versions if version is not None]


PANE = PaneKind("packages", "Packages", PackagesPane, tab=5)
