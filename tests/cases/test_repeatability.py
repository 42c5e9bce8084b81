"""The same image gives the same report, and a saved report is the whole analysis."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event, FindingsFound, LayerIndexed, ReportReady, Stage
from forensics.reports import load_report, reports
from forensics.samples import build, recipe_of


def _timeless(report: Report) -> Report:
    tool = msgspec.structs.replace(report.tool, started="")
    return msgspec.structs.replace(report, timings={}, tool=tool)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(recipe_of("kworker-miner"), tmp_path_factory.mktemp("sample"))


def _analyze(archive: Path, **choices: object) -> Report:
    with Session(str(archive), Options(**choices)) as session:  # type: ignore[arg-type]
        return session.analyze()


def test_two_runs_are_identical_with_any_number_of_workers_and_with_the_cache(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_CACHE_DIR", str(tmp_path))
    render = reports()["json"].render
    texts = {
        render(_timeless(_analyze(archive, jobs=1, cache=False))),
        render(_timeless(_analyze(archive, jobs=3, cache=False))),
        render(_timeless(_analyze(archive))),
        render(_timeless(_analyze(archive))),
    }
    assert len(texts) == 1


def test_a_saved_report_opens_as_what_was_saved(archive: Path, tmp_path: Path) -> None:
    report = _analyze(archive, cache=False)
    saved = tmp_path / "report.json"
    saved.write_text(reports()["json"].render(report), encoding="utf-8")
    assert load_report(saved) == report


def test_events_tell_the_story_in_order(archive: Path) -> None:
    events: list[Event] = []
    with Session(str(archive), Options(cache=False)) as session:
        report = session.analyze(events.append)
    indexed = [event.index.index for event in events if isinstance(event, LayerIndexed)]
    assert sorted(indexed) == [layer.index for layer in report.image.layers]
    told = [finding for event in events if isinstance(event, FindingsFound) for finding in event.findings]
    assert len(told) == len(set(told))
    assert {finding.id for finding in told} == {finding.id for finding in report.findings}
    assert events[-1] == ReportReady(report)
    assert set(report.timings) == {stage.value for stage in Stage}
