"""Images of which only a part is there: what is missing is told with its size, by whatever source."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from forensics.errors import ImageNotOpened
from forensics.model.image import Image
from forensics.model.issues import Issue
from forensics.sources import open_image
from forensics.spool import Spool
from tests.image_archives import (
    OCI_LAYER,
    OCI_MANIFEST,
    OciBlobs,
    as_json,
    config_of,
    digest,
    docker_save,
    tar_of,
)

LOWER = tar_of([("bin/noise", random.Random(1).randbytes(40_000))])
UPPER = tar_of([("etc/app.conf", b"x=1")])
CONFIG = config_of([LOWER, UPPER])
MANIFEST = as_json([{"Config": "c.json", "RepoTags": None, "Layers": ["0/layer.tar", "1/layer.tar"]}])
MANIFEST_FIRST = tar_of(
    [("manifest.json", MANIFEST), ("c.json", CONFIG), ("0/layer.tar", LOWER), ("1/layer.tar", UPPER)]
)


@pytest.fixture
def spool(tmp_path: Path):
    with Spool(tmp_path) as opened:
        yield opened


def opened(reference: Path, spool: Spool) -> Image:
    with open_image(str(reference), spool=spool) as one:
        return one.image


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "evidence"
    path.write_bytes(content)
    return path


def refused(path: Path, spool: Spool, scheme: str = "") -> ImageNotOpened:
    with pytest.raises(ImageNotOpened) as raised:
        open_image(f"{scheme}{path}", spool=spool)
    assert "\n" not in raised.value.message + raised.value.hint
    return raised.value


def issue(image: Image, code: str) -> Issue:
    (found,) = [issue for issue in image.issues if issue.code == code]
    return found


def layout(tmp_path: Path, blobs: OciBlobs, manifest: dict[str, object]) -> Path:
    return blobs.write(tmp_path / "layout", [manifest])


def blob_of(folder: Path, content: bytes) -> Path:
    return folder / "blobs/sha256" / digest(content)[7:]


class TestLayouts:
    def test_a_cut_blob_is_told_with_what_its_descriptor_says_is_missing(self, tmp_path, spool):
        blobs = OciBlobs()
        folder = layout(tmp_path, blobs, blobs.image([LOWER, UPPER]))
        blob_of(folder, LOWER).write_bytes(LOWER[:10_000])
        told = issue(opened(folder, spool), "layer-incomplete")
        assert told.subject == "layer 0"
        assert told.lost_bytes == len(LOWER) - 10_000
        assert f"10,000 of {len(LOWER):,} bytes" in told.message

    def test_a_wrong_size_of_a_whole_blob_is_a_contradiction_and_no_loss(self, tmp_path, spool):
        blobs = OciBlobs()
        layers = [{**blobs.add(LOWER, OCI_LAYER), "size": 1 << 62}]
        config = blobs.add(config_of([LOWER]), "application/vnd.oci.image.config.v1+json")
        manifest = blobs.add(as_json({"config": config, "layers": layers}), OCI_MANIFEST)
        image = opened(layout(tmp_path, blobs, manifest), spool)
        assert [(one.code, one.lost_bytes) for one in image.issues] == [("size-mismatch", 0)]

    def test_more_bytes_than_the_descriptor_says_are_no_loss(self, tmp_path, spool):
        blobs = OciBlobs()
        folder = layout(tmp_path, blobs, blobs.image([LOWER]))
        blob_of(folder, LOWER).write_bytes(LOWER + b"more")
        image = opened(folder, spool)
        assert [(one.code, one.lost_bytes) for one in image.issues] == [("size-mismatch", 0)]

    def test_where_the_archive_ends_within_a_blob_the_bytes_are_counted_once(self, tmp_path, spool):
        blobs = OciBlobs()
        manifest = blobs.image([LOWER])
        *rest, index, mark = blobs.members([manifest])
        last = [("blobs/sha256/" + digest(LOWER)[7:], LOWER)]
        first = [member for member in rest if member != last[0]]
        content = tar_of([index, mark, *first, *last])
        end = content.index(LOWER) + 10_000
        image = opened(written(tmp_path, content[:end]), spool)
        assert issue(image, "layer-incomplete").subject == "layer 0"
        assert sum(one.lost_bytes for one in image.issues) == len(LOWER) - 10_000

    def test_an_absent_layer_of_no_known_size_is_still_a_loss(self, tmp_path, spool):
        image = opened(written(tmp_path, tar_of([("manifest.json", MANIFEST), ("c.json", CONFIG)])), spool)
        assert [(one.code, one.lost_bytes) for one in image.issues] == [("layer-absent", 1)] * 2


class TestConfigurations:
    def test_diff_ids_without_a_layer_are_a_loss_of_unknown_size(self, tmp_path, spool):
        image = opened(
            written(tmp_path, docker_save([LOWER], config=config_of([LOWER, UPPER, LOWER]))), spool
        )
        told = issue(image, "diff-id-count")
        assert told.lost_bytes == 1
        assert "2 layers are not in the archive" in told.message

    def test_more_layers_than_diff_ids_are_all_there(self, tmp_path, spool):
        image = opened(written(tmp_path, docker_save([LOWER, UPPER], config=config_of([LOWER]))), spool)
        assert issue(image, "diff-id-count").lost_bytes == 0

    def test_a_layout_that_knows_the_sizes_of_the_missing_ones_is_asked(self, tmp_path, spool):
        blobs = OciBlobs()
        config = config_of([LOWER, UPPER])
        manifest = blobs.image([LOWER, UPPER], config=config)
        del blobs.blobs[digest(UPPER)]
        listed = {
            "Config": "blobs/sha256/" + digest(config)[7:],
            "Layers": ["blobs/sha256/" + digest(LOWER)[7:]],
        }
        content = tar_of([*blobs.members([manifest]), ("manifest.json", as_json([listed]))])
        image = opened(written(tmp_path, content), spool)
        assert len(image.layers) == 1
        assert issue(image, "diff-id-count").lost_bytes == len(UPPER)


class TestArchives:
    def test_one_cut_in_a_layer_behind_its_manifest_opens_and_tells_both_layers(self, tmp_path, spool):
        end = MANIFEST_FIRST.index(LOWER) + 10_000
        image = opened(written(tmp_path, MANIFEST_FIRST[:end]), spool)
        told = {(one.code, one.subject): one.lost_bytes for one in image.issues}
        assert told == {
            ("truncated", "archive:0/layer.tar"): len(LOWER) - 10_000,
            ("layer-incomplete", "layer 0"): 0,
            ("layer-absent", "layer 1"): 1,
            ("no-end-mark", "archive"): 0,
        }

    @pytest.mark.parametrize("scheme", ["", "docker-archive:"])
    def test_one_cut_before_its_manifest_is_called_cut(self, tmp_path, spool, scheme):
        content = docker_save([LOWER, UPPER])
        end = content.index(LOWER) + 10_000
        error = refused(written(tmp_path, content[:end]), spool, scheme)
        name = f"{digest(LOWER)[7:]}/layer.tar"
        assert f"ends early, at byte {end:,} within {name}" in error.message
        assert "manifest.json" in error.message
        assert "rootfs:" not in error.hint
        assert "copied completely" in error.hint

    @pytest.mark.parametrize("rest", [0, 512, 700])
    def test_one_cut_between_members_is_called_cut(self, tmp_path, spool, rest):
        content = docker_save([LOWER, UPPER])
        end = content.index(LOWER) + len(LOWER) + rest
        error = refused(written(tmp_path, content[:end]), spool)
        assert f"ends early, at byte {end:,}" in error.message
        assert "rootfs:" not in error.hint

    def test_a_layout_cut_before_its_index_is_called_cut(self, tmp_path, spool):
        blobs = OciBlobs()
        content = tar_of(blobs.members([blobs.image([LOWER, UPPER])]))
        end = content.index(UPPER) + 100
        error = refused(written(tmp_path, content[:end]), spool)
        assert f"ends early, at byte {end:,} within blobs/sha256/{digest(UPPER)[7:]}" in error.message

    @pytest.mark.parametrize("document", ["manifest.json", "index.json"])
    def test_one_cut_within_its_list_of_images_is_called_cut(self, tmp_path, spool, document):
        blobs = OciBlobs()
        manifest = blobs.image([LOWER])
        content = docker_save([LOWER]) if document == "manifest.json" else tar_of(blobs.members([manifest]))
        start = content.index(document.encode()) + 512
        error = refused(written(tmp_path, content[: start + 20]), spool)
        assert "ends early, at byte" in error.message

    def test_cut_compressed_data_is_called_cut(self, tmp_path, spool):
        packed = gzip.compress(docker_save([LOWER, UPPER]))
        error = refused(written(tmp_path, packed[: len(packed) // 2]), spool)
        assert "(its gzip data ends early, at byte " in error.message
        assert "rootfs:" not in error.hint

    def test_damaged_compressed_data_is_called_damaged(self, tmp_path, spool):
        text = "".join(f"{number}\n" for number in range(60_000)).encode()
        packed = bytearray(gzip.compress(docker_save([tar_of([("etc/numbers", text)])])))
        packed[len(packed) // 2 :] = b"\xff" * (len(packed) - len(packed) // 2)
        error = refused(written(tmp_path, bytes(packed)), spool)
        assert "its gzip data is damaged behind byte" in error.message
        assert "it holds no image" not in error.message
        assert "rootfs:" not in error.hint

    def test_a_cut_tar_of_other_files_may_still_be_a_root_file_system(self, tmp_path, spool):
        content = tar_of([("etc/passwd", b"root:x:0:0::/:/bin/sh\n"), ("bin/noise", LOWER)])
        path = written(tmp_path, content[: content.index(LOWER) + 10_000])
        error = refused(path, spool)
        assert "ends early, at byte" in error.message
        assert f"rootfs:{path}" in error.hint

    def test_a_whole_tar_of_other_files_is_not_called_cut(self, tmp_path, spool):
        error = refused(written(tmp_path, tar_of([("etc/passwd", b"x")])), spool)
        assert "ends early" not in error.message

    def test_a_name_in_a_cut_archive_is_printable(self, tmp_path, spool):
        content = tar_of([("0/\x1b]52;c;x\x07/layer.tar", LOWER)])
        error = refused(written(tmp_path, content[:5_000]), spool)
        assert error.message.isprintable()
        assert json.dumps(error.message)
