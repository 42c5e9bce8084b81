"""SPDX documents, good and broken ones."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from forensics.errors import ParseError
from forensics.model.sbom import DeclaredFile, DeclaredSbom
from forensics.sbom import read_sbom

SHA1 = "cd" * 20


def read(**document: Any) -> DeclaredSbom:
    return read_sbom(json.dumps({"spdxVersion": "SPDX-2.3", **document}).encode(), "here")


def purl(locator: str, category: str = "PACKAGE-MANAGER") -> dict[str, str]:
    return {"referenceCategory": category, "referenceType": "purl", "referenceLocator": locator}


def file(name: str, digest: str = SHA1) -> dict[str, Any]:
    return {"fileName": name, "SPDXID": "F", "checksums": [{"algorithm": "SHA1", "checksumValue": digest}]}


@pytest.mark.parametrize("version", ["2.2", "2.3"])
def test_packages_and_files(version: str) -> None:
    package = {
        "name": "musl",
        "SPDXID": "SPDXRef-musl",
        "versionInfo": "1.2.5-r0",
        "licenseDeclared": "MIT",
        "filesAnalyzed": False,
        "externalRefs": [
            {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:musl"},
            purl("pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64"),
        ],
    }
    sbom = read(
        spdxVersion=f"SPDX-{version}", packages=[package], files=[file("lib/ld.so")], relationships=[]
    )
    assert (sbom.format, sbom.spec_version) == ("spdx", version)
    (component,) = sbom.components
    assert (component.name, component.version, component.type) == ("musl", "1.2.5-r0", "apk")
    assert (component.ref, component.licenses) == ("SPDXRef-musl", ("MIT",))
    assert sbom.files == (DeclaredFile(path="/lib/ld.so", digests=("sha1:" + SHA1,)),)


def test_file_names_are_relative_to_the_root_however_they_are_written() -> None:
    names = ["bin/a", "./bin/b", "/bin/c", "//bin/../d", "../../e"]
    assert [f.path for f in read(files=[file(name) for name in names]).files] == [
        "/bin/a",
        "/bin/b",
        "/bin/c",
        "/d",
        "/e",
    ]


def test_a_checksum_of_zeros_stands_for_none() -> None:
    assert read(files=[file("x", "0" * 40)]).files[0].digests == ()


def test_of_several_package_urls_the_installed_packages_counts() -> None:
    refs = [purl("pkg:github/eggert/tz@2024b", "PACKAGE_MANAGER"), purl("pkg:apk/wolfi/tzdata@2024b-r0")]
    (component,) = read(packages=[{"name": "tzdata", "externalRefs": refs}]).components
    assert component.purl == "pkg:apk/wolfi/tzdata@2024b-r0"


def test_the_package_that_is_the_image_itself_is_no_component() -> None:
    packages = [
        {"name": "image", "primaryPackagePurpose": "CONTAINER"},
        {"name": "image", "externalRefs": [purl("pkg:oci/image@sha256:ab")]},
        {"name": "debian", "primaryPackagePurpose": "OPERATING-SYSTEM"},
        {"name": "plain", "licenseDeclared": "NOASSERTION"},
    ]
    found = read(packages=packages).components
    assert [(component.name, component.type) for component in found] == [
        ("debian", "operating-system"),
        ("plain", "package"),
    ]
    assert found[1].licenses == ()


def test_broken_packages_and_files_are_lost_alone() -> None:
    sbom = read(
        packages=[{"versionInfo": "1"}, {"name": "ok"}, 7],
        files=[{"fileName": None}, file("ok"), {"fileName": "x", "checksums": [{"algorithm": "SHA1"}]}],
    )
    assert [component.name for component in sbom.components] == ["ok"]
    assert [declared.path for declared in sbom.files] == ["/ok"]
    assert [issue.message for issue in sbom.issues] == [
        "2 files could not be read",
        "2 packages could not be read",
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"spdxVersion": "SPDX-3.0"},
        {"spdxVersion": "SPDX-2.3", "packages": {}},
        {"spdxVersion": "SPDX-2.3", "files": "x"},
    ],
)
def test_a_document_that_cannot_be_read_as_a_whole_raises(document: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        read_sbom(json.dumps(document).encode(), "here")


def test_tag_value_documents_are_told_apart_from_json() -> None:
    with pytest.raises(ParseError):
        read_sbom(b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "here")


def test_a_large_document_is_read_in_about_a_second() -> None:
    files = [file(f"usr/lib/node_modules/package-{number}/index.js") for number in range(30_000)]
    content = json.dumps({"spdxVersion": "SPDX-2.3", "files": files, "comment": "x" * 10**7}).encode()
    start = time.process_time()
    assert len(read_sbom(content, "here").files) == 30_000
    assert time.process_time() - start < 3
