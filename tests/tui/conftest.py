"""One small image, analysed once by the real pipeline, for all tests of the interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forensics.layers import ImageView
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event
from forensics.reports import reports
from tests.tui.story_image import write_drifted_sbom, write_story


@dataclass(frozen=True)
class Analysis:
    """What the pipeline said about the story image, while its bytes can still be read."""

    path: Path
    sbom: Path
    events: tuple[Event, ...]
    view: ImageView
    report: Report


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the story image."""
    return write_story(tmp_path_factory.mktemp("story") / "lookalike.tar")


@pytest.fixture(scope="session")
def analysis(story: Path) -> Iterator[Analysis]:
    """The finished analysis, with a declared SBOM that disagrees."""
    events: list[Event] = []
    sbom = write_drifted_sbom(story.parent / "declared.cdx.json")
    with Session(str(story), Options(sbom=(sbom,), cache=False, jobs=1)) as session:
        report = session.analyze(events.append)
        yield Analysis(story, sbom, tuple(events), session.index(), report)


@pytest.fixture(scope="session")
def saved(analysis: Analysis) -> Path:
    """The report of the story image as a file."""
    path = analysis.path.parent / "report.json"
    path.write_text(reports()["json"].render(analysis.report), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the state of whoever runs it."""
    folder = tmp_path / "state"
    monkeypatch.setenv("FORENSICS_STATE_DIR", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder
