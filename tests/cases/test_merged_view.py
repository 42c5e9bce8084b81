"""The merged view against what skopeo and umoci unpack from the same archives."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.layers import ImageView, index_layer
from forensics.model.files import FileKind, FileVersion
from forensics.sources import open_image
from forensics.spool import Spool

pytestmark = [pytest.mark.corpus, pytest.mark.service]

DOCKER, OCI = "docker-archive", "oci-archive"
IMAGES = {
    "container-inspector__image_she-image_from_scratch-1.0.tar": DOCKER,
    "dive__test-docker-image.tar": DOCKER,
    "dive__test-oci-gzip-image.tar": OCI,
    "ggcr__mutate_overwritten_file.tar": DOCKER,
    "ggcr__mutate_whiteout_image.tar": DOCKER,
    "ggcr__tarball_hello-world-v25.tar": DOCKER,
    "jib__busybox-docker.tar": DOCKER,
    "osv-scalibr__layerscanning_image_overwrite-file.tar": DOCKER,
    "osv-scalibr__layerscanning_image_symlink-cycle.tar": DOCKER,
    "osv-scalibr__unpack_symlinks.tar": DOCKER,
    "snyk-docker-plugin__containerd-archives_alpine.tar": OCI,
    "snyk-docker-plugin__containerd-archives_busybox.amd64.tar": DOCKER,
    "snyk-docker-plugin__docker-archives_docker-save_war-with-3-level-jar.tar": DOCKER,
    "snyk-docker-plugin__docker-archives_skopeo-copy_nodes-fake-multi.tar": DOCKER,
    "snyk-docker-plugin__npm_npm-without-lockfiles_yarn-without-lock-file.tar": DOCKER,
    "snyk-docker-plugin__pnpm_pnpmlockv6.tar": OCI,
    "trivy__alpine-310.tar.gz": DOCKER,
}
WRAPPED = "dive__test-docker-image.tar"
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char-device",
    stat.S_IFBLK: "block-device",
    stat.S_IFIFO: "fifo",
}

Facts = tuple[str, int, int, str]
"""Kind, permission bits (0 for a symbolic link), size (0 for all but files), digest or link target."""


def unpacked(root: Path) -> dict[str, Facts]:
    """What lies on disk below `root`, which another program unpacked."""
    found: dict[str, Facts] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder) / name
            status = path.lstat()
            kind = _KINDS[stat.S_IFMT(status.st_mode)]
            mode = 0 if kind == "symlink" else stat.S_IMODE(status.st_mode)
            content, size = "", 0
            if kind == "file":
                content, size = hashlib.sha256(path.read_bytes()).hexdigest(), status.st_size
            elif kind == "symlink":
                content = os.readlink(path)  # noqa: PTH115 - Path would normalise the target
            found["/" + str(path.relative_to(root))] = (kind, mode, size, content)
    return found


def facts(version: FileVersion) -> Facts:
    """The same facts, as the merged view has them; a hard link is the file it leads to."""
    entry = version.entry
    kind = entry.kind.value
    if entry.kind in (FileKind.REGULAR, FileKind.HARDLINK):
        assert version.content is not None, version.path
        return ("file", entry.mode, version.content.size, version.content.sha256)
    if entry.kind is FileKind.SYMLINK:
        return ("symlink", 0, 0, os.fsdecode(os.fsencode(entry.link)))
    return (kind, entry.mode, 0, "")


def merged(reference: str, spool: Spool) -> dict[str, Facts]:
    """What the program sees; every content is also read through the view and hashed again."""
    with open_image(reference, spool=spool) as one:
        view = ImageView([index_layer(layer, spool.new_file()) for layer in one.image.layers])
        found = {}
        for version in view.merged():
            if version.path == "/":
                continue
            found[version.path] = facts(version)
            if version.content is not None:
                assert hashlib.sha256(view.read(version)).hexdigest() == version.sha256
        return found


def implied(paths: dict[str, Facts]) -> set[str]:
    """Folders that no layer has an entry for, and that unpacking had to make all the same."""
    return {str(parent) for path in paths for parent in Path(path).parents} - set(paths)


def run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def unpack(archive: str, transport: str, folder: Path, tool: Callable[[str], str]) -> dict[str, Facts]:
    """The archive unpacked by skopeo, which must be given it without gzip around it, and umoci."""
    plain = folder / "plain.tar"
    content = Path(archive).read_bytes()
    plain.write_bytes(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
    run(
        tool("skopeo"), "--insecure-policy", "--tmpdir", folder,
        "--override-os", "linux", "copy", "-q", f"{transport}:{plain}", f"oci:{folder}/layout:image",
    )  # fmt: skip
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    run(tool("umoci"), "unpack", *rootless, "--image", f"{folder}/layout:image", folder / "bundle")
    return unpacked(folder / "bundle" / "rootfs")


@pytest.mark.parametrize("file", sorted(IMAGES))
def test_the_merged_view_is_what_others_unpack(
    corpus: Path, tmp_path: Path, tool: Callable[[str], str], file: str
):
    archive = str(corpus / "images" / file)
    theirs = unpack(archive, IMAGES[file], tmp_path, tool)
    with Spool(tmp_path) as spool:
        ours = merged(archive, spool)
    assert ours
    made = implied(ours)
    assert {path: what for path, what in theirs.items() if path not in made} == ours
    assert all(what[0] == "directory" for path, what in theirs.items() if path in made)


@pytest.mark.parametrize(
    ("program", "options"), [("gzip", "-c"), ("zstd", "-cq"), ("xz", "-c0"), ("bzip2", "-c")]
)
def test_wrappers_made_by_their_own_tools(
    corpus: Path, tmp_path: Path, tool: Callable[[str], str], program: str, options: str
):
    archive = corpus / "images" / WRAPPED
    wrapped = tmp_path / "wrapped"
    with archive.open("rb") as source, wrapped.open("wb") as target:
        subprocess.run([tool(program), options], stdin=source, stdout=target, check=True)
    with Spool(tmp_path) as spool:
        assert merged(str(wrapped), spool) == merged(str(archive), spool)


@pytest.mark.parametrize("file", ["dive__test-docker-image.tar", "trivy__alpine-310.tar.gz"])
def test_an_unpacked_root_filesystem_is_the_image_again(
    corpus: Path, tmp_path: Path, tool: Callable[[str], str], file: str
):
    archive = str(corpus / "images" / file)
    theirs = unpack(archive, IMAGES[file], tmp_path, tool)
    with Spool(tmp_path) as spool:
        assert merged(str(tmp_path / "bundle" / "rootfs"), spool) == theirs
