"""The one document: what reports render, what the screen shows, what can be saved and opened again.

Field names are the keys of the public JSON report (`forensics-report/1`); see docs/report.md.
"""

from __future__ import annotations

import msgspec

from forensics.model.findings import Finding
from forensics.model.issues import Issue
from forensics.model.sbom import AbsentComponent, MissingFile, UndeclaredPackage, VersionChange

SCHEMA = "forensics-report/1"


class SignaturePack(msgspec.Struct, frozen=True, kw_only=True):
    """One folder of signatures: how many rules, and a digest over their text."""

    name: str
    rules: int
    digest: str


class SignatureState(msgspec.Struct, frozen=True, kw_only=True):
    """All signatures in force."""

    digest: str
    rules: int
    packs: tuple[SignaturePack, ...]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """What made the report. `started` is an RFC 3339 time in UTC."""

    name: str
    version: str
    signatures: SignatureState
    started: str = ""


class ReportHistory(msgspec.Struct, frozen=True, kw_only=True):
    """One build step; `layer` is the index of the layer it made, None for an empty one."""

    created: str
    created_by: str
    comment: str
    layer: int | None = None


class ReportConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The image configuration, every text printable."""

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    working_dir: str = ""
    shell: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    stop_signal: str = ""
    author: str = ""
    history: tuple[ReportHistory, ...] = ()


class ReportLayer(msgspec.Struct, frozen=True, kw_only=True):
    """One layer. Sizes in bytes; `verified` is true when every digest declared for it was met,
    false when one was not, null when none was declared or the layer is not there.
    """

    index: int
    digest: str
    diff_id: str
    media_type: str
    compressed_size: int
    size: int
    entries: int
    created_by: str
    created: str
    verified: bool | None
    base: bool | None
    compression: str = ""
    added: int = 0
    modified: int = 0
    deleted: int = 0


class ReportImage(msgspec.Struct, frozen=True, kw_only=True):
    """The image that was examined."""

    source: str
    reference: str
    manifest_digest: str
    config_digest: str
    platform: str
    tags: tuple[str, ...]
    created: str
    config: ReportConfig
    layers: tuple[ReportLayer, ...]
    distribution: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`level`: clean, review, suspicious or malicious; `score` 0..100; `reasons` worst first."""

    level: str
    score: int
    reasons: tuple[str, ...]


class ReportSbom(msgspec.Struct, frozen=True, kw_only=True):
    """One declared SBOM that was compared."""

    origin: str
    format: str
    spec_version: str
    components: int
    files: int


class AlteredFile(msgspec.Struct, frozen=True, kw_only=True):
    """Claimed with a digest that the bytes do not have."""

    layer: int
    path: str
    state: str
    claimed_by: str


class UndeclaredPackageFile(msgspec.Struct, frozen=True, kw_only=True):
    """Owned by a package that the declared SBOM leaves out."""

    layer: int
    path: str
    state: str
    package: str


class UnownedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A program, library or script that nobody claims; `kind` is its file type id."""

    layer: int
    path: str
    state: str
    kind: str


class FileDrift(msgspec.Struct, frozen=True, kw_only=True):
    """File versions by status: counts where they agree, lists where they do not."""

    declared: int = 0
    package: int = 0
    generated: int = 0
    known_good: int = 0
    altered: tuple[AlteredFile, ...] = ()
    undeclared_package: tuple[UndeclaredPackageFile, ...] = ()
    unowned: tuple[UnownedFile, ...] = ()
    unowned_other: int = 0
    missing: tuple[MissingFile, ...] = ()


class PackageDriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """Declared packages against installed ones."""

    matched: int = 0
    undeclared: tuple[UndeclaredPackage, ...] = ()
    absent: tuple[AbsentComponent, ...] = ()
    version_changed: tuple[VersionChange, ...] = ()


class SbomSection(msgspec.Struct, frozen=True, kw_only=True):
    """Declared against found. `reference` says what the comparison stood on: sbom, packages or none."""

    reference: str = "none"
    declared: tuple[ReportSbom, ...] = ()
    packages: PackageDriftReport = PackageDriftReport()
    files: FileDrift = FileDrift()


class ReportPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One installed package; `files` is the number of paths it owns."""

    name: str
    version: str
    type: str
    purl: str
    arch: str
    licenses: tuple[str, ...]
    layer: int
    locations: tuple[str, ...]
    files: int


class ReportFile(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One version of one path. `key` is [layer, header offset]; `path` printable, with `path_base64`
    where the exact bytes differ; `rule` explains `generated`; `type` is the content's file type id.
    """

    path: str
    layer: int
    offset: int
    kind: str
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime: float = 0.0
    link: str = ""
    state: str = "visible"
    change: str = "added"
    changed_by_layer: int | None = None
    sha256: str = ""
    status: str = ""
    claimed_by: str = ""
    rule: str = ""
    type: str = ""
    path_base64: str | None = None

    @property
    def key(self) -> tuple[int, int]:
        """The `FileVersion.key` this row speaks of."""
        return (self.layer, self.offset)


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much was looked at: file versions and the bytes of their contents.

    `files` and `bytes` include what is known to be missing beside them, absent parts of layers as the archive
    stores them: then both are what there is at least.
    """

    files: int = 0
    bytes: int = 0
    examined_files: int = 0
    examined_bytes: int = 0
    issues: tuple[Issue, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole analysis."""

    schema: str
    tool: Tool
    image: ReportImage
    verdict: Verdict
    sbom: SbomSection
    packages: tuple[ReportPackage, ...]
    findings: tuple[Finding, ...]
    coverage: Coverage
    timings: dict[str, float]
    files: tuple[ReportFile, ...] = ()
