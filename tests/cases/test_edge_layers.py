"""Every odd layer of the corpus: indexed member for member as `tarfile` reads it, nothing in silence."""

from __future__ import annotations

import io
import lzma
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.layers import ImageView, index_layer
from forensics.model.files import FileKind, FileState, LayerIndex
from forensics.model.image import Blob, LayerSource
from tests.layer_bytes import Bench, bench

pytestmark = pytest.mark.corpus

EXPECTED: dict[str, dict[FileKind, int]] = {
    "aboutcode-org+container-inspector__tests_data_distro_windows-container-rootfs.tar": {
        FileKind.DIRECTORY: 23,
        FileKind.REGULAR: 1,
    },
    "aboutcode-org+container-inspector__tests_data_utils_absolute_path.tar": {
        FileKind.DIRECTORY: 1,
        FileKind.REGULAR: 2,
    },
    "aboutcode-org+container-inspector__tests_data_utils_layer_with_links.tar": {
        FileKind.DIRECTORY: 5,
        FileKind.REGULAR: 5,
        FileKind.SYMLINK: 6,
    },
    "aboutcode-org+container-inspector__tests_data_utils_layer_with_links_missing_targets.tar": {
        FileKind.DIRECTORY: 5,
        FileKind.REGULAR: 3,
        FileKind.SYMLINK: 6,
    },
    "aboutcode-org+container-inspector__tests_data_utils_tar_relative-with-whiteouts.tar": {
        FileKind.OPAQUE: 4,
        FileKind.WHITEOUT: 1,
        FileKind.OTHER: 1,
    },
    "aboutcode-org+container-inspector__tests_data_utils_tar_relative.tar": {FileKind.REGULAR: 3},
    "aquasecurity+trivy__pkg_fanal_walker_testdata_test.tar": {
        FileKind.DIRECTORY: 5,
        FileKind.REGULAR: 3,
        FileKind.OPAQUE: 1,
        FileKind.WHITEOUT: 1,
    },
    "chainguard-dev+malcontent__pkg_action_testdata_static.tar.xz": {
        FileKind.DIRECTORY: 89,
        FileKind.CHAR_DEVICE: 5,
        FileKind.REGULAR: 709,
        FileKind.SYMLINK: 7,
        FileKind.HARDLINK: 515,
    },
    "google+osv-scalibr__artifact_image_unpack_testdata_escape.tar": {
        FileKind.REGULAR: 1,
        FileKind.SYMLINK: 5,
    },
    "quay+claircore__pkg_tarfs_testdata_bad_name.tar": {FileKind.REGULAR: 1},
    "quay+claircore__pkg_tarfs_testdata_known_oddlayer.tar": {FileKind.DIRECTORY: 1},
    "regclient+regclient__testdata_layer-wh.tar": {
        FileKind.REGULAR: 2,
        FileKind.WHITEOUT: 1,
        FileKind.DIRECTORY: 1,
        FileKind.OPAQUE: 1,
    },
}


@pytest.fixture
def layers() -> Iterator[Bench]:
    with bench() as made:
        yield made


def stored(corpus: Path, name: str) -> bytes:
    return (corpus / "edge-layers" / name).read_bytes()


def index(layers: Bench, corpus: Path, name: str, number: int = 0) -> LayerIndex:
    data = stored(corpus, name)
    source = LayerSource(index=number, name=name, blob=Blob(layers.file(data), 0, len(data)))
    return index_layer(source, layers.file())


def find(corpus: Path, part: str) -> str:
    [found] = (corpus / "edge-layers").glob(f"*{part}*")
    return found.name


def test_every_tar_of_the_folder_is_known(corpus: Path) -> None:
    there = {found.name for found in (corpus / "edge-layers").glob("*.tar*")}
    assert there == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_members_are_those_that_tarfile_reads(name: str, corpus: Path, layers: Bench) -> None:
    found = index(layers, corpus, name)
    data = stored(corpus, name)
    data = lzma.decompress(data) if name.endswith(".xz") else data
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        infos = archive.getmembers()
    assert [(entry.header_offset, entry.data_offset, entry.size) for entry in found.entries] == [
        (info.offset, info.offset_data, info.size if info.isreg() else 0) for info in infos
    ]
    assert [(entry.mode, entry.uid, entry.gid, entry.user, entry.group) for entry in found.entries] == [
        (info.mode & 0o7777, info.uid, info.gid, info.uname, info.gname) for info in infos
    ]
    assert [entry.mtime for entry in found.entries] == [float(info.mtime) for info in infos]
    assert Counter(entry.kind for entry in found.entries) == EXPECTED[name]
    for entry in found.entries:
        assert entry.path.startswith("/")
        assert "/../" not in entry.path + "/"
    view = ImageView([found])
    for version in view.all_versions():
        if version.content is not None:
            assert len(view.read(version)) == version.content.size


def test_a_name_that_is_no_utf8(corpus: Path, layers: Bench) -> None:
    found = index(layers, corpus, find(corpus, "bad_name"))
    [entry] = found.entries
    assert b"\xfd" in entry.path.encode("utf-8", "surrogateescape")
    assert len(entry.path) > 100
    assert found.issues == ()


def test_a_single_header_without_an_end(corpus: Path, layers: Bench) -> None:
    found = index(layers, corpus, find(corpus, "oddlayer"))
    assert [(issue.code, issue.lost_bytes) for issue in found.issues] == [("no-end-mark", 0)]


def test_names_that_climb_stay_inside(corpus: Path, layers: Bench) -> None:
    found = index(layers, corpus, find(corpus, "tar_relative.tar"))
    assert [entry.path for entry in found.entries] == [
        "/a_parent_folder.txt",
        "/another_folder/b_two_root.txt",
        "/folder/subfolder/b_subfolder.txt",
    ]
    assert all(entry.raw_name.startswith("..") for entry in found.entries)
    assert {issue.code for issue in found.issues} == {"unsafe-name"}


def test_links_out_of_the_root_lead_nowhere_outside(corpus: Path, layers: Bench) -> None:
    view = ImageView([index(layers, corpus, find(corpus, "escape"))])
    for version in view.merged():
        resolved = view.resolve(version.path)
        assert resolved is None or resolved in list(view.merged())


def test_whiteouts_of_a_layer_upon_another(corpus: Path, layers: Bench) -> None:
    lower = index(layers, corpus, find(corpus, "tar_relative.tar"), 0)
    upper = index(layers, corpus, find(corpus, "relative-with-whiteouts"), 1)
    view = ImageView([lower, upper])
    assert list(view.merged()) == []
    assert {version.state for version in view.all_versions()} == {FileState.DELETED}
    assert len(view.removed_by(1)) == 3


def test_hard_links_of_a_whole_distribution_share_their_contents(corpus: Path, layers: Bench) -> None:
    view = ImageView([index(layers, corpus, find(corpus, "malcontent"))])
    links = [version for version in view.all_versions() if version.entry.kind is FileKind.HARDLINK]
    regular = {version.content for version in view.all_versions() if version.entry.kind is FileKind.REGULAR}
    assert len(links) == 515
    assert {version.content for version in links} <= regular
    assert view.issues == ()
