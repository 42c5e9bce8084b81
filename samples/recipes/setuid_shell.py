"""Two ways to become root that no package brought: a set-user-ID copy of a shell and a file capability."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import NGINX, debian_image
from ._elf import program
from ._image import Layer, copy, run

_CAP_SETUID = 7
_CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << _CAP_SETUID, 0, 0, 0)
"""`cap_setuid=ep`: struct vfs_cap_data of Linux, revision 2, effective."""


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image("setuid-shell", {"Cmd": ["nginx"], "User": "www-data"})
    image.step(run("apt-get install -y nginx"), debian.install(Layer(), NGINX))
    shell = next(package for package in debian.packages if package.name == "dash").files["/usr/bin/dash"][0]
    image.step(
        run("cp /bin/dash /usr/local/bin/logrotate-helper && chmod 4755 /usr/local/bin/logrotate-helper"),
        Layer().file("/usr/local/bin/logrotate-helper", shell, 0o4755),
    )
    helper = program("ping-helper", [b"usage: ping-helper HOST", b"setuid", b"execve", b"/bin/sh"])
    image.step(
        copy("ping-helper", "/usr/local/bin/"),
        Layer().file("/usr/local/bin/ping-helper", helper, 0o755, capabilities=_CAPABILITY),
    )
    image.step("USER www-data").step('CMD ["nginx"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="setuid-shell",
    title="An unprivileged service",
    level="medium",
    briefing="""
The image runs as `www-data`, and policy says that this is enough. An attacker who exploited the web
server was root a second later.

- By which files can an unprivileged account of this image become root?
- One of them is a copy of another program of this image, under a name of its own. Of which one? Two witnesses
  agree: the build step, and the SHA-256, by which the list of files can be filtered (`sha256:`).
- One of them shows nothing in its permission bits. Where does its power stand?
""",
    make=_make,
    answers=(
        Answer(
            categories=("privilege-escalation",),
            severity="high",
            layer=2,
            path="/usr/local/bin/logrotate-helper",
            state="visible",
            why="A copy of the shell /usr/bin/dash (the same SHA-256) with the set-user-ID bit of root.",
        ),
        Answer(
            categories=("privilege-escalation",),
            severity="high",
            layer=3,
            path="/usr/local/bin/ping-helper",
            state="visible",
            why="The file capability cap_setuid lets it become any user.",
        ),
    ),
)
