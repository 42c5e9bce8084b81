"""Images that nobody tampered with: every finding at medium or above stands in the calibration's table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.errors import ForensicsError
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from tests.debian_images import debian_rootfs, docker_archive

TABLE = Path(__file__).parents[2] / "docs" / "calibration.md"
RULES, LAYERS = 1, 2
MEDIUM = 2
BY_HAND = ("/goof/",)
"""Where the npm and yarn projects were copied to: that is no package of the distribution."""
SERVICES = ("python3", "openssh-server", "nginx-light", "cron", "sudo")


def table() -> dict[str, Counter[tuple[str, str]]]:
    """(rule, layer or `·`) of the findings that are defended, by archive."""
    defended: dict[str, Counter[tuple[str, str]]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > LAYERS and ".tar" in cells[0]:
            found = defended.setdefault(cells[0], Counter())
            found.update((cells[RULES], layer) for layer in cells[LAYERS].split())
    return defended


def analysed(archive: Path) -> Report:
    with Session(str(archive), Options(cache=False)) as session:
        return session.analyze()


def loud(report: Report) -> Counter[tuple[str, str]]:
    return Counter(
        (finding.rule_id, "·" if finding.layer is None else str(finding.layer))
        for finding in report.findings
        if finding.severity.rank >= MEDIUM
    )


@pytest.fixture(scope="module")
def reports(corpus: Path) -> dict[str, Report]:
    """A report of every archive that holds one image."""
    found = {}
    for archive in sorted((corpus / "images").glob("*.tar*")):
        try:
            found[archive.name] = analysed(archive)
        except ForensicsError:
            continue  # several images, or none: the corpus test says which
    return found


@pytest.mark.corpus
@pytest.mark.timeout(600)
def test_what_is_found_is_what_is_defended(reports: dict[str, Report]) -> None:
    assert len(reports) > 40
    found = {name: loud(report) for name, report in reports.items() if loud(report)}
    assert found == table()


@pytest.mark.corpus
@pytest.mark.timeout(600)
def test_no_program_of_a_distribution_with_packages_is_unowned(reports: dict[str, Report]) -> None:
    checked = {name: report for name, report in reports.items() if report.packages}
    assert len(checked) > 10
    unowned = {
        f"{name}: {file.path}"
        for name, report in checked.items()
        for file in report.sbom.files.unowned
        if not file.path.startswith(BY_HAND)
    }
    assert unowned == set()


@pytest.mark.service
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("packages", [(), SERVICES], ids=["minbase", "services"])
def test_a_fresh_debian_has_nothing_to_explain(
    packages: tuple[str, ...], tmp_path: Path, tool: Callable[[str], str]
) -> None:
    rootfs = debian_rootfs(tool("mmdebstrap"), tmp_path, *packages)
    report = analysed(docker_archive(rootfs, tmp_path / "debian.tar"))
    assert loud(report) == Counter()
    assert report.verdict.level == "clean"
    assert len(report.packages) > 50
    assert [file.path for file in report.sbom.files.unowned] == []
