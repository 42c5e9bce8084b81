"""Manifests and indexes as a registry gives them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from forensics.digests import is_digest
from forensics.errors import ImageNotOpened
from forensics.sources._issues import IssueLog
from forensics.sources._pulled_documents import PulledDocument
from fuzz._promises import check_issues
from fuzz._target import Target
from fuzz._vary import vary_json

_TYPES = (
    "",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def run(data: bytes) -> None:
    """It is an index or a manifest, what it leads to has a digest, and refusals are one plain sentence."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    for media_type in _TYPES:
        issues = IssueLog()
        try:
            document = PulledDocument(data, digest, media_type, issues, verified=True)
        except ImageNotOpened as error:
            assert error.message.isprintable()
            continue
        assert document.kind.isprintable()
        assert 0 <= document.config.size < 1 << 63
        for listed in document.listed():
            assert is_digest(listed.descriptor.digest)
            assert not listed.attests or listed.descriptor.annotations
            assert isinstance(listed.may_be_an_image or listed.is_index, bool)
        for part in document.parts():
            assert is_digest(part.descriptor.digest)
            assert 0 <= part.descriptor.size < 1 << 63
        check_issues(issues.collected())


def seeds() -> Iterator[bytes]:
    """An index of two platforms and an attestation, a manifest with a foreign layer, an old one."""
    digest = "sha256:" + "ab" * 32
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 5}
    attested = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest}
    yield json.dumps(
        {
            "schemaVersion": 2,
            "manifests": [
                {**entry, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
                {**entry, "annotations": attested, "platform": {"os": "unknown", "architecture": "unknown"}},
                {**entry, "artifactType": "application/spdx+json"},
            ],
        }
    ).encode()
    layer = {"digest": digest, "size": 7, "urls": ["https://a.invalid/layer"]}
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": digest, "size": 9}
    yield json.dumps({"schemaVersion": 2, "config": config, "layers": [layer], "artifactType": "x"}).encode()
    yield json.dumps({"schemaVersion": 1, "fsLayers": []}).encode()


TARGET = Target(id="pulled_document", run=run, seeds=seeds, vary=vary_json, longest=8192)
