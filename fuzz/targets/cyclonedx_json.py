"""CycloneDX documents."""

from __future__ import annotations

import json
from collections.abc import Iterator

from forensics.errors import ParseError
from forensics.sbom._reading import read_sbom
from fuzz._promises import MOST, check_issues, is_absolute
from fuzz._target import Target
from fuzz._vary import vary_json

_SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"


def run(data: bytes) -> None:
    """Names can be shown, files have absolute paths and digests that this program computes."""
    sbom = read_sbom(data, "x")
    assert sbom == read_sbom(data, "x")
    check_issues(sbom.issues)
    assert sum(issue.lost_bytes for issue in sbom.issues) < MOST
    assert sbom.spec_version.isprintable()
    for component in sbom.components:
        texts = (component.name, component.version, component.type, component.purl, component.ref)
        assert all(text.isprintable() for text in (*texts, *component.licenses)), component
    for file in sbom.files:
        assert is_absolute(file.path), file
        for digest in file.digests:
            algorithm, _, value = digest.partition(":")
            assert len(value) == {"md5": 32, "sha1": 40, "sha256": 64}[algorithm]


def seeds() -> Iterator[bytes]:
    """A document with everything that is read."""
    inner = {"type": "library", "name": "inner", "purl": "pkg:npm/inner@1"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": {"type": "container", "name": "x", "components": [inner]}},
        "components": [
            {
                "type": "library",
                "name": "musl",
                "version": "1.2.5",
                "bom-ref": "r1",
                "purl": "pkg:apk/alpine/musl@1.2.5?arch=x86_64",
                "licenses": [{"license": {"id": "MIT"}}, {"expression": "MIT OR ISC"}],
                "properties": [{"name": "syft:package:type", "value": "apk"}],
                "components": [inner],
            },
            {
                "type": "file",
                "name": "/opt/a",
                "hashes": [{"alg": "SHA-256", "content": _SHA256}],
                "evidence": {"occurrences": [{"location": "/opt/b"}]},
            },
        ],
    }
    yield json.dumps(document).encode()
    yield json.dumps({**document, "specVersion": "1.9", "components": None}).encode()


TARGET = Target(
    id="cyclonedx_json", run=run, allowed=(ParseError,), seeds=seeds, vary=vary_json, longest=16384
)
