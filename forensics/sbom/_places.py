"""The written list of places where images carry SBOMs, and what a document found there may speak of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """What a document in a place may describe.

    `DISTRIBUTION`: one document a package, together all packages. `IMAGE`: the whole image, if the document
    says so itself or lists distribution packages. `PRODUCT`: what lies in its own folder and below, no more.
    """

    DISTRIBUTION = "distribution"
    IMAGE = "image"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Place:
    """`paths` is a regular expression over the whole path. `certain` is false where the name is so common
    that a document which is no SBOM is nothing to speak of.
    """

    paths: str
    reach: Reach
    reason: str
    certain: bool = True


PLACES: tuple[Place, ...] = (
    Place(
        r"/var/lib/db/sbom/[^/]+\.json",
        Reach.DISTRIBUTION,
        "melange and apko: one SPDX document for each apk package",
    ),
    Place(
        r"/(?:[^/]+\.)?(?:spdx|cdx|cyclonedx)\.json",
        Reach.IMAGE,
        "a document at the root of the file system, named by its format",
    ),
    Place(
        r"/s?bom[^/]*\.json",
        Reach.IMAGE,
        "a document at the root of the file system, named for what it is",
        certain=False,
    ),
    Place(
        r"/(?:\.?sbom|etc/sbom|opt/sbom|var/lib/sbom|usr/(?:local/)?(?:share|lib)/sbom)/.+\.json",
        Reach.IMAGE,
        "a folder that is there for SBOMs (the usual target of build tools that embed one)",
        certain=False,
    ),
    Place(
        r"/.+/\.spdx-[^/]+\.spdx",
        Reach.PRODUCT,
        "Bitnami: SPDX in JSON beside each component, in spite of the ending",
    ),
    Place(
        r"/.+/(?:[^/]+\.)?(?:spdx|cdx|cyclonedx)\.json",
        Reach.PRODUCT,
        "a document beside the product it describes (buildpacks, Python's dist-info/sboms, npm)",
    ),
    Place(
        r"/.+/s?bom\.json|/.+\.dist-info/sboms/[^/]+\.json",
        Reach.PRODUCT,
        "the default output names of CycloneDX's build plugins",
        certain=False,
    ),
)

_COMPILED = tuple((place, re.compile(place.paths, re.DOTALL)) for place in PLACES)


def place_of(path: str) -> Place | None:
    """The first place in the list that `path` is in, None when it is in none."""
    if not path.endswith((".json", ".spdx")):
        return None
    return next((place for place, paths in _COMPILED if paths.fullmatch(path)), None)
