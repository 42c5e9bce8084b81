"""The control: a web server image with nothing to find."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Recipe

from ._debian import NGINX, debian_image
from ._fakes import INERT
from ._image import Layer, copy, run
from ._sbom import spdx

_ENTRYPOINT = f"""#!/bin/sh
{INERT}
set -e
exec "$@"
"""


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image(
        "clean-web",
        {
            "Entrypoint": ["/docker-entrypoint.sh"],
            "Cmd": ["nginx", "-g", "daemon off;"],
            "ExposedPorts": {"80/tcp": {}},
        },
    )
    image.step(run("apt-get install -y nginx"), debian.install(Layer(), NGINX))
    site = Layer().file("/var/www/html/index.html", "<!DOCTYPE html><title>Timetable</title>\n")
    image.step(copy("site/", "/var/www/html/"), site)
    image.step(copy("docker-entrypoint.sh", "/"), Layer().file("/docker-entrypoint.sh", _ENTRYPOINT, 0o755))
    image.step("EXPOSE map[80/tcp:{}]").step('ENTRYPOINT ["/docker-entrypoint.sh"]')
    image.step('CMD ["nginx" "-g" "daemon off;"]')
    return {
        ".tar": image.oci_archive(["gzip", "gzip", "zstd", "zstd"]),
        ".spdx.json": spdx(image.tag, debian.packages),
    }


RECIPE = Recipe(
    id="clean-web",
    title="Nothing to see here",
    level="easy",
    briefing="""
A web server image of a public transport company, with its SBOM beside it. The auditors want a
written statement.

- Is there anything in the image that nobody declared?
- Does every installed file agree with what its package says?
- How sure can you be, and of which part of the image?
""",
    make=_make,
    ceiling="low",
)
