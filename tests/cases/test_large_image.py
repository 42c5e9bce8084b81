"""The benchmark's image, Debian with tool chains and language packages: correct, quiet, quick to reopen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.reports import load_report, reports
from forensics.spool import Spool
from tests.cases.test_merged_view import implied, merged, unpack

pytestmark = [pytest.mark.large, pytest.mark.service, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def report(large_image: Path) -> Iterator[Report]:
    with Session(str(large_image), Options(cache=False)) as session:
        yield session.analyze()


def test_the_merged_view_is_what_umoci_unpacks(
    large_image: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    theirs = unpack(str(large_image), "oci-archive", tmp_path, tool)
    with Spool(tmp_path) as spool:
        ours = merged(str(large_image), spool)
    made = implied(ours)
    assert {path: what for path, what in theirs.items() if path not in made} == ours
    assert len(ours) > 50_000


def test_every_byte_is_examined(report: Report) -> None:
    assert report.coverage.examined_bytes == report.coverage.bytes > 1_700_000_000
    assert sum(issue.lost_bytes for issue in report.coverage.issues) == 0


def test_a_genuine_image_gives_nothing_to_explain(report: Report) -> None:
    loud = [finding for finding in report.findings if finding.severity.rank >= 2]
    assert [(finding.rule_id, finding.path) for finding in loud] == []
    assert report.verdict.level == "clean"


def test_no_program_that_the_distribution_brought_is_unowned(report: Report) -> None:
    by_hand = ("/opt/web/", "/usr/local/")
    assert [file.path for file in report.sbom.files.unowned if not file.path.startswith(by_hand)] == []
    assert report.sbom.files.altered == ()


def test_a_saved_report_is_read_within_a_second(report: Report, tmp_path: Path) -> None:
    saved = tmp_path / "report.json"
    saved.write_text(reports()["json"].render(report), encoding="utf-8")
    begun = time.monotonic()
    loaded = load_report(saved)
    assert time.monotonic() - begun < 1
    assert loaded == report
