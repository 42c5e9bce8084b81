"""Other programs take what an acquisition wrote for an OCI layout."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.acquisition import acquire
from forensics.cancellation import Cancellation
from forensics.sources import open_image
from forensics.spool import Spool
from tests.image_archives import config_of, digest, docker_save
from tests.layered_images import layer_tar

LAYERS = [layer_tar({"/etc/motd": "good morning\n"}), layer_tar({"/bin/tool": "#!/bin/sh\n"})]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    archive = tmp_path / "image.tar"
    archive.write_bytes(docker_save(LAYERS, tags=["example.invalid/app:7"]))
    return write(str(archive), tmp_path / "layout")


@pytest.fixture
def packed_folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "motd").write_text("good morning\n")
    return write(str(root), tmp_path / "layout")


def write(reference: str, target: Path) -> Path:
    with Spool() as spool, open_image(reference, spool=spool) as opened:
        acquire(opened, target, cancel=Cancellation())
    return target


def ran(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.service
def test_skopeo_needs_no_tag_and_finds_the_layers(layout: Path, tool: Callable[[str], str]) -> None:
    told = json.loads(ran(tool("skopeo"), "inspect", f"oci:{layout}"))
    assert told["Layers"] == [digest(layer) for layer in LAYERS]
    config = ran(tool("skopeo"), "inspect", "--config", "--raw", f"oci:{layout}")
    assert config.encode() == config_of(LAYERS)


@pytest.mark.service
def test_skopeo_copies_it_with_every_digest_checked(
    layout: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    ran(tool("skopeo"), "--tmpdir", tmp_path, "copy", "-q", f"oci:{layout}:7", f"dir:{tmp_path / 'copy'}")
    assert {path.name for path in (tmp_path / "copy").iterdir()} >= {digest(one)[7:] for one in LAYERS}


@pytest.mark.service
@pytest.mark.parametrize("kind", ["layout", "packed_folder"])
def test_umoci_unpacks_it(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, tool: Callable[[str], str]
) -> None:
    layout = request.getfixturevalue(kind)
    (tag,) = ran(tool("umoci"), "list", "--layout", layout).split()
    ran(tool("umoci"), "unpack", "--rootless", "--image", f"{layout}:{tag}", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "rootfs" / "etc" / "motd").read_text() == "good morning\n"


@pytest.mark.service
def test_skopeo_reads_the_layout_of_a_root_filesystem(
    packed_folder: Path, tool: Callable[[str], str]
) -> None:
    assert len(json.loads(ran(tool("skopeo"), "inspect", f"oci:{packed_folder}"))["Layers"]) == 1
