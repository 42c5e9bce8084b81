"""Genuine images give exactly the findings that `docs/calibration.md` defends, and no program of nobody.

The tables of the document are what is compared with, so that the two cannot drift apart.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from forensics.errors import ForensicsError
from forensics.model.findings import Severity
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from tests.debian_images import debian_rootfs, docker_archive

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"
CORPUS = Path(os.environ.get("FORENSICS_CORPUS", "nowhere")) / "images"
SERVER = ("python3", "openssh-server", "nginx-light", "cron", "sudo")
DEBIANS: dict[str, tuple[str, ...]] = {"Debian, minbase": (), "Debian, server": SERVER}
NO_REFERENCE = "ownership/no-reference"
UNOWNED = ("ownership/unowned-binary", "ownership/unowned-script")
BY_HEART = {
    "snyk-docker-plugin__oci-archives_nginx.tar",
    "snyk-docker-plugin__oci-archives_oci-with-manifest.tar",
}
"""Archives of a distribution whose os-release was trimmed away, so that the corpus does not name it."""


def table(heading: str) -> list[list[str]]:
    """The cells of the only table below a heading of the document, without its first row."""
    (section,) = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


IMAGES = {row[0]: row for row in table("Images of the corpus")}
OTHERS = {row[0]: row for row in table("Other images")}


def kept(image: str) -> list[tuple[str, ...]]:
    """Rule, severity, layer and path of what the document says is kept for an image."""
    return sorted(tuple(row[1:5]) for row in table("Findings that are kept") if row[0] == image)


def loud(report: Report) -> list[tuple[str, ...]]:
    """The same of what was found at medium or above."""
    return sorted(
        (
            finding.rule_id,
            str(finding.severity),
            "-" if finding.layer is None else str(finding.layer),
            finding.path or "-",
        )
        for finding in report.findings
        if finding.severity.rank >= Severity.MEDIUM.rank
    )


def unexplained(report: Report, image: str) -> list[str]:
    """Programs of nobody that the document does not name as brought by no package."""
    named = [row[1] for row in table("Programs that no package brought") if row[0] == image]
    folders = tuple(path for path in named if path.endswith("/"))
    found = [file.path for file in report.sbom.files.unowned]
    return [path for path in found if path not in named and not path.startswith(folders)]


@cache
def scanned(archive: Path) -> Report:
    with Session(str(archive), Options(cache=False)) as session:
        return session.analyze()


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.glob("*.tar*")))
def test_the_findings_are_those_that_are_defended(name: str, corpus: Path) -> None:
    try:
        report = scanned(corpus / "images" / name)
    except ForensicsError:
        assert name not in IMAGES  # several images, or none: the tests of the corpus say which
        return
    assert loud(report) == kept(name)


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(IMAGES))
def test_the_row_of_an_image_says_what_was_measured(name: str, corpus: Path) -> None:
    report = scanned(corpus / "images" / name)
    counts = Counter(str(finding.severity) for finding in report.findings)
    measured = [
        name,
        report.image.distribution or "-",
        str(len(report.packages)),
        str(report.coverage.files),
        report.verdict.level,
        *(str(counts[severity]) for severity in ("critical", "high", "medium", "low", "info")),
    ]
    assert IMAGES[name] == measured


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(IMAGES))
def test_no_program_of_the_distribution_is_unowned(name: str, corpus: Path) -> None:
    report = scanned(corpus / "images" / name)
    told = Counter(finding.rule_id for finding in report.findings)
    if report.sbom.reference == "none":
        assert report.packages == ()
        assert [told[rule] for rule in UNOWNED] == [0, 0]
        assert report.sbom.files.unowned == ()
        programs = [file for file in report.files if file.type in ("elf", "script")]
        assert told[NO_REFERENCE] == (1 if programs else 0)
    else:
        assert unexplained(report, name) == []
        assert told[NO_REFERENCE] == 0
        assert report.sbom.files.altered == ()


@pytest.mark.corpus
def test_every_image_with_a_distribution_has_a_row(corpus: Path) -> None:
    index = (corpus / "images" / "INDEX.md").read_text("utf-8")
    named = re.findall(r"^\| (\S+) \|.*\b(?:Alpine|BusyBox|Debian)\b", index, re.MULTILINE)
    assert set(IMAGES) == {*named, *BY_HEART}


def test_what_is_defended_is_of_an_image_that_is_listed_and_has_a_reason() -> None:
    for heading in ("Findings that are kept", "Programs that no package brought"):
        rows = table(heading)
        assert rows
        for row in rows:
            assert row[0] in IMAGES or row[0] in OTHERS or ".tar" in row[0]
            assert len(row[-1]) > 20


@pytest.mark.service
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", sorted(DEBIANS))
def test_a_debian_of_today_is_quiet(name: str, tool: Callable[[str], str], tmp_path: Path) -> None:
    assert name in OTHERS
    rootfs = debian_rootfs(tool("mmdebstrap"), tmp_path, *DEBIANS[name])
    report = scanned(docker_archive(rootfs, tmp_path / "image.tar"))
    assert [found for found in loud(report) if found not in kept(name)] == []
    assert report.verdict.level == "clean"
    assert report.sbom.reference == "packages"
    assert unexplained(report, name) == []
    assert report.sbom.files.altered == ()
    assert report.coverage.examined_bytes == report.coverage.bytes > 100_000_000
