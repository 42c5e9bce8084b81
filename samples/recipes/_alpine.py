"""A small Alpine as its packages would leave it: the database of apk, and inert files it owns."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._elf import library, program
from ._fakes import noise
from ._image import TEMPORARY, ImageRecipe, Layer

VERSION = "3.22.1"


@dataclass(frozen=True)
class AlpinePackage:
    """One package: files by path with their mode, links by path."""

    name: str
    version: str
    summary: str
    files: Mapping[str, tuple[bytes, int]]
    links: Mapping[str, str] = field(default_factory=dict)
    license: str = "MIT"

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:apk/alpine/{self.name}@{self.version}?arch=x86_64&distro=alpine-{VERSION}"


class Alpine:
    """The installed packages so far; every installation writes the database into its layer, as apk does."""

    def __init__(self, database: str) -> None:
        self.packages: list[AlpinePackage] = []
        self._database = database

    def install(self, layer: Layer, *packages: AlpinePackage) -> Layer:
        """Unpack packages into a layer and record them."""
        for package in packages:
            self.packages.append(package)
            for path, (content, mode) in package.files.items():
                layer.file(path, content, mode)
            for path, target in package.links.items():
                layer.link(path, target)
        layer.file("/etc/apk/world", "".join(f"{one.name}\n" for one in self.packages))
        return layer.file(self._database, "".join(_record(one) for one in self.packages))


def _record(package: AlpinePackage) -> str:
    size = sum(len(content) for content, _ in package.files.values())
    lines = [
        f"C:{_checksum(noise(package.name + package.version, 64))}",
        f"P:{package.name}",
        f"V:{package.version}",
        "A:x86_64",
        f"S:{size}",
        f"I:{size}",
        f"T:{package.summary}",
        "U:https://alpinelinux.org/",
        f"L:{package.license}",
        f"o:{package.name}",
        "m:Training Image Builders <builders@alpine.invalid>",
        "t:1736899200",
    ]
    folder = None
    for path in sorted({*package.files, *package.links}, key=lambda one: one.rpartition("/")[::2]):
        here, _, name = path.removeprefix("/").rpartition("/")
        if here != folder:
            lines.append(f"F:{here}")
            folder = here
        lines.append(f"R:{name}")
        if path in package.links:
            lines += ["a:0:0:777", f"Z:{_checksum(package.links[path].encode())}"]
            continue
        content, mode = package.files[path]
        lines += ([f"a:0:0:{mode:o}"] if mode != 0o644 else []) + [f"Z:{_checksum(content)}"]
    return "\n".join(lines) + "\n\n"


def _checksum(content: bytes) -> str:
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    return "Q1" + base64.b64encode(digest).decode()


_OS_RELEASE = f"""NAME="Alpine Linux"
ID=alpine
VERSION_ID={VERSION}
PRETTY_NAME="Alpine Linux v3.22"
HOME_URL="https://alpinelinux.org/"
"""
_ACCOUNTS = """root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/sbin/nologin
"""
_APPLETS = ("ash", "cat", "chmod", "cp", "crond", "ls", "mkdir", "rm", "sh", "sleep", "uname", "wget")

_BASE = (
    AlpinePackage(
        "alpine-baselayout",
        "3.7.0-r0",
        "Alpine base dir structure and init scripts",
        {
            "/etc/hosts": (b"127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost\n", 0o644),
            "/etc/passwd": (_ACCOUNTS.encode(), 0o644),
            "/etc/group": (b"root:x:0:root\nnobody:x:65534:\n", 0o644),
        },
        license="GPL-2.0-only",
    ),
    AlpinePackage(
        "alpine-release",
        f"{VERSION}-r0",
        "Alpine release data",
        {
            "/etc/alpine-release": (f"{VERSION}\n".encode(), 0o644),
            "/usr/lib/os-release": (_OS_RELEASE.encode(), 0o644),
        },
        links={"/etc/os-release": "../usr/lib/os-release"},
    ),
    AlpinePackage(
        "musl",
        "1.2.5-r10",
        "the musl c library (libc) implementation",
        {"/lib/ld-musl-x86_64.so.1": (library("ld-musl-x86_64.so.1", [b"musl libc (x86_64)"]), 0o755)},
        links={"/lib/libc.musl-x86_64.so.1": "ld-musl-x86_64.so.1"},
    ),
    AlpinePackage(
        "busybox",
        "1.37.0-r18",
        "Size optimized toolbox of many common UNIX utilities",
        {"/bin/busybox": (program("busybox", [b"BusyBox v1.37.0 (2025-01-15) multi-call binary."]), 0o755)},
        links={"/bin/sh": "/bin/busybox"},
        license="GPL-2.0-only",
    ),
    AlpinePackage(
        "apk-tools",
        "2.14.9-r2",
        "Alpine Package Keeper - package manager for alpine",
        {"/sbin/apk": (program("apk", [b"apk-tools 2.14.9, compiled for x86_64."]), 0o755)},
        license="GPL-2.0-only",
    ),
)  # fmt: skip
CA_CERTIFICATES = AlpinePackage(
    "ca-certificates-bundle",
    "20250619-r0",
    "Pre generated bundle of Mozilla certificates",
    {"/etc/ssl/certs/ca-certificates.crt": (b"# An empty bundle: this is a training image.\n", 0o644)},
    license="MPL-2.0 AND MIT",
)
CADDY = AlpinePackage(
    "caddy",
    "2.10.0-r2",
    "Fast, multi-platform web server with automatic HTTPS",
    {
        "/usr/sbin/caddy": (program("caddy", [b"caddy v2.10.0", b"/etc/caddy/Caddyfile"]), 0o755),
        "/etc/caddy/Caddyfile": (b":80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n", 0o644),
    },
    license="Apache-2.0",
)
SOCAT = AlpinePackage(
    "socat",
    "1.8.0.3-r0",
    "Multipurpose relay for binary protocols",
    {
        "/usr/bin/socat": (
            program("socat", [b"socat by Gerhard Rieger and contributors", b"TCP4-LISTEN"]),
            0o755,
        )
    },
    license="GPL-2.0-only",
)


def alpine_image(
    name: str, config: Mapping[str, object], database: str = "/lib/apk/db/installed"
) -> tuple[ImageRecipe, Alpine]:
    """An image that begins with an Alpine base layer, and its package database."""
    alpine = Alpine(database)
    layer = alpine.install(Layer(), *_BASE)
    for applet in _APPLETS:
        if applet != "sh":
            layer.link(f"/bin/{applet}", "/bin/busybox")
    layer.folder(TEMPORARY, 0o1777).folder("/root", 0o700).folder("/usr/local/bin")
    layer.file("/etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/v3.22/main\n")
    settings = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], **config}
    image = ImageRecipe(tag=f"training/{name}:1.0", config=settings)
    image.step("ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit", layer)
    return image.step('CMD ["/bin/sh"]'), alpine
