"""`forensics scan` around the analysis: options, formats, exit codes, notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.cli.commands.scan import exit_code
from forensics.errors import Cancelled, ForensicsError
from forensics.model.findings import Severity
from forensics.model.issues import Issue
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from tests.report_records import make_finding, make_report

LOST = (Issue(stage="layer", code="truncated", subject="layer 0", message="cut short", lost_bytes=1234),)


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> Callable[[Report | Exception], list[Session]]:
    """Makes every analysis give this report, or fail; the sessions it was asked of."""
    sessions: list[Session] = []

    def give(outcome: Report | Exception) -> list[Session]:
        def analyze(session: Session, _listen: object = None) -> Report:
            sessions.append(session)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(Session, "analyze", analyze)
        return sessions

    return give


def test_every_option_reaches_the_analysis(
    analyses: Callable[..., list[Session]], run: Callable[..., Any], tmp_path: Path
) -> None:
    sessions = analyses(make_report(issues=()))
    for name in ("a.json", "b.json", "r.yar"):
        (tmp_path / name).write_text("")
    run(
        *("scan", "image.tar", "--platform", "linux/arm64", "--tag", "t", "--image", "2", "--jobs", "3"),
        *("--sbom", tmp_path / "a.json", "--sbom", tmp_path / "b.json", "--rules", tmp_path / "r.yar"),
        "--no-cache",
    )
    (session,) = sessions
    assert session.reference == "image.tar"
    assert session.options == Options(
        platform="linux/arm64",
        tag="t",
        image=2,
        sbom=(tmp_path / "a.json", tmp_path / "b.json"),
        rules=(tmp_path / "r.yar",),
        jobs=3,
        cache=False,
    )


def test_the_table_is_the_default_and_the_cache_is_used(
    analyses: Callable[..., list[Session]], run: Callable[..., Any]
) -> None:
    sessions = analyses(make_report(issues=()))
    ran = run("scan", "image.tar")
    assert ran.code == 0
    assert "!! MALICIOUS" in ran.text
    assert ran.errors == ""
    assert sessions[0].options == Options()


def test_several_formats_with_one_stem(
    analyses: Callable[..., list[Session]], run: Callable[..., Any], tmp_path: Path
) -> None:
    analyses(make_report(issues=()))
    ran = run("scan", "image.tar", "--format", "json,sarif,table", "--output", tmp_path / "case")
    assert (ran.code, ran.output) == (0, b"")
    assert json.loads((tmp_path / "case.json").read_text())["schema"] == "forensics-report/1"
    assert json.loads((tmp_path / "case.sarif").read_text())["version"] == "2.1.0"
    assert "MALICIOUS" in (tmp_path / "case.txt").read_text()


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("limit", [None, *Severity])
def test_fail_on_compares_severities(severity: Severity, limit: Severity | None) -> None:
    report = make_report(findings=(make_finding(severity=severity),), issues=())
    order = ["info", "low", "medium", "high", "critical"]
    reached = limit is not None and order.index(severity) >= order.index(limit)
    assert exit_code(report, limit) == (1 if reached else 0)


@pytest.mark.parametrize(("limit", "code"), [([], 4), (["--fail-on", "critical"], 1)])
def test_lost_bytes_end_with_4_unless_something_was_found(
    analyses: Callable[..., list[Session]], run: Callable[..., Any], limit: list[str], code: int
) -> None:
    analyses(make_report(issues=LOST))
    ran = run("scan", "image.tar", "--format", "json", *limit)
    assert ran.code == code
    assert ran.errors == "note: 1.2 kB could not be examined, the coverage section says which\n"
    assert run("scan", "image.tar", "--quiet", *limit).errors == ""


def test_issues_without_lost_bytes_are_no_failure() -> None:
    harmless = (Issue(stage="layer", code="x", subject="layer 0", message="odd"),)
    assert exit_code(make_report(issues=harmless), None) == 0


@pytest.mark.parametrize(("error", "code"), [(ForensicsError("no", "yes"), 3), (Cancelled(), 130)])
def test_a_failed_analysis_leaves_no_report(
    analyses: Callable[..., list[Session]],
    run: Callable[..., Any],
    tmp_path: Path,
    error: Exception,
    code: int,
) -> None:
    analyses(error)
    assert run("scan", "image.tar", "--format", "json", "-o", tmp_path / "r.json").code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "pdf"],
        ["--format", "json,table"],
        ["--fail-on", "awful"],
        ["--sbom", "absent.json"],
        ["--rules", "absent.yar"],
        ["--jobs", "0"],
        ["--image", "-1"],
        ["--output", "absent/r.json"],
    ],
)
def test_a_wrong_option_ends_with_2_before_the_analysis(
    analyses: Callable[..., list[Session]],
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    sessions = analyses(make_report())
    assert run("scan", "image.tar", *arguments).code == 2
    assert sessions == []
