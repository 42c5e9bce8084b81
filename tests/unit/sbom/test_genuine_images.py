"""Genuine images of the corpus: their packages account for everything the distribution put there."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.inventory import catalog
from forensics.layers import ImageView
from forensics.model.packages import Inventory
from forensics.model.sbom import DeclaredSbom, FileStatus, Reconciliation
from forensics.sbom import discover, reconcile, wanted_digests
from tests.layered_images import facts_of, open_archive, open_layers

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
    result = reconcile(view, inventory, sboms, facts_of(view, wanted_digests(view, inventory, sboms)))
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
