"""The state of the interface: everything the panes show, from a running analysis or from a saved report
alone.

Only the thread of the interface writes it. Nothing in it draws, and nothing in it waits: what takes long
(sorting every version of an image by path) is made elsewhere and handed in finished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from forensics.detectors import verdict as verdict_of
from forensics.errors import ForensicsError
from forensics.layers import ImageView
from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion, LayerIndex
from forensics.model.findings import Finding
from forensics.model.issues import Issue
from forensics.model.packages import Package
from forensics.model.report import (
    Coverage,
    PackageDriftReport,
    Report,
    ReportFile,
    ReportImage,
    ReportPackage,
    SbomSection,
    Verdict,
)
from forensics.model.sbom import FileStatus, FileVerdict, Reconciliation
from forensics.pipeline import events
from forensics.pipeline.events import Event, Stage
from forensics.pipeline.members import MemberReader
from forensics.printable import exact_base64, printable
from forensics.tui.file_index import FileIndex, version_of_row
from forensics.tui.findings_book import FindingsBook
from forensics.tui.image_rows import LayerRow, card_of_image, row_of_report, row_of_source
from forensics.tui.members import facts_within, place_of
from forensics.tui.notebook import Notebook

Key = tuple[int, int]


class Topic(Enum):
    """What changed; panes that show none of it need not draw again."""

    IMAGE = auto()
    LAYERS = auto()
    FILES = auto()
    FACTS = auto()
    STATUSES = auto()
    FINDINGS = auto()
    PACKAGES = auto()
    DRIFT = auto()
    COVERAGE = auto()
    PROGRESS = auto()
    NOTES = auto()
    RUN = auto()


class Run(StrEnum):
    """How far the work on the image has come."""

    OPENING = "opening"
    ANALYSING = "analysing"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class StageProgress:
    """`done` of `total` units of one stage; total 0 while it is unknown."""

    done: int = 0
    total: int = 0
    note: str = ""
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """What is known of all file versions at once: made in one go outside the thread of the interface."""

    index: FileIndex
    verdicts: Mapping[Key, FileVerdict] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EarlyLayer:
    """One layer looked at before the others are read: its own files and bytes, nothing of what it changed."""

    view: ImageView
    index: FileIndex


class Store:
    """One image under examination. Attributes are read freely; `apply`, `accept_…` and `stop` change them."""

    def __init__(self, reference: str, notebook: Notebook) -> None:
        self.reference = printable(reference)
        self.notebook = notebook
        self.run = Run.OPENING
        self.error: ForensicsError | None = None
        self.card: ReportImage | None = None
        self.image_layers: list[LayerRow] = []
        self.indexes: dict[int, LayerIndex] = {}
        self.early: dict[int, EarlyLayer] = {}
        self.view: ImageView | None = None
        self.members: MemberReader | None = None
        self.files: FileIndex | None = None
        self.findings = FindingsBook()
        self.packages: tuple[ReportPackage, ...] | None = None
        self.sbom: SbomSection | None = None
        self.issues: list[Issue] = []
        self.report: Report | None = None
        self.stages: dict[Stage, StageProgress] = {}
        self._facts: dict[str, FileFacts] = {}
        self._types: Mapping[str, str] = {}
        self._verdicts: Mapping[Key, FileVerdict] = {}

    # -- what panes ask ---------------------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """What identifies the image between runs; empty until it is opened."""
        if self.card is None:
            return ""
        return self.card.manifest_digest or self.card.config_digest or self.card.reference

    @property
    def verdicts(self) -> Mapping[Key, FileVerdict]:
        """How every file version stands, by its key; empty before the reconciliation."""
        return self._verdicts

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the report, or what the findings so far would give; None before the first one."""
        if self.report is not None:
            return self.report.verdict
        return verdict_of(tuple(self.findings.ordered)) if self.findings.ordered else None

    @property
    def coverage(self) -> Coverage | None:
        """What was looked at; None until the analysis is finished."""
        return self.report.coverage if self.report else None

    @property
    def size(self) -> int | None:
        """Uncompressed bytes of all layers, None while one is unknown."""
        sizes = [layer.size for layer in self.image_layers]
        if not sizes or None in sizes:
            return None
        return sum(size for size in sizes if size is not None)

    @property
    def examined_share(self) -> float | None:
        """How much of the bytes was examined, 0 to 1, also while it goes on; None before that."""
        if self.report is not None:
            coverage = self.report.coverage
            return coverage.examined_bytes / coverage.bytes if coverage.bytes else 1.0
        progress = self.stages.get(Stage.EXAMINE)
        return progress.done / progress.total if progress and progress.total else None

    @property
    def stage(self) -> Stage | None:
        """The latest stage that has begun."""
        return max(self.stages, key=list(Stage).index, default=None)

    def facts_of(self, version: FileVersion) -> FileFacts | None:
        """What was learnt from the version's bytes; of a member, what its archive keeps of it."""
        if not version.sha256:
            return None
        outer = self.outer_of(version)
        if outer is None:
            return self._facts.get(version.sha256)
        return facts_within(self._facts.get(outer.sha256), version.sha256)

    def outer_of(self, version: FileVersion) -> FileVersion | None:
        """The file that holds a member of an archive; None for a file of the image."""
        outer = self.files.by_key(version.key) if self.files else None
        return outer if outer is not None and outer.path != version.path else None

    def type_of(self, version: FileVersion) -> str:
        """The content's type id, empty while it is unknown."""
        facts = self.facts_of(version)
        return facts.type if facts else self._types.get(version.sha256, "")

    def status_of(self, version: FileVersion) -> FileStatus | None:
        """The version's status, None while it is unknown or when it has none."""
        found = self._verdicts.get(version.key)
        return found.status if found else None

    def findings_of(self, version: FileVersion) -> tuple[Finding, ...]:
        """The findings that speak of exactly this version, worst first."""
        if self.files is None:
            return ()
        shown = printable(version.path)
        if self.outer_of(version) is not None:
            place = (shown, version.layer, version.sha256)
            return tuple(each for each in self.findings.ordered if place_of(each) == place)
        return tuple(
            finding
            for finding in self.findings.ordered
            if finding.layer == version.layer
            and finding.path is not None
            and finding.path.startswith(shown)
            and self.files.of_finding(finding) is version
        )

    def row_of(self, version: FileVersion) -> ReportFile:
        """The version's line in a report, as far as it is known."""
        entry = version.entry
        found = self._verdicts.get(version.key)
        return ReportFile(
            path=printable(version.path),
            layer=version.layer,
            offset=entry.header_offset,
            kind=entry.kind.value,
            size=version.content.size if version.content else entry.size,
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            mtime=entry.mtime,
            link=printable(entry.link),
            state=version.state.value,
            change=version.change.value,
            changed_by_layer=version.changed_by_layer,
            sha256=version.sha256,
            status=found.status.value if found else "",
            claimed_by=printable(found.claimed_by) if found else "",
            rule=found.rule if found else "",
            type=self.type_of(version),
            path_base64=exact_base64(version.path),
        )

    def reader(self, version: FileVersion) -> Callable[[int, int], bytes] | None:
        """Reads (offset, length) of the version's bytes; None where they are not at hand."""
        early = self.early.get(version.layer)
        view = self.view or (early.view if early else None)
        if view is None or version.content is None:
            return None
        return lambda offset, length: view.read(version, offset, length)

    # -- a running analysis -----------------------------------------------------------------------------

    def apply(self, event: Event) -> frozenset[Topic]:
        """Take in what the analysis says; the topics it changed."""
        match event:
            case events.Progress(stage, done, total, note):
                return self._progress(stage, done, total, note)
            case events.ImageOpened(image):
                self.run = Run.ANALYSING
                self.card = card_of_image(image)
                self.notebook.about(self.digest)
                self.image_layers = [row_of_source(layer) for layer in image.layers]
                return frozenset({Topic.IMAGE, Topic.LAYERS, Topic.RUN})
            case events.LayerIndexed(index):
                self.image_layers[index.index] = self.image_layers[index.index].indexed(index)
                self.indexes[index.index] = index
                return frozenset({Topic.LAYERS, Topic.FILES})
            case events.ViewReady(view, members):
                self.view, self.members = view, members
                self._finish_stages()
                return frozenset({Topic.FILES, Topic.PROGRESS})
            case events.FactsLearnt(facts):
                self._facts.update((each.sha256, each) for each in facts)
                return frozenset({Topic.FACTS})
            case events.InventoryReady(inventory):
                self.packages = tuple(_package_row(package) for package in inventory.packages)
                return frozenset({Topic.PACKAGES, Topic.IMAGE})
            case events.Reconciled(reconciliation):
                self._verdicts = reconciliation.verdicts
                self.sbom = _early_drift(reconciliation)
                return frozenset({Topic.STATUSES, Topic.DRIFT})
            case events.FindingsFound(findings):
                self.findings.add(findings)
                return frozenset({Topic.FINDINGS})
            case events.IssueRaised(issue):
                self.issues.append(issue)
                return frozenset({Topic.COVERAGE})
            case events.ReportReady(report):
                return self.accept_report(report)

    def stop(self, run: Run, error: ForensicsError | None = None) -> frozenset[Topic]:
        """The analysis ended without a report: `STOPPED` by the person, or `FAILED` with an error."""
        self.run = run
        self.error = error
        return frozenset({Topic.RUN, Topic.PROGRESS})

    def _progress(self, stage: Stage, done: int, total: int, note: str) -> frozenset[Topic]:
        order = list(Stage)
        for earlier in order[: order.index(stage)]:
            self.stages.setdefault(earlier, StageProgress()).finished = True
        self.stages[stage] = StageProgress(done, total, note)
        return frozenset({Topic.PROGRESS})

    def _finish_stages(self) -> None:
        for progress in self.stages.values():
            progress.finished = True

    # -- things made elsewhere --------------------------------------------------------------------------

    def accept_report(self, report: Report) -> frozenset[Topic]:
        """A finished report: of the running analysis, or one that was saved."""
        self.report = report
        self.run = Run.FINISHED
        self.card = report.image
        self.notebook.about(self.digest)
        self.image_layers = [row_of_report(layer) for layer in report.image.layers]
        self.findings.add(report.findings)
        self.packages = report.packages
        self.sbom = report.sbom
        self.issues = list(report.coverage.issues)
        self._finish_stages()
        return frozenset(Topic) - {Topic.FILES, Topic.FACTS, Topic.STATUSES}

    def accept_early(self, layer: int, early: EarlyLayer) -> None:
        """One layer alone; of no use once all are known. May be called from any thread."""
        if self.files is None:
            self.early[layer] = early

    def accept_files(self, files: Files) -> frozenset[Topic]:
        """Every file version, ready to be looked up."""
        self.files = files.index
        self.early.clear()
        self.indexes.clear()
        if files.verdicts:
            self._verdicts = files.verdicts
        if files.types:
            self._types = files.types
        if self.report is None:
            self.image_layers = [
                layer.compared(files.index.change_counts(layer.index)) for layer in self.image_layers
            ]
        return frozenset({Topic.FILES, Topic.LAYERS, Topic.STATUSES, Topic.FINDINGS})


def early_layer(index: LayerIndex, layer_count: int) -> EarlyLayer:
    """A layer on its own."""
    view = ImageView((index,))
    return EarlyLayer(view, FileIndex(view.all_versions(), layer_count))


def files_of_view(view: ImageView, report: Report | None = None) -> Files:
    """The file versions of a live image, with what a saved report says of them where there is one."""
    index = FileIndex(view.all_versions(), len(view.image_layers))
    return Files(index) if report is None else Files(index, *_told(report))


def files_of_report(report: Report) -> Files:
    """The file versions of a saved report, with their statuses and types."""
    versions = [version_of_row(row) for row in report.files]
    return Files(FileIndex(versions, len(report.image.layers)), *_told(report))


def _told(report: Report) -> tuple[dict[Key, FileVerdict], dict[str, str]]:
    """The statuses by version and the types by content that a report lists."""
    rows = report.files
    return (
        {
            row.key: FileVerdict(FileStatus(row.status), row.claimed_by, row.rule)
            for row in rows
            if row.status
        },
        {row.sha256: row.type for row in rows if row.type},
    )


def _package_row(package: Package) -> ReportPackage:
    return ReportPackage(
        name=printable(package.name),
        version=printable(package.version),
        type=package.type,
        purl=printable(package.purl),
        arch=printable(package.arch),
        licenses=tuple(printable(text) for text in package.licenses),
        layer=package.layer,
        locations=tuple(printable(path) for path in package.locations),
        files=package.files,
    )


def _early_drift(reconciliation: Reconciliation) -> SbomSection:
    """The drift of the packages; that of the files follows with the report."""
    drift = reconciliation.drift
    return SbomSection(
        reference=reconciliation.reference,
        packages=PackageDriftReport(
            matched=drift.matched,
            undeclared=drift.undeclared,
            absent=drift.absent,
            version_changed=drift.version_changed,
        ),
    )
