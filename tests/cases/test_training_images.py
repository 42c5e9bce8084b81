"""The training images are sound archives, inert, and agree with their answer keys."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.layers import ImageView, index_layer
from forensics.model.files import FileKind
from forensics.model.image import Image
from forensics.printable import printable
from forensics.samples import Recipe, build, load_recipes
from forensics.sources import open_image
from forensics.spool import Spool

RECIPES = {recipe.id: recipe for recipe in load_recipes()}
EVERY = pytest.mark.parametrize("name", sorted(RECIPES))
REAL_SITES = {"www.debian.org", "alpinelinux.org", "dl-cdn.alpinelinux.org"}
_HOST = re.compile(rb"(?:https?|stratum\+\w+|tcp)://([A-Za-z0-9.-]+)")
_EXIT = bytes.fromhex("31ffb83c0000000f05")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    for recipe in RECIPES.values():
        build(recipe, folder)
    return folder


def opened(built: Path, recipe: Recipe, spool: Spool) -> Iterator[tuple[Image, ImageView]]:
    with open_image(str(built / f"{recipe.id}.tar"), spool=spool) as one:
        yield one.image, ImageView([index_layer(layer, spool.new_file()) for layer in one.image.layers])


@pytest.fixture
def sample(built: Path, name: str, tmp_path: Path) -> Iterator[tuple[Image, ImageView]]:
    with Spool(tmp_path) as spool:
        yield from opened(built, RECIPES[name], spool)


@EVERY
def test_it_is_a_sound_archive(sample: tuple[Image, ImageView], name: str):
    image, view = sample
    assert image.issues == ()
    assert view.issues == ()
    assert str(image.platform) == "linux/amd64"
    assert image.layers[0].base is True
    assert not any(layer.base for layer in image.layers[1:])
    for layer in view.image_layers:
        assert layer.issues == ()
        assert layer.diff_id_agrees is True
        assert layer.digest_agrees is True
    assert all(layer.created_by for layer in image.layers)


@EVERY
def test_every_answer_names_a_file_that_is_there(sample: tuple[Image, ImageView], name: str):
    _, view = sample
    for answer in RECIPES[name].answers:
        if answer.layer is not None:
            assert answer.layer < len(view.image_layers)
        if answer.path is None:
            continue
        assert answer.layer is not None
        there = [one for one in view.in_layer(answer.layer) if printable(one.path) == answer.path]
        assert [one.state for one in there] == [answer.state]


@EVERY
def test_nothing_in_it_does_anything(sample: tuple[Image, ImageView], name: str):
    image, view = sample
    texts = [step.created_by.encode() for step in image.config.history]
    texts += [" ".join((*image.config.entrypoint, *image.config.cmd, *image.config.env)).encode()]
    for version in view.all_versions():
        if version.entry.kind is not FileKind.REGULAR:
            continue
        content = view.read(version)
        texts.append(content)
        if content.startswith(b"\x7fELF"):
            entry = int.from_bytes(content[24:32], "little") % 0x400000
            assert content[entry : entry + len(_EXIT)] == _EXIT, version.path
        elif content.startswith(b"#!") and not harmless(content):
            assert b"\nexit 0\n" in content[:120] or b"\nraise SystemExit(0)\n" in content[:140], version.path
    for text in texts:
        for host in _HOST.findall(text):
            assert is_inert(host.decode()), host


def harmless(script: bytes) -> bool:
    """Scripts without a single command but output."""
    lines = [line for line in script.splitlines()[1:] if line and not line.startswith((b"#", b'"""'))]
    return all(line.startswith((b"echo ", b"print(")) for line in lines)


def is_inert(host: str) -> bool:
    """A name that never resolves, a documentation address, or a site that is only named."""
    documented = host.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    return documented or host.rstrip(".").endswith(".invalid") or host in REAL_SITES


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the programs of the images are for x86-64")
def test_its_programs_leave_with_status_0(built: Path, tmp_path: Path):
    with Spool(tmp_path) as spool:
        for _, view in opened(built, RECIPES["kworker-miner"], spool):
            version = view.visible("/usr/lib/.x/kworker")
            assert version is not None
            program = tmp_path / "program"
            program.write_bytes(view.read(version))
    program.chmod(0o755)
    done = subprocess.run([program], capture_output=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.service
@EVERY
def test_other_tools_take_it(built: Path, name: str, tmp_path: Path, tool: Callable[[str], str]):
    """skopeo copies it, verifying every digest, and writes layers that tar reads."""
    archive = built / f"{name}.tar"
    with tarfile.open(archive) as outer:
        transport = "docker-archive" if "manifest.json" in outer.getnames() else "oci-archive"
    copied = tmp_path / "copied"
    command = [
        "--insecure-policy",
        "--tmpdir",
        str(tmp_path),
        "copy",
        "-q",
        f"{transport}:{archive}",
        f"dir:{copied}",
    ]
    done = subprocess.run([tool("skopeo"), *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    layers = [path for path in copied.iterdir() if not path.name.endswith(("json", "version"))]
    assert len(layers) >= 3


@pytest.mark.service
@pytest.mark.parametrize(
    ("name", "differing"),
    [("clean-web", []), ("persistence-kit", []), ("altered-package-binary", ["/usr/sbin/sshd"])],
)
def test_dpkg_agrees_with_its_database(
    built: Path, name: str, differing: list[str], tmp_path: Path, tool: Callable[[str], str]
):
    """dpkg itself verifies the unpacked files against the database that the recipe wrote."""
    root = tmp_path / "root"
    with Spool(tmp_path) as spool:
        for _, view in opened(built, RECIPES[name], spool):
            for version in view.merged():
                target = root / version.path[1:]
                target.parent.mkdir(parents=True, exist_ok=True)
                if version.entry.kind is FileKind.DIRECTORY:
                    target.mkdir(parents=True, exist_ok=True)
                elif version.entry.kind is FileKind.SYMLINK:
                    target.symlink_to(version.entry.link)
                else:
                    target.write_bytes(view.read(version))
    done = subprocess.run([tool("dpkg"), f"--root={root}", "--verify"], capture_output=True, text=True)
    assert done.stderr == ""
    assert [line.split()[-1] for line in done.stdout.splitlines()] == differing
    done = subprocess.run([tool("dpkg-query"), f"--root={root}", "-W"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 8


@pytest.mark.service
@pytest.mark.parametrize(
    ("name", "document", "beyond"),
    [("clean-web", ".spdx.json", set()), ("sbom-omission", ".cdx.json", {"socat"})],
)
def test_syft_finds_what_the_sbom_declares_and_the_omission(
    built: Path, name: str, document: str, beyond: set[str], tool: Callable[[str], str]
):
    """Another program reads layers and package databases and comes to the same package URLs."""
    beside = Path(sys.executable).parent / "syft"
    command = [
        str(beside) if beside.exists() else tool("syft"),
        "-q",
        "-o",
        "json",
        f"oci-archive:{built / name}.tar",
    ]
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    found = {artifact["purl"] for artifact in json.loads(done.stdout)["artifacts"]}
    declared = set(re.findall(r"pkg:[a-z]+/[^\"]+", (built / f"{name}{document}").read_text()))
    assert declared < found if beyond else declared == found
    assert {purl.partition("@")[0].rpartition("/")[2] for purl in found - declared} == beyond
