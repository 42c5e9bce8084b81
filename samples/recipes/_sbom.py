"""SBOM documents with fixed times and names that follow from their content."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Protocol

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://training-images.invalid/")
_TIME = "2025-01-15T12:00:00Z"


class Named(Protocol):
    """What a document needs of a package."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def purl(self) -> str: ...


def cyclonedx(image: str, packages: Iterable[Named]) -> bytes:
    """A CycloneDX 1.6 JSON document about an image."""
    components = [
        {"type": "library", "bom-ref": one.purl, "name": one.name, "version": one.version, "purl": one.purl}
        for one in packages
    ]
    value = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, image)}",
        "version": 1,
        "metadata": {
            "timestamp": _TIME,
            "component": {"type": "container", "bom-ref": image, "name": image},
        },
        "components": components,
    }
    return json.dumps(value, indent=2).encode() + b"\n"


def spdx(image: str, packages: Iterable[Named]) -> bytes:
    """An SPDX 2.3 JSON document about an image."""
    entries = [
        {
            "SPDXID": f"SPDXRef-Package-{one.name}",
            "name": one.name,
            "versionInfo": one.version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False,
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": one.purl,
                }
            ],
        }
        for one in packages
    ]
    root = {
        "SPDXID": "SPDXRef-Image",
        "name": image,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "CONTAINER",
    }
    relations = [
        {
            "spdxElementId": "SPDXRef-DOCUMENT",
            "relationshipType": "DESCRIBES",
            "relatedSpdxElement": "SPDXRef-Image",
        },
        *(
            {
                "spdxElementId": "SPDXRef-Image",
                "relationshipType": "CONTAINS",
                "relatedSpdxElement": entry["SPDXID"],
            }
            for entry in entries
        ),
    ]
    value = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": image,
        "documentNamespace": f"https://training-images.invalid/{uuid.uuid5(_NAMESPACE, image)}",
        "creationInfo": {"created": _TIME, "creators": ["Tool: training-image-builder"]},
        "packages": [root, *entries],
        "relationships": relations,
    }
    return json.dumps(value, indent=2).encode() + b"\n"
