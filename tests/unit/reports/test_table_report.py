"""The report for people: complete where it matters, short where it can be, harmless to a terminal."""

from __future__ import annotations

import io
import re

import msgspec
import pytest
from rich.console import Console

from forensics.model.findings import Severity
from forensics.model.issues import Issue
from forensics.model.report import FileDrift, Report, SbomSection, UnownedFile
from forensics.reports import reports
from forensics.reports.table import REPORT
from tests.report_records import FINDINGS, make_finding, make_report


def render(report: Report) -> str:
    return reports()["table"].render(report)


def test_the_verdict_comes_before_everything_it_stands_on() -> None:
    text = render(make_report())
    order = ["suspect.tar", "!! MALICIOUS", "Layers", "Findings", "SBOM", "Coverage"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_a_finding_shows_where_it_is_and_which_bytes_say_so() -> None:
    text = render(make_report())
    assert "!! critical  miner/monero-client  confidence high" in text
    assert "layer 1  /usr/lib/.x/kworker  (deleted by layer 2)" in text
    assert "0x0002f1c0  stratum+tcp://pool.invalid" in text
    assert "1 critical · 1 high · 1 medium · 1 low" in text


def test_layers_show_size_changes_and_whether_the_digest_was_met() -> None:
    rows = [line.split() for line in render(make_report()).splitlines() if re.match(r"\d  ", line)]
    assert [row[0] for row in rows] == ["0", "1", "2"]
    assert [row[7] for row in rows] == ["yes", "NO", "-"]
    assert rows[1][1:3] == ["7.0", "MB"]


def test_drift_and_coverage_are_told() -> None:
    text = render(make_report())
    for line in (
        "+ socat 1.8  installed by layer 1, not declared",
        "- curl 8.5  declared, not installed",
        "~ musl  declared 1.2.4, found 1.2.5 (layer 1)",
        "! altered  layer 1  /bin/ls  claimed by apk/busybox@1.36.1-r15",
        "? unowned elf  layer 1  /usr/lib/.x/kworker (deleted)",
        "- missing  /usr/bin/curl  claimed by apk/curl@8.5",
        "examined 3 of 4 files, 4.0 kB of 4.1 kB (97.5 %)",
        "! layer 1:/opt/a: the file stopped two workers (100 B not examined)",
    ):
        assert line in text


def test_without_an_sbom_it_says_what_the_comparison_stands_on() -> None:
    report = msgspec.structs.replace(make_report(), sbom=SbomSection(reference="packages"))
    assert "the package databases (no SBOM was declared)" in render(report)


def test_where_nobody_was_asked_the_files_are_only_counted() -> None:
    sbom = SbomSection(reference="none", files=FileDrift(unowned_other=3))
    text = render(msgspec.structs.replace(make_report(), sbom=sbom))
    assert "3 files of nobody" in text


def test_a_long_instruction_gives_way_and_the_numbers_stay() -> None:
    report = make_report()
    layer = msgspec.structs.replace(report.image.layers[1], created_by="RUN " + "x" * 500)
    image = msgspec.structs.replace(report.image, layers=(layer,))
    (row,) = [
        line
        for line in render(msgspec.structs.replace(report, image=image)).splitlines()
        if line.startswith("1  ")
    ]
    assert row.split()[:8] == ["1", "7.0", "MB", "299", "299", "1", "0", "NO"]
    assert row.endswith("…")
    assert len(row) <= 80


def test_nothing_found_reads_as_nothing_found() -> None:
    text = render(make_report(findings=(), issues=(), level="clean"))
    assert "· CLEAN" in text
    assert "Findings  none" in text


def test_almost_everything_examined_is_not_rounded_to_everything() -> None:
    coverage = msgspec.structs.replace(make_report().coverage, bytes=10**9, examined_bytes=10**9 - 1)
    assert "(99.9 %)" in render(msgspec.structs.replace(make_report(), coverage=coverage))


def coverage_of(*issues: Issue) -> str:
    text = render(make_report(issues=issues))
    return text[text.index("Coverage") :]


def lost(subject: str, lost_bytes: int, *, stage: str = "layer", code: str = "truncated") -> Issue:
    return Issue(stage=stage, code=code, subject=subject, message="it is cut", lost_bytes=lost_bytes)


def test_what_is_missing_is_told_as_a_least_and_the_layers_are_named() -> None:
    incomplete = lost("layer 3", 900, stage="source", code="layer-incomplete")
    text = coverage_of(incomplete, lost("layer 3", 1), lost("layer 0:/a", 2_000), lost("layer 3:/b", 5))
    assert "examined 3 of at least 4 files, 4.0 kB of at least 4.1 kB (at most 97.5 %)" in text
    assert "Not all of the image was examined: not all of layers 0, 3 is there or could be read." in text
    assert "! layer 0:/a: it is cut (at least 2.0 kB not examined)" in text
    assert "! layer 3: it is cut (1 B or more not examined)" in text


def test_a_part_of_unknown_size_leaves_no_share_to_be_told() -> None:
    text = coverage_of(lost("layer 3", 1), lost("layer 2", 900, stage="source", code="layer-incomplete"))
    assert "4.0 kB of at least 4.1 kB (how much is missing is not known)" in text
    assert "%" not in text


def test_where_no_layer_is_named_the_costliest_issue_says_what_is_missing() -> None:
    text = coverage_of(
        lost("/etc", 1, stage="source", code="unreadable"),
        lost("/x\x1b", 70, stage="source", code="unreadable"),
    )
    assert "Not all of the image was examined: /x\\x1b: it is cut." in text


def test_what_costs_nothing_or_one_file_alone_is_no_missing_part() -> None:
    text = coverage_of(lost("layer 1", 0), lost("layer 1:/opt/a", 100, stage="examine"))
    assert "Not all of the image" not in text
    assert "at least" not in text


@pytest.mark.parametrize("count", [25, 26, 3000])
def test_long_lists_are_cut_and_say_so(count: int) -> None:
    findings = tuple(make_finding(severity=Severity.INFO, path=f"/f{n}") for n in range(count))
    issues = tuple(Issue(stage="layer", code="x", subject=f"s{n}", message="m") for n in range(count))
    report = make_report(findings=findings, issues=issues)
    unowned = tuple(UnownedFile(layer=0, path=f"/u{n}", state="visible", kind="elf") for n in range(count))
    files = msgspec.structs.replace(report.sbom.files, unowned=unowned)
    report = msgspec.structs.replace(report, sbom=msgspec.structs.replace(report.sbom, files=files))
    text = render(report)
    assert text.count(f"and {count - 25:,} more") == (3 if count > 25 else 0)
    assert len(text.splitlines()) < 120


def test_findings_that_need_attention_are_never_cut() -> None:
    findings = tuple(make_finding(severity=Severity.MEDIUM, path=f"/f{n}/") for n in range(60))
    text = render(make_report(findings=findings))
    assert all(f"/f{n}/" in text for n in range(60))


def test_piped_text_has_no_control_bytes_and_tables_fit_80_columns() -> None:
    text = render(make_report())
    lines = text.split("\n")
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    headed = text[text.index("Layers") : text.index("Findings")].splitlines()
    assert max(map(len, headed)) <= 80


def test_a_path_is_never_cut_in_two() -> None:
    path = "/" + "/".join(["directory"] * 30)
    assert path in render(make_report(findings=(make_finding(path=path),)))


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = render(make_report())
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "20", "TTY_COMPATIBLE": "1", "NO_COLOR": ""}.items():
        monkeypatch.setenv(name, value)
    assert render(make_report()) == plain


HOSTILE = "\x1b]52;c;eA==\x07\x9b[/foo][red]:smile:\u202e\udcff"


@pytest.mark.parametrize("forced", [False, True])
def test_hostile_text_is_neither_obeyed_nor_read_as_markup(forced: bool) -> None:
    finding = make_finding(path=f"/{HOSTILE}", title=HOSTILE)
    report = make_report(findings=(finding, *FINDINGS), issues=())
    image = msgspec.structs.replace(
        report.image,
        reference=HOSTILE,
        tags=(HOSTILE,),
        layers=(msgspec.structs.replace(report.image.layers[0], created_by=HOSTILE),),
    )
    file = io.StringIO()
    console = Console(file=file, force_terminal=forced, color_system="auto", width=300)
    REPORT.show(msgspec.structs.replace(report, image=image), console)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\\x1b]52;c;eA==\\x07\\x9b[/foo][red]:smile:\\u202e\\xff") >= 5
    assert forced is ("\x1b[" in file.getvalue())
