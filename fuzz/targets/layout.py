r"""An OCI layout in memory: the input is its documents, one behind another, parted by `\n--\n`.

The first is `index.json`. The others are blobs; `@1` in a document stands for the digest of the second one,
`@2` for that of the third, so that changed documents still lead to one another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from forensics.errors import ForensicsError, ImageNotOpened
from forensics.limits import Limits
from forensics.model.image import Blob
from forensics.sources._evidence import Evidence
from forensics.sources._issues import IssueLog
from forensics.sources._layout import Layout
from forensics.sources._oci_image import candidates_of
from fuzz._memory import in_memory
from fuzz._promises import check_issues
from fuzz._target import Target
from fuzz._vary import vary_json, vary_parts
from fuzz.targets.document import configuration

_SEPARATOR = b"\n--\n"
_MOST_BLOBS = 9
_LIMITS = Limits(manifests=40, index_depth=4, json_bytes=64 * 1024)


class MemoryEvidence(Evidence):
    """Names and where their bytes lie in one file."""

    def __init__(self, places: dict[str, Blob]) -> None:
        super().__init__("memory", IssueLog())
        self._places = places

    def find(self, name: str) -> Blob | None:
        return self._places.get(name)

    def refusal(self) -> ImageNotOpened:
        return ImageNotOpened("no image")

    def close(self) -> None:
        """Nothing was opened."""


def run(data: bytes) -> None:
    """Every image can be listed and loaded, and what was met is said within bounds."""
    documents = data.split(_SEPARATOR)[: 1 + _MOST_BLOBS]
    names = {}
    for number in range(len(documents) - 1, 0, -1):
        for later, digest in names.items():
            documents[number] = documents[number].replace(b"@%d" % later, digest)
        names[number] = b"sha256:" + hashlib.sha256(documents[number]).hexdigest().encode()
    for later, digest in names.items():
        documents[0] = documents[0].replace(b"@%d" % later, digest)
    with in_memory(b"".join(documents)) as whole:
        places, offset = {}, 0
        for number, document in enumerate(documents):
            name = "blobs/" + names[number].decode().replace(":", "/") if number else "index.json"
            places[name] = Blob(whole.fd, offset, len(document))
            offset += len(document)
        evidence = MemoryEvidence(places)
        layout = Layout(evidence, _LIMITS)
        candidates = candidates_of(layout, "oci_layout", "x")
        assert len(candidates) <= _LIMITS.manifests
        for number, candidate in enumerate(candidates):
            assert candidate.line(number).isprintable()
            image = candidate.load()
            check_issues(image.issues)
            for index, layer in enumerate(image.layers):
                assert layer.index == index
                assert layer.blob is None or 0 <= layer.blob.offset + layer.blob.size <= whole.size
            for attachment in image.attachments:
                assert attachment.blob.offset + attachment.blob.size <= whole.size
        check_issues(evidence.issues.collected())


def seeds() -> Iterator[bytes]:
    """An image, one behind an index with an attestation, and two with the same tag."""
    oci = "application/vnd.oci.image."
    layer = {"mediaType": f"{oci}layer.v1.tar", "digest": "@3", "size": 5}
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{oci}manifest.v1+json",
        "config": {"mediaType": f"{oci}config.v1+json", "digest": "@2", "size": 2},
        "layers": [layer],
        "annotations": {"org.opencontainers.image.base.digest": "@2"},
    }
    told = {"mediaType": f"{oci}manifest.v1+json", "digest": "@1", "size": 9}
    platform = {"architecture": "amd64", "os": "linux", "variant": "v2"}
    named = {"org.opencontainers.image.ref.name": "a:1", "io.containerd.image.name": "docker.io/library/a:1"}
    attested = {"vnd.docker.reference.digest": "@1", "vnd.docker.reference.type": "attestation-manifest"}
    attestation = {
        **manifest,
        "config": {"mediaType": f"{oci}config.v1+json", "digest": "@2"},
        "layers": [{"mediaType": "application/vnd.in-toto+json", "digest": "@3", "annotations": {
            "in-toto.io/predicate-type": "https://spdx.dev/Document"}}],
    }  # fmt: skip
    index = {
        "schemaVersion": 2,
        "mediaType": f"{oci}index.v1+json",
        "manifests": [{**told, "annotations": named}],
    }
    parts = [manifest, configuration()]
    yield _joined(index, *parts) + b"\n--\nlayer"
    twice = {**index, "manifests": [{**told, "platform": platform}, told, {**told, "digest": "@9"}]}
    yield _joined(twice, *parts) + b"\n--\nlayer"
    subject = {**attestation, "subject": told, "artifactType": "application/spdx+json"}
    nested = {
        "manifests": [told, {**told, "digest": "@4", "annotations": attested}, {**told, "digest": "@5"}]
    }
    outer = {"manifests": [{"mediaType": f"{oci}index.v1+json", "digest": "@1"}]}
    inner = json.loads(json.dumps(nested).replace("@1", "@6"))
    yield b"\n--\n".join(
        [_joined(outer, inner, configuration()), b"layer", _joined(attestation, subject, manifest)]
    )
    yield _joined(
        {"manifests": [{"digest": "@1"}], "layers": []}, {"manifests": [{"digest": "@1"}], "layers": [1]}
    )


def _joined(*documents: object) -> bytes:
    return _SEPARATOR.join(json.dumps(document).encode() for document in documents)


TARGET = Target(
    id="layout",
    run=run,
    allowed=(ForensicsError,),
    seeds=seeds,
    vary=vary_parts(_SEPARATOR, vary_json),
    words=(b"@1", b"@2", b"@3", b"@4", _SEPARATOR),
    longest=16384,
)
