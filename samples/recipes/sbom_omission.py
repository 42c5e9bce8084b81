"""An image whose SBOM leaves out one of its packages."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._alpine import CA_CERTIFICATES, CADDY, SOCAT, alpine_image
from ._image import Layer, copy, run
from ._sbom import cyclonedx, spdx


def _make() -> Mapping[str, bytes]:
    image, alpine = alpine_image("sbom-omission", {"Cmd": ["caddy", "run"], "ExposedPorts": {"80/tcp": {}}})
    image.step(
        run("apk add --no-cache ca-certificates-bundle caddy"),
        alpine.install(Layer(), CA_CERTIFICATES, CADDY),
    )
    declared = tuple(alpine.packages)
    image.step(run("apk add --no-cache socat"), alpine.install(Layer(), SOCAT))
    document = Layer().file("/usr/share/sbom/image.spdx.json", spdx(image.tag, declared))
    image.step(copy("image.spdx.json", "/usr/share/sbom/"), document)
    image.step("EXPOSE map[80/tcp:{}]").step('CMD ["caddy" "run"]')
    return {
        ".tar": image.oci_archive(["gzip", "zstd", "gzip", ""]),
        ".cdx.json": cyclonedx(image.tag, declared),
    }


RECIPE = Recipe(
    id="sbom-omission",
    title="One package more than promised",
    level="medium",
    briefing="""
A supplier delivers this image with an SBOM, once inside the image (SPDX) and once beside it
(CycloneDX). Purchasing wants to know whether the list is complete before the image goes into
production.

- Does the SBOM name every package that is installed?
- Which layer brought what it does not name, and which files belong to it?
- What could the missing entry be good for?
""",
    make=_make,
    answers=(
        Answer(
            categories=("sbom-drift",),
            severity="medium",
            layer=2,
            rules=("sbom/undeclared-package",),
            why="socat is installed by layer 2 and stands in neither SBOM.",
        ),
    ),
)
