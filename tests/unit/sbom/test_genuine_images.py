"""Genuine images of the corpus: their packages account for everything the distribution put there."""

from __future__ import annotations

import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

import pytest

from forensics.inventory import catalog
from forensics.layers import ImageView
from forensics.model.packages import Inventory
from forensics.model.sbom import DeclaredSbom, FileStatus, Reconciliation
from forensics.pipeline import Options, Session
from forensics.sbom import Reconciler, discover, reconcile
from tests.layered_images import GONE, facts_of, layer_tar, open_archive, open_layers

pytestmark = pytest.mark.corpus

NPM = "snyk-docker-plugin__npm_npm-without-lockfiles_"
ALPINES = {
    "snyk-docker-plugin__containerd-archives_alpine.tar": 14,
    "trivy__alpine-310.tar.gz": 14,
    f"{NPM}npm7-with-node-modules-only.tar": 15,
    f"{NPM}npm7-with-package-lock-file.tar": 15,
    f"{NPM}npm7-without-package-lock-file.tar": 15,
    f"{NPM}yarn-with-node-modules-only.tar": 15,
    f"{NPM}yarn-without-lock-file.tar": 15,
    "snyk-docker-plugin__pnpm_pnpmlockv6.tar": 15,
}
WITHOUT_DATABASE = (
    "jib__busybox-docker.tar",
    "dive__test-docker-image.tar",
    "snyk-docker-plugin__containerd-archives_busybox.amd64.tar",
)
TRIMMED_DEBIANS = {
    "snyk-docker-plugin__docker-archives_docker-save_nginx.tar": 84,
    "snyk-docker-plugin__docker-archives_docker-save_dockergoof.tar": 381,
}
WOLFI = "chainguard-dev+malcontent__pkg_action_testdata_static.tar.xz"
SYSTEM = ("/bin/", "/sbin/", "/lib", "/usr/", "/etc/", "/var/", "/root/")


def judged(
    view: ImageView,
) -> tuple[Inventory, tuple[DeclaredSbom, ...], Reconciliation, dict[FileStatus, list[str]]]:
    inventory = catalog(view)
    sboms, issues = discover(view, ())
    assert issues == ()
    result = reconcile(
        view, inventory, sboms, facts_of(view, Reconciler(view, inventory, sboms).wanted_digests())
    )
    paths: dict[FileStatus, list[str]] = {status: [] for status in FileStatus}
    for version in view.all_versions():
        if version.key in result.verdicts:
            paths[result.verdicts[version.key].status].append(version.path)
    return inventory, sboms, result, paths


@pytest.mark.parametrize(("archive", "packages"), ALPINES.items())
def test_alpine_explains_all_of_its_own_files(corpus: Path, archive: str, packages: int) -> None:
    with open_archive(corpus / "images" / archive) as view:
        inventory, _, result, paths = judged(view)
    assert len(inventory.packages) == packages
    assert inventory.distribution == "alpine"
    assert inventory.issues == result.issues == ()
    assert result.missing == ()
    assert paths[FileStatus.ALTERED] == []
    assert [path for path in paths[FileStatus.UNOWNED] if path.startswith(SYSTEM)] == []
    assert len(paths[FileStatus.GENERATED]) > 300


def test_the_account_files_alpine_changes_itself_are_changed_configuration(corpus: Path) -> None:
    with open_archive(corpus / "images" / f"{NPM}npm7-with-package-lock-file.tar") as view:
        _, _, result, _ = judged(view)
        changed = {
            v.path for v in view.all_versions() if v.key in result.verdicts and result.verdicts[v.key].config
        }
    assert changed == {"/etc/shadow"}


@pytest.mark.parametrize("archive", WITHOUT_DATABASE)
def test_without_a_database_nothing_is_excused(corpus: Path, archive: str) -> None:
    with open_archive(corpus / "images" / archive) as view:
        inventory, _, result, paths = judged(view)
    assert inventory.packages == ()
    assert result.reference == "none"
    assert len(paths[FileStatus.UNOWNED]) == len(result.verdicts) > 400


@pytest.mark.parametrize(("archive", "packages"), TRIMMED_DEBIANS.items())
def test_a_debian_of_which_most_files_were_cut_away(corpus: Path, archive: str, packages: int) -> None:
    with open_archive(corpus / "images" / archive) as view:
        inventory, _, result, paths = judged(view)
    assert len(inventory.packages) == packages
    assert paths[FileStatus.ALTERED] == []
    assert len(result.missing) > 50


def test_wolfi_has_one_document_a_package_and_they_agree(corpus: Path) -> None:
    with open_layers([corpus / "edge-layers" / WOLFI]) as view:
        inventory, sboms, result, paths = judged(view)
    assert {sbom.scope for sbom in sboms} == {"distribution"}
    assert len(sboms) == len(inventory.packages) == result.drift.matched == 3
    assert (result.drift.undeclared, result.drift.absent, result.drift.version_changed) == ((), (), ())
    assert result.reference == "sbom"
    assert paths[FileStatus.ALTERED] == paths[FileStatus.UNDECLARED_PACKAGE] == []
    assert paths[FileStatus.UNOWNED] == ["/etc/apk/keys/wolfi-signing.rsa.pub"]


SBOM_FOLDER = "/var/lib/db/sbom"
TZDATA = f"{SBOM_FOLDER}/tzdata-2024b-r0.spdx.json"


@pytest.fixture(scope="module")
def wolfi_tar(corpus: Path) -> bytes:
    return lzma.decompress((corpus / "edge-layers" / WOLFI).read_bytes())


@pytest.fixture(scope="module")
def tzdata_document(wolfi_tar: bytes) -> dict[str, Any]:
    with open_layers([wolfi_tar]) as view:
        version = view.visible(TZDATA)
        assert version is not None
        document: dict[str, Any] = json.loads(view.read(version))
    return document


@pytest.mark.parametrize("form", ["tar", "folder"])
def test_wolfi_as_a_root_file_system(wolfi_tar: bytes, form: str, tmp_path: Path) -> None:
    place = tmp_path / "root.tar"
    place.write_bytes(wolfi_tar)
    if form == "folder":
        with tarfile.open(place) as archive:
            archive.extractall(tmp_path / "root", filter="tar")
        place = tmp_path / "root"
    with Session(f"rootfs:{place}", Options(cache=False, jobs=1)) as session:
        report = session.analyze()
    packages, files = report.sbom.packages, report.sbom.files
    assert sorted(declared.origin for declared in report.sbom.declared) == [
        f"layer 0:{SBOM_FOLDER}/{name}.spdx.json"
        for name in (
            "ca-certificates-bundle-20240705-r0",
            "tzdata-2024b-r0",
            "wolfi-baselayout-20230201-r15",
        )
    ]
    assert packages.matched == 3
    assert (packages.undeclared, packages.absent, packages.version_changed) == ((), (), ())
    assert (files.package, files.generated, files.unowned_other) == (1222, 8, 1)
    assert (files.declared, files.altered, files.undeclared_package) == (0, (), ())
    assert (files.unowned, files.missing) == ((), ())
    assert report.coverage.issues == ()
    assert report.verdict.level == "clean"


def test_a_package_whose_document_was_deleted_is_undeclared(wolfi_tar: bytes) -> None:
    with open_layers([wolfi_tar, layer_tar({TZDATA: GONE})]) as view:
        _, sboms, result, paths = judged(view)
    assert len(sboms) == 2
    assert [package.name for package in result.drift.undeclared] == ["tzdata"]
    assert (result.drift.matched, result.drift.absent, result.drift.version_changed) == (2, (), ())
    assert len(paths[FileStatus.UNDECLARED_PACKAGE]) == 1200
    assert [missing.path for missing in result.missing] == [TZDATA]


def test_a_document_of_another_version_is_a_version_change(
    wolfi_tar: bytes, tzdata_document: dict[str, Any]
) -> None:
    changed = json.loads(json.dumps(tzdata_document).replace("2024b-r0", "2023c-r1"))
    with open_layers([wolfi_tar, layer_tar({TZDATA: json.dumps(changed)})]) as view:
        _, _, result, paths = judged(view)
    assert [(one.name, one.declared, one.found) for one in result.drift.version_changed] == [
        ("tzdata", "2023c-r1", "2024b-r0")
    ]
    assert (result.drift.matched, result.drift.undeclared, result.drift.absent) == (2, (), ())
    assert paths[FileStatus.ALTERED] == [TZDATA], "the document itself is a file of the package"


def test_a_document_of_what_is_not_installed_is_absent(
    wolfi_tar: bytes, tzdata_document: dict[str, Any]
) -> None:
    other = json.loads(json.dumps(tzdata_document).replace("tzdata", "curl"))
    with open_layers([wolfi_tar, layer_tar({f"{SBOM_FOLDER}/curl.spdx.json": json.dumps(other)})]) as view:
        _, _, result, paths = judged(view)
    assert [component.name for component in result.drift.absent] == ["curl"]
    assert (result.drift.matched, result.drift.undeclared, result.drift.version_changed) == (3, (), ())
    assert f"{SBOM_FOLDER}/curl.spdx.json" in paths[FileStatus.UNOWNED]
