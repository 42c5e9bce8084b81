"""Declared SBOMs, and what comparing them with packages and bytes gave."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from forensics.model.issues import Issue


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One package-like thing an SBOM declares. Empty strings for what it does not say."""

    name: str
    version: str = ""
    type: str = ""
    purl: str = ""
    ref: str = ""
    licenses: tuple[str, ...] = ()


class DeclaredFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file an SBOM declares: absolute path and digests as `algorithm:hex`."""

    path: str
    digests: tuple[str, ...] = ()


class DeclaredSbom(msgspec.Struct, frozen=True, kw_only=True):
    """One SBOM document.

    `origin` is where it came from, printable: `--sbom FILE`, `layer 2:/var/lib/db/sbom/x.spdx.json`,
    `attestation sha256:…`. `format` is `cyclonedx` or `spdx`; `subject` the image digest it is about, if it
    says. `scope` is `image` for an SBOM that speaks of the whole image, `package` for one
    that describes only the package or product it lies beside (Bitnami), `distribution` for one of the
    documents, one a package, that together describe a distribution's packages (apko). `embedded` is
    true when it is a file of the image itself, and so the work of whoever made the image. `issues` are the
    parts of the document that could not be read.
    """

    origin: str
    format: str
    spec_version: str
    components: tuple[Component, ...] = ()
    files: tuple[DeclaredFile, ...] = ()
    subject: str = ""
    scope: str = "image"
    embedded: bool = False
    issues: tuple[Issue, ...] = ()


class FileStatus(StrEnum):
    """How a file version stands with the SBOM, the package databases and its own bytes."""

    DECLARED = "declared"
    PACKAGE = "package"
    ALTERED = "altered"
    UNDECLARED_PACKAGE = "undeclared-package"
    GENERATED = "generated"
    KNOWN_GOOD = "known-good"
    UNOWNED = "unowned"
    MISSING = "missing"


class FileVerdict(msgspec.Struct, frozen=True, gc=False):
    """The status of one file version and the reason.

    `claimed_by` is a package id or an SBOM origin (empty when nobody claims it); `rule` names the
    by-product rule for `generated`; `expected` is the digest that was claimed and not met.
    `config` is true for a changed configuration file, which stays `package`.
    """

    status: FileStatus
    claimed_by: str = ""
    rule: str = ""
    expected: str = ""
    config: bool = False


class UndeclaredPackage(msgspec.Struct, frozen=True, kw_only=True):
    """Installed, yet in no declared SBOM."""

    name: str
    version: str
    type: str
    purl: str
    layer: int


class AbsentComponent(msgspec.Struct, frozen=True, kw_only=True):
    """Declared, yet not installed."""

    name: str
    version: str
    purl: str
    origin: str


class VersionChange(msgspec.Struct, frozen=True, kw_only=True):
    """Declared with one version, installed with another."""

    name: str
    declared: str
    found: str
    purl: str
    layer: int


class PackageDrift(msgspec.Struct, frozen=True, kw_only=True):
    """The declared packages against the installed ones; all empty without a declared SBOM."""

    matched: int = 0
    undeclared: tuple[UndeclaredPackage, ...] = ()
    absent: tuple[AbsentComponent, ...] = ()
    version_changed: tuple[VersionChange, ...] = ()


class MissingFile(msgspec.Struct, frozen=True, kw_only=True):
    """Claimed by a package of the finished image or an SBOM, yet not there."""

    path: str
    claimed_by: str


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """Declared SBOM x package database x bytes.

    `verdicts` has one element for every version of every regular file, hard link and symbolic link, by
    `FileVersion.key`. `reference` is `sbom` when a declared SBOM was compared, `packages` when the
    package databases alone were the reference, `none` when there was neither.
    """

    verdicts: dict[tuple[int, int], FileVerdict]
    drift: PackageDrift
    missing: tuple[MissingFile, ...] = ()
    reference: str = "none"
    issues: tuple[Issue, ...] = ()
