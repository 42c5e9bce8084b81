"""Builds the large real image once: Debian with python3, nodejs, a JDK, compilers and language packages.

Six layers, about 50,000 files and 1.8 GB uncompressed, as an OCI archive with gzip layers. Needs root,
mmdebstrap, umoci, skopeo, pip and npm, and the package registries.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

_NEEDED = ("mmdebstrap", "umoci", "skopeo", "npm")
_PIP = ("numpy", "pandas", "scipy", "requests", "flask", "boto3", "matplotlib", "scikit-learn")
_NPM = ("typescript", "react", "react-dom", "eslint", "lodash", "express")
_APT = ["apt-get", "-y", "-qq", "--no-install-recommends", "install"]


def large_image(folder: Path) -> Path:
    """The archive `large.tar` in `folder`, built if it is not there yet; takes some minutes."""
    archive = folder / "large.tar"
    if archive.exists():
        return archive
    missing = [name for name in _NEEDED if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        raise SystemExit(
            f"the large image needs root and: {', '.join(_NEEDED)} (missing: {', '.join(missing)})"
        )
    folder.mkdir(parents=True, exist_ok=True)
    work = folder / "build"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    _build(work)
    partial = folder / "large.partial"
    _run("skopeo", "copy", "--quiet", f"oci:{work}/layout:large", f"oci-archive:{partial}:large")
    partial.rename(archive)
    shutil.rmtree(work)
    return archive


def _build(work: Path) -> None:
    layout, bundle = f"{work}/layout", work / "bundle"
    root = bundle / "rootfs"
    _run("umoci", "init", "--layout", layout)
    _run("umoci", "new", "--image", f"{layout}:large")
    _run("umoci", "unpack", "--image", f"{layout}:large", str(bundle))
    steps: tuple[tuple[str, Callable[[Path], None]], ...] = (
        ("mmdebstrap bookworm", _base),
        (
            "apt-get install build-essential git",
            lambda at: _apt(at, "build-essential", "git", "cmake", "gdb"),
        ),
        ("apt-get install python3", lambda at: _apt(at, "python3-full", "python3-pip", "python3-dev")),
        ("apt-get install default-jdk", lambda at: _apt(at, "default-jdk-headless", "maven")),
        ("apt-get install nodejs npm; npm install", _node),
        ("pip install; rm -rf caches", _python),
    )
    for created_by, change in steps:
        change(root)
        _run(
            "umoci",
            "repack",
            "--image",
            f"{layout}:large",
            "--history.created_by",
            f"RUN {created_by}",
            str(bundle),
        )
        _run("umoci", "gc", "--layout", layout)
        # A repacked bundle is compared with its own manifest next time: unpack it anew.
        shutil.rmtree(bundle)
        _run("umoci", "unpack", "--image", f"{layout}:large", str(bundle))


def _base(root: Path) -> None:
    shutil.rmtree(root)
    _run("mmdebstrap", "--variant=minbase", "--mode=root", "--skip=cleanup/apt/lists", "bookworm", str(root))


def _apt(root: Path, *packages: str) -> None:
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A JDK configures itself by running java, which wants /proc.
    _run("mount", "-t", "proc", "proc", str(root / "proc"))
    try:
        _run("chroot", str(root), *_APT, *packages, environment=environment)
    finally:
        _run("umount", str(root / "proc"))
    _run("chroot", str(root), "apt-get", "clean")


def _node(root: Path) -> None:
    _apt(root, "nodejs", "npm")
    _run("npm", "install", "--silent", "--prefix", str(root / "opt/web"), *_NPM)


def _python(root: Path) -> None:
    target = root / "usr/local/lib/python3.11/dist-packages"
    _run("python3", "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(target), *_PIP)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    shutil.rmtree(root / "usr/share/doc/git", ignore_errors=True)


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    print(large_image(Path(os.environ.get("FORENSICS_BENCH_DIR", ".cache/bench")).absolute()))
