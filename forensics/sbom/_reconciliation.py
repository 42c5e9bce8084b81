"""Gives every file version its status: declared SBOM, package databases and bytes laid side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Reconciler:
    """Lays declared SBOMs and package databases beside the bytes of one image.

    What is learnt of contents may come bit by bit (`take`) and is compared at once with what is claimed of
    them, so that little is left to do when the last content is known.
    """

    def __init__(
        self,
        view: ImageView,
        inventory: Inventory,
        sboms: Sequence[DeclaredSbom],
    ) -> None:
        self._view = view
        self._inventory = inventory
        self._sboms = sboms
        self._facts: dict[str, FileFacts] = {}
        self._drift = compare_packages(inventory, sboms)
        self._judge = _Judge(view, inventory, sboms, self._facts, self._drift.undeclared_ids)
        self._waiting: dict[str, list[FileVersion]] = {}

    def wanted_digests(self) -> dict[str, frozenset[str]]:
        """The further algorithms (`md5`, `sha1`) a claim needs, by the SHA-256 of the content it is about."""
        wanted: dict[str, set[str]] = {}
        for version in self._view.all_versions():
            if version.entry.kind not in _JUDGED or not version.sha256:
                continue
            digests = self._judge.claimed_digests(version)
            if digests:
                self._waiting.setdefault(version.sha256, []).append(version)
            for digest in digests:
                if not digest.startswith("sha256:"):
                    wanted.setdefault(version.sha256, set()).add(digest.partition(":")[0])
        return {sha256: frozenset(names) for sha256, names in wanted.items()}

    def take(self, facts: Iterable[FileFacts]) -> None:
        """What was learnt of some contents, with the digests that were wanted."""
        for known in facts:
            self._facts[known.sha256] = known
            for version in self._waiting.pop(known.sha256, ()):
                self._judge.compare(version)

    def reconcile(self) -> Reconciliation:
        """A verdict for every version of every regular file and link; drift; what is gone.

        See docs/decisions/0005-reconciliation.md for the order in which the sources are asked. Never raises.
        """
        verdicts = {
            version.key: self._judge.verdict(version)
            for version in self._view.all_versions()
            if version.entry.kind in _JUDGED
        }
        missing = _missing(self._view, self._inventory, self._judge.declared)
        issues = [issue for sbom in self._sboms for issue in sbom.issues]
        issues += [*self._drift.issues, *self._judge.digests.issues]
        return Reconciliation(
            verdicts=verdicts,
            drift=self._drift.packages,
            missing=tuple(sorted(missing, key=lambda file: file.path)),
            reference=self._drift.reference,
            issues=tuple(issues),
        )


def reconcile(
    view: ImageView,
    inventory: Inventory,
    sboms: Sequence[DeclaredSbom],
    facts: Mapping[str, FileFacts],
) -> Reconciliation:
    """See `Reconciler.reconcile`; `facts` by hex SHA-256 are all there is."""
    reconciler = Reconciler(view, inventory, sboms)
    reconciler.take(facts.values())
    return reconciler.reconcile()


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
        claimed = self.compare(version)
        if claimed is not None and claimed.expected != _NOT_A_FILE:
            return claimed
        if self._history:
            rule = explain(Site(version, self._surroundings))
            if rule:
                owner = claimed.claimed_by if claimed else ""
                return FileVerdict(FileStatus.GENERATED, claimed_by=owner, rule=rule)
        return claimed or FileVerdict(FileStatus.UNOWNED)

    def claimed_digests(self, version: FileVersion) -> list[str]:
        """Every digest (`algorithm:hex`) that a package or an SBOM claims for this version."""
        digests = [claim.digest for claim in self._history.claims(version) if claim.digest]
        digests += [file.digest for file in self.declared.at(version.path)]
        return digests

    def compare(self, version: FileVersion) -> FileVerdict | None:
        """What claims alone say of this version, None when there are none; found once and remembered."""
        key = version.key
        try:
            return self._by_claims[key]
        except KeyError:
            claims = self._history.claims(version)
            by_package = self._by_package(version, claims)
            found = self._by_claims[key] = self._by_sbom(version, claims) or by_package
            return found

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
        verdict = self.compare(version)
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
