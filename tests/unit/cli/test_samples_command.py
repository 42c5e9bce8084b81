"""`forensics samples`: training images, and grading a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.model.findings import Severity
from forensics.reports import reports
from forensics.samples import load_recipes
from tests.report_records import make_finding, make_report

Run = Callable[..., Any]
ANSWER = {
    "categories": ["miner", "unexpected-binary"],
    "severity": "high",
    "why": "a miner",
    "layer": 1,
    "path": "/usr/lib/.x/kworker",
    "state": "deleted",
    "rules": [],
}


def write_key(folder: Path, *answers: dict[str, Any], ceiling: str = "critical", **more: Any) -> Path:
    key = {"schema": "forensics-answers/1", "id": "test", "title": "Test", "level": "easy"}
    path = folder / "key.json"
    path.write_text(json.dumps({**key, "ceiling": ceiling, "answers": answers, **more}))
    return path


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    findings = (make_finding(), make_finding("x/y", severity=Severity.MEDIUM, path="/other"))
    path.write_text(reports()["json"].render(make_report(findings=findings)))
    return path


def test_list_has_every_recipe(run: Run) -> None:
    rows = json.loads(run("samples", "list", "--json").output)
    assert [row["id"] for row in rows] == [recipe.id for recipe in load_recipes()]
    assert len(rows) >= 6
    table = run("samples", "list").text
    assert all(row["id"] in table and row["title"] in table for row in rows)


def test_build_writes_image_briefing_and_key(run: Run, tmp_path: Path) -> None:
    first = load_recipes()[0].id
    ran = run("samples", "build", tmp_path / "new", "--only", first)
    assert ran.code == 0
    assert ran.text == f"{tmp_path}/new/{first}.tar\n"
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names >= {f"{first}.tar", f"{first}.briefing.md", f"{first}.answers.json"}
    assert run("samples", "build", tmp_path, "--only", "no-such").code == 2


def test_every_answer_found_ends_with_0(run: Run, report: Path, tmp_path: Path) -> None:
    ran = run("samples", "grade", report, write_key(tmp_path, ANSWER))
    assert ran.code == 0
    assert ran.text.splitlines() == [
        "found      high  miner or unexpected-binary  layer 1  /usr/lib/.x/kworker  (a miner)",
        "test: 1 of 1 answer found, 0 findings too much",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/usr/lib/.x/other"},
        {"layer": 0},
        {"layer": None},
        {"categories": ["secret"]},
        {"rules": ["another/rule"]},
        {"state": "visible"},
    ],
)
def test_an_answer_not_found_ends_with_1(
    run: Run, report: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    ran = run("samples", "grade", report, write_key(tmp_path, ANSWER, {**ANSWER, **change}))
    assert ran.code == 1
    assert [line[:9] for line in ran.text.splitlines()[:2]] == ["found    ", "NOT FOUND"]
    assert "1 of 2 answers found" in ran.text


def test_a_finding_above_the_ceiling_ends_with_1(run: Run, report: Path, tmp_path: Path) -> None:
    ran = run("samples", "grade", report, write_key(tmp_path, ANSWER, ceiling="low"))
    assert ran.code == 1
    assert ran.text.splitlines()[1:] == [
        "TOO MUCH   medium  x/y  /other",
        "test: 1 of 1 answer found, 1 finding too much",
    ]
    assert run("samples", "grade", report, write_key(tmp_path, ANSWER, ceiling="medium")).code == 0


@pytest.mark.parametrize("text", ["", "{}", '{"schema":"forensics-report/1"}'])
def test_what_is_no_key_is_refused(run: Run, report: Path, tmp_path: Path, text: str) -> None:
    key = tmp_path / "bad.json"
    key.write_text(text)
    ran = run("samples", "grade", report, key)
    assert (ran.code, ran.output) == (2, b"")
    assert f"{key} is not an answer key" in ran.errors
    other = write_key(tmp_path, ANSWER, schema="forensics-answers/9")
    assert run("samples", "grade", report, other).code == 2
    assert run("samples", "grade", key, write_key(tmp_path, ANSWER)).code == 3
