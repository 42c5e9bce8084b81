"""CycloneDX documents, good and broken ones; good ones written by the CycloneDX library."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Written
from cyclonedx.model.component import ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from forensics.errors import ParseError
from forensics.model.sbom import DeclaredFile, DeclaredSbom
from forensics.sbom import read_sbom

SHA256 = "ab" * 32
VERSIONS = [
    SchemaVersion.V1_2,
    SchemaVersion.V1_3,
    SchemaVersion.V1_4,
    SchemaVersion.V1_5,
    SchemaVersion.V1_6,
    SchemaVersion.V1_7,
]


def read(**document: Any) -> DeclaredSbom:
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.6", **document}
    return read_sbom(json.dumps(whole).encode(), "here")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_library_writes_is_read_back(version: SchemaVersion) -> None:
    url = PackageURL("deb", "debian", "libc6", "2.36-9+deb12u4", {"arch": "amd64"})
    inner = Written(name="inner", version="2", type=ComponentType.LIBRARY)
    package = Written(name="libc6", version="2.36-9+deb12u4", purl=url, bom_ref="c6", components=[inner])
    file = Written(
        name="/usr/bin/x",
        type=ComponentType.FILE,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=SHA256)],
    )
    text = make_outputter(Bom(components=[package, file]), OutputFormat.JSON, version).output_as_string()
    sbom = read_sbom(text.encode(), "here")
    assert (sbom.format, sbom.spec_version, sbom.scope) == ("cyclonedx", version.to_version(), "image")
    assert sbom.files == (DeclaredFile(path="/usr/bin/x", digests=("sha256:" + SHA256,)),)
    found = {component.name: component for component in sbom.components}
    assert (found["libc6"].type, found["libc6"].purl) == ("deb", url.to_string())
    assert found["inner"].version == "2"
    assert sbom.issues == ()


def test_components_within_components_and_within_the_subject_are_found() -> None:
    nested = {"type": "library", "name": "a", "components": [{"type": "library", "name": "b"}]}
    subject = {"type": "container", "name": "image", "components": [{"type": "library", "name": "c"}]}
    sbom = read(components=[nested], metadata={"component": subject})
    assert [component.name for component in sbom.components] == ["a", "b", "c"]


def test_the_type_is_the_purls_then_syfts_then_the_components_own() -> None:
    properties = [{"name": "syft:package:type", "value": "deb"}]
    sbom = read(
        components=[
            {"type": "library", "name": "a", "purl": "pkg:NPM/a@1", "properties": properties},
            {"type": "library", "name": "b", "properties": properties},
            {"type": "operating-system", "name": "c"},
        ]
    )
    assert [component.type for component in sbom.components] == ["npm", "deb", "operating-system"]


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "library"},
        {"name": 7},
        {"name": "x", "version": 1},
        {"name": "x", "purl": ["pkg:deb/x"]},
        {"name": "x", "hashes": "none"},
        "a text",
        None,
        [],
    ],
)
def test_one_broken_component_is_lost_alone(broken: object) -> None:
    sbom = read(components=[{"name": "before"}, broken, {"name": "after"}])
    assert [component.name for component in sbom.components] == ["before", "after"]
    (issue,) = sbom.issues
    assert (issue.stage, issue.code, issue.subject) == ("sbom", "not-parsed", "here")
    assert issue.lost_bytes == len(json.dumps(broken))


def test_a_text_that_is_not_utf8_costs_its_component() -> None:
    content = b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"\xff"},{"name":"ok"}]}'
    sbom = read_sbom(content, "here")
    assert [component.name for component in sbom.components] == ["ok"]
    assert len(sbom.issues) == 1


def test_files_need_a_folder_in_their_name_or_a_place_where_they_were_seen() -> None:
    sha1 = {"alg": "SHA-1", "content": "cd" * 20}
    sbom = read(
        components=[
            {"type": "file", "name": "x.jar", "hashes": [sha1]},
            {"type": "file", "name": "usr/lib/./x.so", "hashes": [sha1]},
            {
                "type": "file",
                "name": "y",
                "hashes": [sha1],
                "evidence": {"occurrences": [{"location": "/opt/y"}, {"location": "/srv/y"}]},
            },
        ]
    )
    assert [file.path for file in sbom.files] == ["/usr/lib/x.so", "/opt/y", "/srv/y"]
    assert {file.digests for file in sbom.files} == {("sha1:" + "cd" * 20,)}


def test_digests_that_cannot_be_compared_are_left_out() -> None:
    hashes = [
        {"alg": "SHA-512", "content": "00" * 64},
        {"alg": "SHA-256", "content": "xyz"},
        {"alg": "SHA-1", "content": "0" * 40},
        {"alg": "MD5", "content": "AB" * 16},
    ]
    sbom = read(components=[{"type": "file", "name": "/x", "hashes": hashes}])
    assert sbom.files[0].digests == ("md5:" + "ab" * 16,)


def test_components_nested_without_end_are_cut_and_reported() -> None:
    component: dict[str, Any] = {"name": "deepest"}
    for level in range(60):
        component = {"name": f"level {level}", "components": [component]}
    sbom = read(components=[component])
    assert len(sbom.components) == 32
    assert "nested too deeply" in sbom.issues[0].message
    assert sbom.issues[0].lost_bytes > 0


def test_texts_are_made_printable() -> None:
    sbom = read(
        components=[{"name": "a\x1b]52;", "version": "\u202e1", "licenses": [{"expression": "\x07"}]}]
    )
    (component,) = sbom.components
    assert (component.name, component.version) == ("a\\x1b]52;", "\\u202e1")
    assert component.licenses == ("\\x07",)


def test_a_version_to_come_is_read_and_reported() -> None:
    sbom = read(specVersion="1.9", components=[{"name": "x"}])
    assert len(sbom.components) == 1
    assert sbom.issues[0].code == "unknown-version"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"[]",
        b'{"bomFormat":"CycloneDX"}',
        b'{"bomFormat":"CycloneDX","specVersion":"2.0"}',
        b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":{}}',
        b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[' + b"[" * 100_000,
        b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]} and more',
    ],
)
def test_a_document_that_is_broken_as_a_whole_raises(document: bytes) -> None:
    with pytest.raises(ParseError):
        read_sbom(document, "here")
