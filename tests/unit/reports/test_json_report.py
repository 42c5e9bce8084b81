"""The JSON report against the standard library's reader and against itself."""

from __future__ import annotations

import json
import time

import msgspec
import pytest

from forensics.model.report import Report
from forensics.reports import reports
from tests.report_records import make_finding, make_report, many_files

FORMAT = reports()["json"]


def test_keys_stand_in_the_order_of_the_contract() -> None:
    document = json.loads(FORMAT.render(make_report()))
    assert list(document) == (
        ["schema", "tool", "image", "verdict", "sbom", "packages", "findings", "coverage", "timings", "files"]
    )
    assert list(document["findings"][0])[:7] == (
        ["id", "rule_id", "category", "severity", "confidence", "title", "explanation"]
    )
    assert document["schema"] == "forensics-report/1"


def test_every_value_survives() -> None:
    report = make_report()
    document = json.loads(FORMAT.render(report))
    assert document == json.loads(msgspec.json.encode(report))
    assert msgspec.convert(document, Report) == report


def test_null_is_written_where_the_contract_says_null() -> None:
    image_finding = json.loads(FORMAT.render(make_report()))["findings"][1]
    assert image_finding["path"] is None
    assert image_finding["layer"] is None
    assert image_finding["sha256"] is None


def test_every_finding_package_and_file_has_a_line_of_its_own() -> None:
    report = make_report()
    lines = FORMAT.render(report).splitlines()
    for row in (*report.findings, *report.packages, *report.files):
        assert any(line.rstrip(",") == msgspec.json.encode(row).decode() for line in lines)


def test_empty_lists_are_still_there() -> None:
    document = json.loads(FORMAT.render(make_report(findings=(), files=())))
    assert document["findings"] == []
    assert document["files"] == []


def test_the_same_report_gives_the_same_text() -> None:
    assert FORMAT.render(make_report()) == FORMAT.render(make_report())


@pytest.mark.parametrize(
    "hostile",
    ["\x1b]52;c;eA==\x07", "\x9b2J", "a\u202eb", "\u200b", "\x7f", "\ue000", "\U000e0041"],
)
def test_no_raw_control_character_reaches_a_terminal_even_if_a_room_forgot_to_escape(hostile: str) -> None:
    report = make_report(findings=(make_finding(path=f"/tmp/{hostile}"),))
    text = FORMAT.render(report)
    assert all(line.isprintable() for line in text.split("\n"))
    assert json.loads(text)["findings"][0]["path"] == f"/tmp/{hostile}"


def test_undecodable_bytes_never_cost_the_report() -> None:
    report = make_report(findings=(make_finding(path="/tmp/\udcff"),))
    assert json.loads(FORMAT.render(report))["findings"][0]["path"] == "/tmp/\\xff"


def test_a_report_of_a_large_image_is_written_within_a_second() -> None:
    report = make_report(files=many_files(54_000))
    begun = time.process_time()
    text = FORMAT.render(report)
    assert time.process_time() - begun < 1
    assert text.count("\n") > 54_000
