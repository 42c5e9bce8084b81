"""SBOMs that Syft writes of real images: no drift as they are, and exactly what was changed in them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packageurl import PackageURL

from forensics.inventory import catalog
from forensics.layers import ImageView
from forensics.model.facts import FileFacts
from forensics.model.packages import Inventory
from forensics.model.report import PackageDriftReport
from forensics.model.sbom import FileStatus, Reconciliation
from forensics.pipeline import Options, Session
from forensics.sbom import Reconciler, read_sbom, reconcile
from tests.debian_images import debian_rootfs, docker_archive
from tests.layered_images import facts_of, open_archive

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]

CORPUS_IMAGES = (
    "snyk-docker-plugin__containerd-archives_alpine.tar",
    "trivy__alpine-310.tar.gz",
    "snyk-docker-plugin__npm_npm-without-lockfiles_npm7-with-node-modules-only.tar",
)
FORMATS = ("cyclonedx-json", "spdx-json")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("syft")


@cache
def sboms_of(syft: str, archive: Path) -> dict[str, bytes]:
    """What Syft writes of the archive, offline, by format."""
    outputs = {name: archive.with_suffix(f".{name}") for name in FORMATS}
    arguments = [word for name, path in outputs.items() for word in ("-o", f"{name}={path}")]
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    subprocess.run(
        [syft, "scan", f"docker-archive:{archive}", "-q", *arguments],
        check=True,
        env=environment,
        timeout=600,
    )
    return {name: path.read_bytes() for name, path in outputs.items()}


@dataclass
class Sample:
    """One image: the view, its packages, and Syft's SBOMs of it."""

    view: ImageView
    inventory: Inventory
    sboms: dict[str, bytes]
    facts: dict[str, FileFacts]
    archive: Path

    def compare(self, document: bytes) -> Reconciliation:
        sbom = read_sbom(document, "--sbom syft")
        assert sbom.issues == ()
        return reconcile(self.view, self.inventory, (sbom,), self.facts)


@pytest.fixture(scope="module", params=[*CORPUS_IMAGES, "debian"])
def sample(request: pytest.FixtureRequest, folder: Path) -> Iterator[Sample]:
    tool: Callable[[str], str] = request.getfixturevalue("tool")
    beside = Path(sys.executable).with_name("syft")
    syft = str(beside) if beside.exists() else tool("syft")
    if request.param == "debian":
        archive = docker_archive(debian_rootfs(tool("mmdebstrap"), folder), folder / "debian-image.tar")
    else:
        archive = plain_copy(request.getfixturevalue("corpus") / "images" / request.param, folder)
    with open_archive(archive) as view:
        inventory = catalog(view)
        sboms = sboms_of(syft, archive)
        declared = tuple(read_sbom(text, name) for name, text in sboms.items())
        facts = facts_of(view, Reconciler(view, inventory, declared).wanted_digests())
        yield Sample(view, inventory, sboms, facts, archive)


def plain_copy(archive: Path, folder: Path) -> Path:
    """The archive without gzip around it, which Syft does not look through."""
    target = folder / archive.name.removesuffix(".gz")
    opener = gzip.open if archive.read_bytes()[:2] == b"\x1f\x8b" else Path.open
    with opener(archive, "rb") as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    return target


def packages_of(document: Document) -> list[Document]:
    """The entries of an SBOM that stand for packages of the distribution."""
    entries = document.get("components") or document.get("packages") or []
    return [entry for entry in entries if purl_of(entry).startswith(("pkg:apk/", "pkg:deb/"))]


def purl_of(entry: Document) -> str:
    references = [ref for ref in entry.get("externalRefs", ()) if ref["referenceType"] == "purl"]
    return str(references[0]["referenceLocator"] if references else entry.get("purl", ""))


def set_version(entry: Document, version: str) -> None:
    """Write another version into an entry, in its purl as well."""
    url = PackageURL.from_string(purl_of(entry))
    changed = PackageURL(url.type, url.namespace, url.name, version, url.qualifiers).to_string()
    if "externalRefs" in entry:
        entry["versionInfo"] = version
        for reference in entry["externalRefs"]:
            if reference["referenceType"] == "purl":
                reference["referenceLocator"] = changed
    else:
        entry["version"], entry["purl"] = version, changed


def drift_of(result: Reconciliation) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    return (
        [package.name for package in result.drift.undeclared],
        [component.name for component in result.drift.absent],
        [(change.name, change.declared) for change in result.drift.version_changed],
    )


def test_the_packages_are_those_that_syft_finds(sample: Sample) -> None:
    theirs = {
        PackageURL.from_string(purl_of(entry)) for entry in packages_of(json.loads(sample.sboms[FORMATS[0]]))
    }
    assert {PackageURL.from_string(package.purl) for package in sample.inventory.packages} == theirs
    assert len(theirs) > 10


@pytest.mark.parametrize("form", FORMATS)
def test_an_sbom_of_the_same_image_gives_no_drift(sample: Sample, form: str) -> None:
    result = sample.compare(sample.sboms[form])
    assert drift_of(result) == ([], [], [])
    assert result.drift.matched == len(sample.inventory.packages)
    assert {issue.code for issue in result.issues} <= {"not-compared"}
    statuses = {verdict.status for verdict in result.verdicts.values()}
    assert not statuses & {FileStatus.ALTERED, FileStatus.UNDECLARED_PACKAGE, FileStatus.MISSING}


def test_the_files_that_syft_declares_are_there_with_their_digests(sample: Sample) -> None:
    sbom = read_sbom(sample.sboms["spdx-json"], "syft")
    result = sample.compare(sample.sboms["spdx-json"])
    declared = [verdict for verdict in result.verdicts.values() if verdict.status is FileStatus.DECLARED]
    assert len(declared) == len({file.path for file in sbom.files if file.digests})
    assert not [missing for missing in result.missing if missing.claimed_by.startswith("--sbom")]


@pytest.mark.parametrize("form", FORMATS)
def test_a_removed_component_is_undeclared_and_so_are_its_files(sample: Sample, form: str) -> None:
    document = json.loads(sample.sboms[form])
    chosen = packages_of(document)[2]
    document["components" if "components" in document else "packages"].remove(chosen)
    document.pop("files", None)
    result = sample.compare(json.dumps(document).encode())
    assert drift_of(result) == ([chosen["name"]], [], [])
    owners = {
        verdict.claimed_by
        for verdict in result.verdicts.values()
        if verdict.status is FileStatus.UNDECLARED_PACKAGE
    }
    assert len(owners) == 1
    assert owners.pop().partition("@")[0].endswith(f"/{chosen['name']}")


@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_version_is_told_with_both_versions(sample: Sample, form: str) -> None:
    document = json.loads(sample.sboms[form])
    chosen = packages_of(document)[4]
    set_version(chosen, "0.0.1-r9")
    result = sample.compare(json.dumps(document).encode())
    assert drift_of(result) == ([], [], [(chosen["name"], "0.0.1-r9")])


@pytest.mark.parametrize("form", FORMATS)
def test_an_added_component_is_absent(sample: Sample, form: str) -> None:
    document = json.loads(sample.sboms[form])
    extra = json.loads(json.dumps(packages_of(document)[0]))
    url = PackageURL.from_string(purl_of(extra))
    purl = PackageURL(url.type, url.namespace, "added-by-hand", "9.9-r9").to_string()
    extra["name"] = "added-by-hand"
    if "externalRefs" in extra:
        extra["externalRefs"] = [{"referenceType": "purl", "referenceLocator": purl}]
        extra["versionInfo"] = "9.9-r9"
    else:
        extra["purl"], extra["version"] = purl, "9.9-r9"
    document["components" if "components" in document else "packages"].append(extra)
    assert drift_of(sample.compare(json.dumps(document).encode())) == ([], ["added-by-hand"], [])


@pytest.mark.parametrize("form", FORMATS)
def test_each_package_left_out_in_turn_is_the_only_drift(sample: Sample, form: str) -> None:
    document = json.loads(sample.sboms[form])
    document.pop("files", None)
    key = "components" if "components" in document else "packages"
    entries = document[key]
    for chosen in packages_of(document)[:: 1 if len(sample.inventory.packages) < 20 else 12]:
        document[key] = [entry for entry in entries if entry is not chosen]
        result = sample.compare(json.dumps(document).encode())
        assert drift_of(result) == ([chosen["name"]], [], [])
        assert result.drift.matched == len(sample.inventory.packages) - 1


@pytest.mark.parametrize("form", FORMATS)
def test_the_whole_analysis_tells_the_same_drift(sample: Sample, form: str, tmp_path: Path) -> None:
    document = json.loads(sample.sboms[form])
    first, second = packages_of(document)[:2]
    set_version(first, "0.0.1-r9")
    document["components" if "components" in document else "packages"].remove(second)
    document.pop("files", None)
    given, edited = tmp_path / "given.json", tmp_path / "edited.json"
    given.write_bytes(sample.sboms[form])
    edited.write_text(json.dumps(document))
    agreeing, drifted = analysed(sample.archive, given), analysed(sample.archive, edited)
    assert (agreeing.undeclared, agreeing.absent, agreeing.version_changed) == ((), (), ())
    assert agreeing.matched == len(sample.inventory.packages)
    assert [package.name for package in drifted.undeclared] == [second["name"]]
    assert [(change.name, change.declared) for change in drifted.version_changed] == [
        (first["name"], "0.0.1-r9")
    ]
    assert drifted.absent == ()


def analysed(archive: Path, sbom: Path) -> PackageDriftReport:
    """What `forensics scan --sbom` reports of the packages."""
    with Session(str(archive), Options(sbom=(sbom,), cache=False)) as session:
        return session.analyze().sbom.packages
