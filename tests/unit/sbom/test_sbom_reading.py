"""What an SBOM may be wrapped in, and documents that are none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from forensics.errors import ParseError
from forensics.limits import Limits
from forensics.sbom import UnknownFormat, read_sbom, sbom_formats

DIGEST = "ab" * 32
BOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "x", "type": "library"}]}


def statement(predicate: object = BOM, digests: object = None) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "image", "digest": digests or {"sha256": DIGEST}}],
        "predicateType": "https://cyclonedx.org/bom",
        "predicate": predicate,
    }


def envelope(document: object) -> dict[str, Any]:
    payload = base64.b64encode(json.dumps(document).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"sig": ""}]}


def bundle(document: object) -> dict[str, Any]:
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": envelope(document)}


@pytest.mark.parametrize("wrap", [statement, lambda: envelope(statement()), lambda: bundle(statement())])
def test_an_sbom_comes_out_of_its_wrapping(wrap: Any) -> None:
    sbom = read_sbom(json.dumps(wrap()).encode(), "there")
    assert [component.name for component in sbom.components] == ["x"]
    assert sbom.subject == f"sha256:{DIGEST}"


def test_a_bare_document_is_about_nothing_in_particular() -> None:
    assert read_sbom(json.dumps(BOM).encode(), "there").subject == ""


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert read_sbom(b"\xef\xbb\xbf" + json.dumps(BOM).encode(), "there").format == "cyclonedx"


@pytest.mark.parametrize("digests", [{"sha256": "short"}, {"sha256": "zz" * 32}, {"gitCommit": "ab" * 20}])
def test_a_subject_that_is_no_image_digest_is_none(digests: dict[str, str]) -> None:
    assert read_sbom(json.dumps(statement(digests=digests)).encode(), "there").subject == ""


@pytest.mark.parametrize(
    "document",
    [
        {"payloadType": "application/vnd.in-toto+json", "payload": "not base64!"},
        {"payloadType": "x", "payload": 7},
        {**statement(), "predicateType": 1},
        {**statement(), "subject": "x"},
    ],
)
def test_a_broken_wrapping_raises(document: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        read_sbom(json.dumps(document).encode(), "there")


def test_envelopes_in_envelopes_have_an_end() -> None:
    document: object = statement()
    for _ in range(6):
        document = envelope(document)
    with pytest.raises(ParseError, match="too many envelopes"):
        read_sbom(json.dumps(document).encode(), "there")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"bomFormat": "Other"},
        {"spdxVersion": 2},
        {**statement({"buildType": "x"}), "predicateType": "https://slsa.dev/provenance/v1"},
        {**statement("SPDXVersion: SPDX-2.3"), "predicateType": "https://spdx.dev/Document"},
    ],
)
def test_a_document_of_another_kind_is_told_apart_from_a_broken_one(document: dict[str, Any]) -> None:
    with pytest.raises(UnknownFormat):
        read_sbom(json.dumps(document).encode(), "there")


def test_a_document_beyond_the_limit_is_not_read() -> None:
    with pytest.raises(ParseError, match="larger than the limit"):
        read_sbom(json.dumps(BOM).encode(), "there", Limits(sbom_bytes=10))


def test_the_formats() -> None:
    assert [sbom_format.id for sbom_format in sbom_formats()] == ["cyclonedx_json", "spdx_json"]
