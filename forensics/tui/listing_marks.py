"""What the file tree says beside its names: status and worst finding of a file, and of a folder's content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forensics.model.findings import Finding, Severity
from forensics.model.sbom import FileStatus, FileVerdict
from forensics.tui.file_index import FileIndex
from forensics.tui.scopes import FileListing, ancestors
from forensics.tui.words import NOTABLE_STATUSES

_STATUS_ORDER = (FileStatus.ALTERED, FileStatus.UNOWNED, FileStatus.UNDECLARED_PACKAGE)


class ListingMarks:
    """Marks of one listing; made in one pass, then only looked up."""

    def __init__(
        self,
        listing: FileListing,
        files: FileIndex | None,
        findings: Iterable[Finding],
        verdicts: Mapping[tuple[int, int], FileVerdict],
    ) -> None:
        self._verdicts = verdicts
        self._findings: dict[str, tuple[Severity, int]] = {}
        self._flagged: dict[str, None] = {}
        self._statuses: dict[str, dict[FileStatus, int]] = {}
        if files is not None:
            self._gather_findings(listing, files, findings)
        if verdicts:
            self._gather_statuses(listing)

    def finding(self, path: str) -> tuple[Severity | None, int]:
        """The worst severity at a path or below it, and how many findings there are."""
        return self._findings.get(path, (None, 0))

    def flagged(self) -> list[str]:
        """The files with a finding, in the order in which the findings were given."""
        return list(self._flagged)

    def status(self, key: tuple[int, int]) -> FileStatus | None:
        """The status of one file version, None while it is not known."""
        verdict = self._verdicts.get(key)
        return verdict.status if verdict else None

    def folder_status(self, path: str) -> tuple[FileStatus, int] | None:
        """The most telling status below a folder and how many files have it; None without a notable one."""
        counts = self._statuses.get(path)
        if not counts:
            return None
        worst = next(status for status in _STATUS_ORDER if status in counts)
        return worst, counts[worst]

    def _gather_findings(self, listing: FileListing, files: FileIndex, findings: Iterable[Finding]) -> None:
        for finding in findings:
            version = files.of_finding(finding)
            if version is None:
                continue
            row = listing.row_of(version.path, version.key)
            if row is None or row.version.key != version.key:
                continue
            self._flagged[version.path] = None
            for place in (version.path, *ancestors(version.path)):
                severity, count = self._findings.get(place, (finding.severity, 0))
                worst = max(severity, finding.severity, key=lambda each: each.rank)
                self._findings[place] = (worst, count + 1)

    def _gather_statuses(self, listing: FileListing) -> None:
        for row in listing.rows:
            verdict = self._verdicts.get(row.version.key)
            if verdict is None or verdict.status not in NOTABLE_STATUSES:
                continue
            for folder in ancestors(row.version.path):
                counts = self._statuses.setdefault(folder, {})
                counts[verdict.status] = counts.get(verdict.status, 0) + 1
