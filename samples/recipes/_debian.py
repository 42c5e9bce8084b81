"""A small Debian as its packages would leave it: the database of dpkg, and inert files it owns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._elf import library, program
from ._image import TEMPORARY, ImageRecipe, Layer

VERSION = "13"
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"
BASE_STEP = "# debian.sh --arch 'amd64' out/ 'trixie' '@1736899200'"
SHELL_STEP = 'CMD ["bash"]'


@dataclass(frozen=True)
class DebianPackage:
    """One package: `files` and `links` by path, `conffiles` the paths an administrator may change."""

    name: str
    version: str
    summary: str
    files: Mapping[str, tuple[bytes, int]]
    links: Mapping[str, str] | None = None
    conffiles: Sequence[str] = ()
    depends: str = ""
    section: str = "utils"
    same: bool = False

    @property
    def purl(self) -> str:
        """Its package URL."""
        version = self.version.replace(":", "%3A").replace("+", "%2B")
        return f"pkg:deb/debian/{self.name}@{version}?arch=amd64&distro=debian-{VERSION}"


class Debian:
    """The installed packages so far; every installation writes the database into its layer, as apt does."""

    def __init__(self) -> None:
        self.packages: list[DebianPackage] = []

    def install(self, layer: Layer, *packages: DebianPackage) -> Layer:
        """Unpack packages into a layer and record them."""
        for package in packages:
            self.packages.append(package)
            _unpack(layer, package)
        paragraphs = [_paragraph(package) for package in sorted(self.packages, key=lambda one: one.name)]
        return layer.file("/var/lib/dpkg/status", "\n".join(paragraphs))


def _unpack(layer: Layer, package: DebianPackage) -> None:
    for path, (content, mode) in package.files.items():
        layer.file(path, content, mode)
    for path, target in (package.links or {}).items():
        layer.link(path, target)
    stem = f"/var/lib/dpkg/info/{package.name}" + (":amd64" if package.same else "")
    paths = {*package.files, *(package.links or {})}
    folders = {path[:at] or "/." for path in paths for at, char in enumerate(path) if char == "/"}
    layer.file(f"{stem}.list", "".join(f"{path}\n" for path in sorted(paths | folders)))
    sums = [
        f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  {path[1:]}\n"
        for path, (content, _) in sorted(package.files.items())
        if path not in package.conffiles
    ]
    layer.file(f"{stem}.md5sums", "".join(sums))
    if package.conffiles:
        layer.file(f"{stem}.conffiles", "".join(f"{path}\n" for path in package.conffiles))


def _paragraph(package: DebianPackage) -> str:
    size = max(1, sum(len(content) for content, _ in package.files.values()) // 1024)
    lines = [
        f"Package: {package.name}",
        "Status: install ok installed",
        "Priority: optional",
        f"Section: {package.section}",
        f"Installed-Size: {size}",
        "Maintainer: Training Image Builders <builders@debian.invalid>",
        "Architecture: amd64",
        *(["Multi-Arch: same"] if package.same else []),
        f"Version: {package.version}",
        *([f"Depends: {package.depends}"] if package.depends else []),
        *(["Conffiles:"] if package.conffiles else []),
        *(
            f" {path} {hashlib.md5(package.files[path][0], usedforsecurity=False).hexdigest()}"
            for path in package.conffiles
        ),
        f"Description: {package.summary}",
    ]
    return "\n".join(lines) + "\n"


def _tools(version: str, *names: str) -> dict[str, tuple[bytes, int]]:
    return {
        f"/usr/bin/{name}": (program(name, [name.encode(), version.encode(), b"--help", b"--version"]), 0o755)
        for name in names
    }


_OS_RELEASE = f"""PRETTY_NAME="Debian GNU/Linux {VERSION} (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="{VERSION}"
VERSION="{VERSION} (trixie)"
VERSION_CODENAME=trixie
ID=debian
HOME_URL="https://www.debian.org/"
"""
_ACCOUNTS = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_GROUP = "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\nwww-data:x:33:\nnogroup:x:65534:\n"

_BASE = (
    DebianPackage(
        "base-files",
        "13.8",
        "Debian base system miscellaneous files",
        {
            "/usr/lib/os-release": (_OS_RELEASE.encode(), 0o644),
            "/etc/debian_version": (b"13.0\n", 0o644),
            "/etc/issue": (b"Debian GNU/Linux 13 \\n \\l\n\n", 0o644),
            "/usr/share/base-files/motd": (b"Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY.\n", 0o644),
        },
        links={
            "/etc/os-release": "../usr/lib/os-release",
            "/bin": "usr/bin",
            "/sbin": "usr/sbin",
            "/lib": "usr/lib",
            "/lib64": "usr/lib64",
        },
        conffiles=("/etc/debian_version", "/etc/issue"),
        section="admin",
    ),
    DebianPackage(
        "base-passwd",
        "3.6.7",
        "Debian base system master password and group files",
        {
            "/usr/share/base-passwd/passwd.master": (_ACCOUNTS.encode(), 0o644),
            "/usr/share/base-passwd/group.master": (_GROUP.encode(), 0o644),
        },
        section="admin",
    ),
    DebianPackage(
        "libc6",
        "2.41-12",
        "GNU C Library: Shared libraries",
        {
            f"{_LIBRARIES}/libc.so.6": (
                library("libc.so.6", [b"GNU C Library (Debian GLIBC 2.41-12) stable release version 2.41."]),
                0o755,
            ),
            f"{_LIBRARIES}/ld-linux-x86-64.so.2": (library("ld-linux-x86-64.so.2", [b"ld.so"]), 0o755),
        },
        links={"/usr/lib64/ld-linux-x86-64.so.2": "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"},
        section="libs",
        same=True,
    ),
    DebianPackage(
        "dash", "0.5.12-12", "POSIX-compliant shell", _tools("0.5.12", "dash"), links={"/usr/bin/sh": "dash"},
        depends="libc6 (>= 2.38)", section="shells",
    ),
    DebianPackage(
        "bash", "5.2.37-2", "GNU Bourne Again SHell", _tools("5.2.37", "bash"),
        depends="libc6 (>= 2.38)", section="shells",
    ),
    DebianPackage(
        "coreutils", "9.7-3", "GNU core utilities",
        _tools("9.7", "cat", "cp", "id", "ls", "mv", "rm", "sleep", "uname"),
        depends="libc6 (>= 2.38)",
    ),
    DebianPackage(
        "netbase",
        "6.5",
        "Basic TCP/IP networking system",
        {"/etc/services": (b"ssh\t\t22/tcp\nhttp\t\t80/tcp\nhttps\t\t443/tcp\n", 0o644)},
        conffiles=("/etc/services",),
        section="net",
    ),
)  # fmt: skip

NGINX = DebianPackage(
    "nginx",
    "1.26.3-3",
    "small, powerful, scalable web/proxy server",
    {
        "/usr/sbin/nginx": (
            program("nginx", [b"nginx version: nginx/1.26.3", b"/etc/nginx/nginx.conf"]),
            0o755,
        ),
        "/etc/nginx/nginx.conf": (
            b"user www-data;\nhttp {\n  server { listen 80; root /var/www/html; }\n}\n",
            0o644,
        ),
        "/usr/share/nginx/html/index.html": (b"<!DOCTYPE html><title>Welcome to nginx!</title>\n", 0o644),
    },
    conffiles=("/etc/nginx/nginx.conf",),
    depends="libc6 (>= 2.38)",
    section="httpd",
)
CURL = DebianPackage(
    "curl", "8.14.1-2", "command line tool for transferring data with URL syntax", _tools("8.14.1", "curl"),
    depends="libc6 (>= 2.38)", section="web",
)  # fmt: skip
PYTHON = DebianPackage(
    "python3.13-minimal", "3.13.5-2", "Minimal subset of the Python language", _tools("3.13.5", "python3.13"),
    links={"/usr/bin/python3": "python3.13"}, depends="libc6 (>= 2.38)", section="python",
)  # fmt: skip
CRON = DebianPackage(
    "cron",
    "3.0pl1-197",
    "process scheduling daemon",
    {
        "/usr/sbin/cron": (program("cron", [b"(CRON) STARTUP (fork ok)", b"/etc/cron.d"]), 0o755),
        "/etc/crontab": (
            b"SHELL=/bin/sh\n17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n",
            0o644,
        ),
    },
    conffiles=("/etc/crontab",),
    depends="libc6 (>= 2.38)",
    section="admin",
)
SUDO = DebianPackage(
    "sudo",
    "1.9.16p2-3",
    "Provide limited super user privileges to specific users",
    {
        "/usr/bin/sudo": (program("sudo", [b"sudo: a password is required"]), 0o4755),
        "/etc/sudoers": (
            b"Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
            0o440,
        ),
    },
    conffiles=("/etc/sudoers",),
    depends="libc6 (>= 2.38)",
    section="admin",
)
SSHD_GENUINE = program("sshd", [b"OpenSSH_10.0p2 Debian-7", b"/etc/ssh/sshd_config", b"Accepted %s for %s"])
OPENSSH = DebianPackage(
    "openssh-server",
    "1:10.0p1-7",
    "secure shell (SSH) server, for secure access from remote machines",
    {
        "/usr/sbin/sshd": (SSHD_GENUINE, 0o755),
        "/usr/lib/openssh/sftp-server": (
            program("sftp-server", [b"sftp-server", b"usage: %s [-ehR]"]),
            0o755,
        ),
        "/usr/share/openssh/sshd_config": (b"Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n", 0o644),
    },
    depends="libc6 (>= 2.38)",
    section="net",
)


def debian_image(name: str, config: Mapping[str, object]) -> tuple[ImageRecipe, Debian]:
    """An image that begins with a Debian base layer, and its package database."""
    debian = Debian()
    layer = debian.install(Layer(), *_BASE)
    layer.file("/var/lib/dpkg/info/format", "1\n")
    layer.file("/etc/passwd", _ACCOUNTS).file("/etc/group", _GROUP)
    layer.folder(TEMPORARY, 0o1777).folder("/root", 0o700).folder("/var/log").folder("/usr/local/bin")
    settings = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], **config}
    image = ImageRecipe(tag=f"training/{name}:1.0", config=settings)
    return image.step(BASE_STEP, layer).step(SHELL_STEP), debian
