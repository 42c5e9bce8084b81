"""Archive forensics on the real corpus: silent on every intact archive, and the odd ones are found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.detectors import Needs, Scene, detect
from forensics.errors import ForensicsError
from forensics.layers import ImageView, index_layer
from forensics.limits import Limits
from forensics.model.findings import Category, Finding, Severity
from forensics.sources import open_image
from forensics.spool import Spool

pytestmark = pytest.mark.corpus

_ODD = re.compile(r"HAND-TRIMMED|BROKEN|NEGATIVE|does NOT match|all_layers|tar at root|_tar_at_root")
_MOST_IMAGES = 48


def anomalies(path: Path) -> Iterator[Finding]:
    """What the archive's form gives in findings, for each of its images, nothing of the files examined."""
    with Spool() as spool:
        for number in range(_MOST_IMAGES):
            try:
                opened = open_image(str(path), spool=spool, image=number)
            except ForensicsError:
                return
            with opened:
                image = opened.image
                layers = [index_layer(layer, spool.new_file(), limits=Limits()) for layer in image.layers]
                view = ImageView(layers, leftovers=image.leftovers)
                scene = Scene(image=image, rules={}, view=view)
                found = [one for needs in Needs for one in detect(scene, needs)]
            yield from (
                one
                for one in found
                if one.category in (Category.ARCHIVE_ANOMALY, Category.INTEGRITY)
                and one.severity.rank >= Severity.LOW.rank
            )


def intact(corpus: Path) -> list[str]:
    rows = (line.split("|") for line in (corpus / "images" / "INDEX.md").read_text().splitlines())
    named = [(cells[1].strip(), "|".join(cells)) for cells in rows if len(cells) > 10]
    files = [name for name, row in named if name.endswith((".tar", ".gz")) and not _ODD.search(row)]
    assert len(files) >= 35
    return files


def test_no_intact_archive_of_the_corpus_has_an_anomaly(corpus: Path) -> None:
    told = {
        name: [(one.rule_id, one.title) for one in anomalies(corpus / "images" / name)]
        for name in intact(corpus)
    }
    assert {name: found for name, found in told.items() if found} == {}


@pytest.mark.parametrize(
    ("name", "rule", "severity", "words"),
    [
        (
            "container-inspector__repos_imagesv11_with_tar_at_root.tar",
            "archive/unreferenced-content",
            "medium",
            "/layer.tar",
        ),
        (
            "snyk-docker-plugin__docker-archives_docker-save_nginx.tar",
            "archive/unreferenced-content",
            "medium",
            "/VERSION",
        ),
        (
            "snyk-docker-plugin__docker-archives_docker-save_dockergoof.tar",
            "integrity/documents-disagree",
            "medium",
            "repositories",
        ),
        (
            "snyk-docker-plugin__oci-archives_alpine-3.12.0.tar",
            "archive/unreferenced-content",
            "low",
            ".DS_Store",
        ),
        (
            "snyk-docker-plugin__docker-archives_docker-save_java.tar",
            "archive/file-from-the-future",
            "low",
            "the newest time of the image is 2020-03-24",
        ),
        ("container-inspector__repos_images.tar.gz", "archive/malformed", "medium", "no tar"),
        ("container-inspector__repos_images.tar.gz", "archive/hidden-bytes", "low", "Mon Oct 12"),
        (
            "ggcr__mutate_source_image_with_empty_layer_history.tar",
            "integrity/digest-mismatch",
            "high",
            "image configuration",
        ),
    ],
)
def test_real_oddities_are_found(corpus: Path, name: str, rule: str, severity: str, words: str) -> None:
    found = [one for one in anomalies(corpus / "images" / name) if one.rule_id == rule]
    assert any(
        str(one.severity) == severity and words in " ".join(piece.text for piece in one.evidence)
        for one in found
    )
