"""What SBOMs are signed and shipped in: sigstore bundles, DSSE envelopes, in-toto statements."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from forensics.errors import ParseError
from forensics.sbom._envelope import unwrap
from fuzz._target import Target
from fuzz._vary import vary_json
from fuzz.targets.cyclonedx_json import seeds as documents


def run(data: bytes) -> None:
    """What is inside is smaller than what it came in, and its subject is a digest or nothing."""
    found = unwrap(data)
    assert found == unwrap(data)
    assert len(found.content) <= len(data)
    assert found.predicate_type.isprintable()
    algorithm, _, digest = found.subject.partition(":")
    assert not found.subject or len(digest) == {"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]


def seeds() -> Iterator[bytes]:
    """Each wrapping, and one within another."""
    for document in documents():
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "x", "digest": {"sha256": "ab" * 32}}],
            "predicateType": "https://cyclonedx.org/bom",
            "predicate": json.loads(document),
        }
        text = json.dumps(statement)
        envelope = {"payloadType": "application/vnd.in-toto+json", "signatures": []}
        envelope["payload"] = base64.b64encode(text.encode()).decode()
        yield text.encode()
        yield json.dumps(envelope).encode()
        yield json.dumps(
            {"mediaType": "application/vnd.dev.sigstore.bundle", "dsseEnvelope": envelope}
        ).encode()
    yield json.dumps({**statement, "predicate": "SPDXVersion: SPDX-2.3\n"}).encode()


TARGET = Target(id="envelope", run=run, allowed=(ParseError,), seeds=seeds, vary=vary_json, longest=16384)
