"""Real Debian root file systems for tests, made by mmdebstrap once a test run."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from functools import cache
from pathlib import Path


@cache
def debian_rootfs(mmdebstrap: str, folder: Path, *packages: str) -> Path:
    """A tar of Debian bookworm, variant minbase, with further `packages` and what they need."""
    target = folder / f"debian-{'-'.join(packages)[:40] or 'minbase'}.tar"
    wanted = [f"--include={','.join(packages)}"] if packages else []
    subprocess.run(
        [mmdebstrap, "--quiet", "--variant=minbase", *wanted, "bookworm", str(target)],
        check=True,
        capture_output=True,
        timeout=900,
    )
    return target


def docker_archive(rootfs: Path, target: Path) -> Path:
    """A docker-save archive with `rootfs` as its only layer."""
    digest = hashlib.sha256()
    with rootfs.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["bash"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest.hexdigest()}"]},
            "history": [{"created_by": "ADD rootfs.tar /"}],
        }
    ).encode()
    manifest = json.dumps(
        [{"Config": "config.json", "RepoTags": ["debian:test"], "Layers": ["layer.tar"]}]
    ).encode()
    with tarfile.open(target, "w") as archive:
        for name, content in (("manifest.json", manifest), ("config.json", config)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        archive.add(rootfs, "layer.tar")
    return target
