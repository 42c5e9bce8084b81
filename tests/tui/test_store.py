"""The state of the interface: filled by a running analysis, and just the same by a saved report alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from forensics.errors import ForensicsError
from forensics.model.findings import Severity
from forensics.model.sbom import FileStatus
from forensics.pipeline import events
from forensics.pipeline.events import Event, Stage
from forensics.reports import load_report
from forensics.tui.drift_rows import drift_rows
from forensics.tui.listing_marks import ListingMarks
from forensics.tui.notebook import Notebook
from forensics.tui.scopes import Scope, list_files
from forensics.tui.state_folder import StateFolder
from forensics.tui.store import Run, Store, Topic, early_layer, files_of_report, files_of_view
from tests.tui.conftest import Analysis
from tests.tui.story_image import MINER


def new_store(tmp_path: Path, reference: str = "lookalike.tar") -> Store:
    """An empty store."""
    return Store(reference, Notebook(StateFolder(tmp_path)))


def fed(store: Store, said: Iterable[Event]) -> Store:
    """The store after these events."""
    for event in said:
        store.apply(event)
    return store


@pytest.fixture
def live(analysis: Analysis, tmp_path: Path) -> Store:
    """A store after the whole analysis."""
    store = fed(new_store(tmp_path), analysis.events)
    store.accept_files(files_of_view(analysis.view))
    return store


@pytest.fixture
def reopened(saved: Path, tmp_path: Path) -> Store:
    """A store that knows nothing but a saved report."""
    store = new_store(tmp_path)
    report = load_report(saved)
    store.accept_report(report)
    store.accept_files(files_of_report(report))
    return store


def test_a_new_store_knows_nothing_and_says_so(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    assert store.run is Run.OPENING
    assert (store.size, store.examined_share, store.verdict, store.packages, store.stage) == (None,) * 5
    assert store.digest == ""


def test_the_layers_are_there_as_soon_as_the_image_is_opened(analysis: Analysis, tmp_path: Path) -> None:
    opened = next(event for event in analysis.events if isinstance(event, events.ImageOpened))
    store = new_store(tmp_path)
    assert Topic.LAYERS in store.apply(opened)
    assert [layer.index for layer in store.image_layers] == [0, 1, 2, 3]
    assert [layer.size for layer in store.image_layers] == [None] * 4
    assert store.size is None
    assert store.run is Run.ANALYSING
    assert store.card is not None
    assert store.card.config.labels == {"title": "look\\x1b[31malike"}
    assert [step.layer for step in store.card.config.history] == [0, 1, 2, 3, None]


def test_layers_fill_in_one_by_one(analysis: Analysis, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for event in analysis.events:
        store.apply(event)
        if isinstance(event, events.LayerIndexed):
            layer = store.image_layers[event.index.index]
            assert layer.size == event.index.size
            assert layer.verified is True
            assert layer.added is None, "what a layer changed is not known from it alone"
            break
    known = [layer.size is not None for layer in store.image_layers]
    assert known.count(True) == 1


def test_one_layer_can_be_read_before_the_others(analysis: Analysis, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for event in analysis.events:
        if isinstance(event, events.ViewReady):
            break
        store.apply(event)
    store.accept_early(2, early_layer(store.indexes[2], 4))
    version = store.early[2].index.of_path(MINER)[0]
    read = store.reader(version)
    assert read is not None
    assert read(0, 4) == b"\x7fELF"
    store.accept_files(files_of_view(analysis.view))
    assert not store.early


def test_the_live_store_and_the_reopened_one_agree(live: Store, reopened: Store) -> None:
    assert live.files is not None
    assert reopened.files is not None
    assert live.digest == reopened.digest
    assert live.image_layers == reopened.image_layers
    assert live.findings.ordered == reopened.findings.ordered
    assert live.verdict == reopened.verdict
    assert live.packages == reopened.packages
    assert live.sbom == reopened.sbom
    assert live.issues == reopened.issues
    assert [version.key for version in live.files.versions] == [
        version.key for version in reopened.files.versions
    ]
    for version in live.files.versions:
        other = reopened.files.by_key(version.key)
        assert other is not None
        assert live.row_of(version) == reopened.row_of(other)


@pytest.mark.parametrize("scope", [Scope(), Scope(0), Scope(2), Scope(3), Scope(2, accumulated=True)])
def test_the_trees_of_both_agree(live: Store, reopened: Store, scope: Scope) -> None:
    assert live.files is not None
    assert reopened.files is not None
    rows = [(row.version.key, row.change) for row in list_files(live.files, scope).rows]
    assert rows == [(row.version.key, row.change) for row in list_files(reopened.files, scope).rows]
    assert rows


def test_only_the_live_store_can_read_bytes(live: Store, reopened: Store) -> None:
    assert live.files is not None
    assert reopened.files is not None
    version = live.files.of_path(MINER)[0]
    read = live.reader(version)
    assert read is not None
    assert read(0, 4) == b"\x7fELF"
    other = reopened.files.of_path(MINER)[0]
    assert reopened.reader(other) is None
    assert reopened.type_of(other) == live.type_of(version) == "elf"
    assert live.facts_of(version) is not None
    assert reopened.facts_of(other) is None


def test_the_early_counts_of_the_layers_are_those_of_the_report(analysis: Analysis, tmp_path: Path) -> None:
    without_report = [event for event in analysis.events if not isinstance(event, events.ReportReady)]
    store = fed(new_store(tmp_path), without_report)
    store.accept_files(files_of_view(analysis.view))
    early = [(layer.added, layer.modified, layer.deleted) for layer in store.image_layers]
    assert early == [(each.added, each.modified, each.deleted) for each in analysis.report.image.layers]
    assert store.card is not None
    assert store.card.config == analysis.report.image.config
    assert store.packages == analysis.report.packages
    assert store.sbom is not None
    assert store.sbom.packages == analysis.report.sbom.packages
    assert set(store.issues) == set(analysis.report.coverage.issues)
    assert {finding.id for finding in store.findings.ordered} == {
        each.id for each in analysis.report.findings
    }


def test_findings_lead_to_versions_and_versions_to_findings(live: Store) -> None:
    assert live.files is not None
    version = live.files.of_path(MINER)[0]
    found = live.findings_of(version)
    assert found
    assert all(finding.path == MINER for finding in found)
    assert live.findings_of(live.files.of_path("/etc/os-release")[0]) == ()


def test_marks_gather_in_the_folders(live: Store) -> None:
    assert live.files is not None
    listing = list_files(live.files, Scope())
    marks = ListingMarks(listing, live.files, live.findings.ordered, live.verdicts)
    version = live.files.of_path(MINER)[0]
    worst = max((finding.severity for finding in live.findings_of(version)), key=lambda each: each.rank)
    assert marks.finding(MINER) == (worst, len(live.findings_of(version)))
    severity, count = marks.finding("/usr")
    assert severity is not None
    assert severity.rank >= worst.rank
    assert count >= len(live.findings_of(version))
    assert marks.status(version.key) is FileStatus.UNOWNED
    status = marks.folder_status("/usr/lib/.x")
    assert status is not None
    assert status[0] is FileStatus.UNOWNED
    assert marks.finding("/nowhere") == (None, 0)
    assert MINER in marks.flagged()


def test_a_listing_of_another_layer_does_not_carry_the_marks(live: Store) -> None:
    assert live.files is not None
    listing = list_files(live.files, Scope(1))
    marks = ListingMarks(listing, live.files, live.findings.ordered, live.verdicts)
    assert marks.finding(MINER) == (None, 0)


def test_the_drift_is_listed_packages_first(live: Store) -> None:
    assert live.sbom is not None
    rows = drift_rows(live.sbom)
    kinds = [row.kind for row in rows]
    assert kinds.index("absent component") < kinds.index("version changed") < kinds.index("unowned program")
    changed = next(row for row in rows if row.kind == "version changed")
    assert (changed.subject, changed.declared, changed.found) == ("base", "0.9", "1.0")
    assert {row.path for row in rows if row.kind == "unowned program"} >= {MINER, "/app/run.sh"}


def test_progress_is_kept_by_stage(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    store.apply(events.Progress(Stage.LAYERS, 10, 40, "layer 1"))
    assert store.stages[Stage.OPEN].finished, "a stage begins when those before it are over"
    assert store.stage is Stage.LAYERS
    store.apply(events.Progress(Stage.EXAMINE, 30, 40))
    assert store.examined_share == 0.75
    assert store.stages[Stage.LAYERS].finished


def test_findings_before_the_report_give_a_verdict_so_far(analysis: Analysis, tmp_path: Path) -> None:
    first = next(event for event in analysis.events if isinstance(event, events.FindingsFound))
    store = new_store(tmp_path)
    store.apply(first)
    assert store.verdict is not None
    assert store.findings.worst()[0] in Severity


def test_an_analysis_that_stops_keeps_what_is_known(analysis: Analysis, tmp_path: Path) -> None:
    store = fed(new_store(tmp_path), analysis.events[:-1])
    error = ForensicsError("no room left", "set FORENSICS_TMPDIR")
    assert Topic.RUN in store.stop(Run.FAILED, error)
    assert store.error is error
    assert store.image_layers
    assert store.findings.ordered
