"""SPDX documents."""

from __future__ import annotations

import json
from collections.abc import Iterator

from forensics.errors import ParseError
from fuzz._target import Target
from fuzz._vary import vary_json
from fuzz.targets.cyclonedx_json import run

_SHA1 = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"


def seeds() -> Iterator[bytes]:
    """A document with everything that is read."""
    purl = {"referenceType": "purl", "referenceLocator": "pkg:deb/debian/bash@5.2?arch=amd64"}
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "packages": [
            {
                "name": "bash",
                "SPDXID": "SPDXRef-1",
                "versionInfo": "5.2",
                "licenseDeclared": "GPL-3.0-or-later",
                "externalRefs": [purl, {**purl, "referenceLocator": "pkg:github/x/y"}],
            },
            {"name": "image", "primaryPackagePurpose": "CONTAINER"},
        ],
        "files": [{"fileName": "./bin/bash", "checksums": [{"algorithm": "SHA1", "checksumValue": _SHA1}]}],
    }
    yield json.dumps(document).encode()
    yield json.dumps({**document, "spdxVersion": "SPDX-2.2", "files": None}).encode()


TARGET = Target(id="spdx_json", run=run, allowed=(ParseError,), seeds=seeds, vary=vary_json, longest=16384)
