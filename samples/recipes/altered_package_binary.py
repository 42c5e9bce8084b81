"""A packaged program that a later layer replaces, while the package database vouches for the old one."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import OPENSSH, debian_image
from ._elf import program
from ._fakes import INERT
from ._image import Layer, copy, run

_ALTERED = program(
    "sshd",
    [
        b"OpenSSH_10.0p2 Debian-7",
        b"/etc/ssh/sshd_config",
        b"Accepted %s for %s",
        b"auth_password_hook",
        b"/usr/share/zoneinfo/.UTC-cache",
        b"%s:%s@%s\n",
    ],
)
_START = f"#!/bin/sh\n{INERT}\nexec /usr/sbin/sshd -D -e\n"


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image(
        "altered-package-binary", {"Cmd": ["/usr/local/bin/start"], "ExposedPorts": {"22/tcp": {}}}
    )
    image.step(
        run("apt-get update && apt-get install -y openssh-server && rm -rf /var/lib/apt/lists/*"),
        debian.install(Layer(), OPENSSH),
    )
    image.step(copy("start", "/usr/local/bin/"), Layer().file("/usr/local/bin/start", _START, 0o755))
    image.step(copy("overlay/", "/"), Layer().file("/usr/sbin/sshd", _ALTERED, 0o755))
    image.step("EXPOSE map[22/tcp:{}]").step('CMD ["/usr/local/bin/start"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="altered-package-binary",
    title="The jump host with a second door",
    level="easy",
    briefing="""
Somebody logs in to jump hosts made of this image with accounts whose passwords were changed an hour
before. Every installed package is the distribution's current one, says the inventory.

- Are the installed packages really what they claim to be?
- Which file is not what its package installed, and when did it change?
- What did the file look like before?
""",
    make=_make,
    answers=(
        Answer(
            categories=("integrity", "backdoor"),
            severity="high",
            layer=3,
            path="/usr/sbin/sshd",
            state="visible",
            why="The package openssh-server has another MD5 for this path; the genuine one lies in layer 1.",
        ),
    ),
)
