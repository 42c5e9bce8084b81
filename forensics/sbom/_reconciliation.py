"""Gives every file version its status: declared SBOM, package databases and bytes laid side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from forensics.layers import ImageView
from forensics.model.facts import FileFacts
from forensics.model.files import FileKind, FileState, FileVersion
from forensics.model.packages import Claim, Inventory
from forensics.model.sbom import (
    DeclaredSbom,
    FileStatus,
    FileVerdict,
    MissingFile,
    Reconciliation,
)
from forensics.printable import printable
from forensics.sbom._byproducts import explain
from forensics.sbom._claims import ClaimHistory
from forensics.sbom._content_digests import ContentDigests
from forensics.sbom._declared_files import DeclaredFiles
from forensics.sbom._package_drift import compare_packages
from forensics.sbom._site import Site, Surroundings

_JUDGED = frozenset((FileKind.REGULAR, FileKind.HARDLINK, FileKind.SYMLINK))
_ELF = b"\x7fELF"
_NOT_A_FILE = "a link or a directory"
_ACCOUNTED = frozenset((FileStatus.DECLARED, FileStatus.PACKAGE, FileStatus.UNDECLARED_PACKAGE))


def wanted_digests(
    view: ImageView, inventory: Inventory, sboms: Sequence[DeclaredSbom]
) -> dict[str, frozenset[str]]:
    """The further algorithms (`md5`, `sha1`) some claim needs, by the SHA-256 of the content it is about."""
    claims = ClaimHistory(inventory.snapshots)
    declared = DeclaredFiles(view, sboms)
    wanted: dict[str, set[str]] = {}
    for version in view.all_versions():
        if version.entry.kind not in _JUDGED or not version.sha256:
            continue
        digests = [claim.digest for claim in claims.claims(version)]
        digests.extend(file.digest for file in declared.at(version.path))
        for digest in digests:
            if digest and not digest.startswith("sha256:"):
                wanted.setdefault(version.sha256, set()).add(digest.partition(":")[0])
    return {sha256: frozenset(names) for sha256, names in wanted.items()}


def reconcile(
    view: ImageView,
    inventory: Inventory,
    sboms: Sequence[DeclaredSbom],
    facts: Mapping[str, FileFacts],
) -> Reconciliation:
    """A verdict for every version of every regular file, hard link and symbolic link; drift; what is gone.

    See docs/decisions/0005-reconciliation.md for the order in which the sources are asked. Never raises.
    """
    drift = compare_packages(inventory, sboms)
    judge = _Judge(view, inventory, sboms, facts, drift.undeclared_ids)
    verdicts = {
        version.key: judge.verdict(version)
        for version in view.all_versions()
        if version.entry.kind in _JUDGED
    }
    issues = [issue for sbom in sboms for issue in sbom.issues]
    issues += [*drift.issues, *judge.digests.issues]
    return Reconciliation(
        verdicts=verdicts,
        drift=drift.packages,
        missing=tuple(sorted(_missing(view, inventory, judge.declared), key=lambda file: file.path)),
        reference=drift.reference,
        issues=tuple(issues),
    )


class _Judge:
    """Decides the status of one version after another; remembers what it decided by claims alone."""

    def __init__(
        self,
        view: ImageView,
        inventory: Inventory,
        sboms: Sequence[DeclaredSbom],
        facts: Mapping[str, FileFacts],
        undeclared: frozenset[str],
    ) -> None:
        self._view = view
        self._undeclared = undeclared
        self._history = ClaimHistory(inventory.snapshots)
        self._by_claims: dict[tuple[int, int], FileVerdict | None] = {}
        self._names = frozenset(
            name
            for snapshot in inventory.snapshots
            for package in snapshot.packages
            for name in (package.name, f"{package.name}:{package.arch}")
        )
        self._surroundings = Surroundings(view, self)
        self.declared = DeclaredFiles(view, sboms)
        self.digests = ContentDigests(view, facts)

    def verdict(self, version: FileVersion) -> FileVerdict:
        """The status: what an SBOM or a package says first, then the written by-products."""
        claimed = self._claimed(version)
        if claimed is not None and claimed.expected != _NOT_A_FILE:
            return claimed
        if self._history:
            rule = explain(Site(version, self._surroundings))
            if rule:
                owner = claimed.claimed_by if claimed else ""
                return FileVerdict(FileStatus.GENERATED, claimed_by=owner, rule=rule)
        return claimed or FileVerdict(FileStatus.UNOWNED)

    def _claimed(self, version: FileVersion) -> FileVerdict | None:
        if version.key not in self._by_claims:
            claims = self._history.claims(version)
            by_package = self._by_package(version, claims)
            self._by_claims[version.key] = self._by_sbom(version, claims) or by_package
        return self._by_claims[version.key]

    def _by_sbom(self, version: FileVersion, claims: Sequence[Claim]) -> FileVerdict | None:
        """`declared`, or `altered` for what the finished image shows; None when no SBOM can decide."""
        files = self.declared.at(version.path)
        if not files or version.entry.kind is FileKind.SYMLINK:
            return None
        for file in files:
            if self.digests.agrees(version, file.digest):
                return FileVerdict(FileStatus.DECLARED, claimed_by=file.origin)
        if version.state is not FileState.VISIBLE or any(claim.config for claim in claims):
            return None
        return FileVerdict(FileStatus.ALTERED, claimed_by=files[0].origin, expected=files[0].digest)

    def _by_package(self, version: FileVersion, claims: Sequence[Claim]) -> FileVerdict | None:
        differing: Claim | None = None
        for claim in claims:
            if self._agrees(version, claim):
                return self._owned(claim.package, config=claim.config and not claim.digest)
            differing = differing or claim
        if differing is None:
            return None
        owner = next((claim for claim in claims if claim.config), None)
        if owner is not None and not self._is_program_file(version):
            return self._owned(owner.package, config=True, expected=owner.digest)
        expected = differing.digest or _NOT_A_FILE
        return FileVerdict(FileStatus.ALTERED, claimed_by=differing.package, expected=expected)

    def _is_program_file(self, version: FileVersion) -> bool:
        """Whether it is an ELF object, which nobody edits as configuration."""
        return version.content is not None and self._view.read(version, 0, len(_ELF)) == _ELF

    def _agrees(self, version: FileVersion, claim: Claim) -> bool:
        is_link = version.entry.kind is FileKind.SYMLINK
        if not claim.digest:
            return is_link or not (claim.link or (claim.config and self._is_program_file(version)))
        if claim.digest.startswith("md5:") and is_link:
            return False
        return self.digests.agrees(version, claim.digest)

    def _owned(self, package: str, *, config: bool = False, expected: str = "") -> FileVerdict:
        status = FileStatus.UNDECLARED_PACKAGE if package in self._undeclared else FileStatus.PACKAGE
        return FileVerdict(status, claimed_by=package, config=config, expected=expected)

    def accounted(self, version: FileVersion) -> bool:
        """Whether a package or an SBOM accounts for this version and its bytes."""
        if version.entry.kind not in _JUDGED:
            return False
        verdict = self._claimed(version)
        return verdict is not None and verdict.status in _ACCOUNTED

    def claimed(self, path: str, version: FileVersion) -> bool:
        """Whether a package claimed `path` while `version` was there."""
        return bool(self._history.claims(version, path))

    def packaged_content(self, sha256: str) -> bool:
        """Whether a file that is accounted for holds this content."""
        return sha256 in self._packaged_contents

    def installed(self, name: str) -> bool:
        """Whether a package of this name was ever installed."""
        return name in self._names

    @cached_property
    def _packaged_contents(self) -> frozenset[str]:
        return frozenset(
            version.sha256
            for version in self._view.all_versions()
            if version.sha256 and self.accounted(version)
        )


def _missing(view: ImageView, inventory: Inventory, declared: DeclaredFiles) -> Iterator[MissingFile]:
    """What packages of the finished image and SBOMs claim, yet nothing shows.

    A path that dpkg lists without an MD5 may be a directory or a link; that it is gone is not told.
    """
    present = {package.id for package in inventory.packages}
    for path, claims in (inventory.snapshots[-1].claims if inventory.snapshots else {}).items():
        owner = next(
            (c.package for c in claims if c.package in present and (c.digest or not c.link)),
            None,
        )
        if owner is not None and view.visible(path) is None:
            yield MissingFile(path=printable(path), claimed_by=owner)
    for path, origin in declared.paths():
        if view.visible(path) is None and not (
            inventory.snapshots and path in inventory.snapshots[-1].claims
        ):
            yield MissingFile(path=printable(path), claimed_by=origin)
