from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from forensics.errors import ChoiceNeeded, ImageNotOpened, UsageError
from forensics.model.image import Image
from forensics.sources import open_image
from forensics.sources._evidence import read_blob
from forensics.spool import Spool
from tests.image_archives import OciBlobs, as_json, config_of, digest, docker_save, link, tar_of

LOWER = tar_of([("etc/motd", b"hello")])
UPPER = tar_of([("etc/motd", b"bye")])


@pytest.fixture
def spool(tmp_path: Path):
    with Spool(tmp_path) as opened:
        yield opened


@pytest.fixture
def opened(tmp_path: Path, spool: Spool):
    def do(content: bytes, **options) -> tuple[Image, list[bytes | None]]:
        path = tmp_path / "no-telling-name"
        path.write_bytes(content)
        with open_image(str(path), spool=spool, **options) as one:
            layers = [layer.blob and read_blob(layer.blob) for layer in one.image.layers]
            return one.image, layers

    return do


def codes(image: Image) -> list[str]:
    return [issue.code for issue in image.issues]


def test_an_archive_of_the_old_form(opened):
    image, layers = opened(docker_save([LOWER, UPPER]))
    assert image.source == "docker_archive"
    assert layers == [LOWER, UPPER]
    assert image.tags == ("app:1",)
    assert str(image.platform) == "linux/amd64"
    assert image.created == "2024-01-02T03:04:05Z"
    assert image.config.cmd == ("/bin/app",)
    assert image.config_digest == digest(config_of([LOWER, UPPER]))
    assert image.manifest_digest == ""
    assert [layer.diff_id for layer in image.layers] == [digest(LOWER), digest(UPPER)]
    assert [layer.digest for layer in image.layers] == ["", ""]
    assert [layer.created_by for layer in image.layers] == ["COPY 0 /", "COPY 1 /"]
    assert image.issues == ()


def test_jib_writes_keys_in_lower_case(opened):
    packed = gzip.compress(LOWER, mtime=0)
    name = f"{digest(packed)[7:]}.tar.gz"
    manifest = as_json([{"config": "config.json", "repoTags": ["jib:1"], "layers": [name]}])
    image, layers = opened(
        tar_of([(name, packed), ("config.json", config_of([LOWER])), ("manifest.json", manifest)])
    )
    assert layers == [packed]
    assert image.tags == ("jib:1",)
    assert image.layers[0].digest == digest(packed)
    assert image.issues == ()


def test_kaniko_names_the_configuration_by_its_digest(opened):
    config = config_of([LOWER])
    manifest = as_json([{"Config": digest(config), "RepoTags": ["k:1"], "Layers": ["a.tar"]}])
    image, _ = opened(tar_of([(digest(config), config), ("a.tar", LOWER), ("manifest.json", manifest)]))
    assert image.config_digest == digest(config)
    assert image.issues == ()


def test_a_configuration_that_is_not_what_its_name_says(opened):
    config = config_of([LOWER])
    name = "0" * 64 + ".json"
    manifest = as_json([{"Config": name, "RepoTags": None, "Layers": ["a.tar"]}])
    image, _ = opened(tar_of([(name, config), ("a.tar", LOWER), ("manifest.json", manifest)]))
    assert codes(image) == ["digest-mismatch"]
    assert image.config_digest == digest(config)
    assert digest(config) in image.issues[0].message


@pytest.mark.parametrize("hard", [False, True])
def test_a_layer_that_is_a_link_to_another(opened, hard):
    target = "0/layer.tar" if hard else "../0/layer.tar"
    config = config_of([LOWER, LOWER])
    manifest = as_json([{"Config": "c.json", "RepoTags": [], "Layers": ["0/layer.tar", "1/layer.tar"]}])
    image, layers = opened(
        tar_of(
            [
                ("0/layer.tar", LOWER),
                link("1/layer.tar", target, hard=hard),
                ("c.json", config),
                ("manifest.json", manifest),
            ]
        )
    )
    assert layers == [LOWER, LOWER]
    assert image.layers[0].blob == image.layers[1].blob
    assert image.issues == ()


@pytest.mark.parametrize("target", ["../../etc/passwd", "/etc/passwd", "1/layer.tar"])
def test_a_link_that_leads_nowhere_is_a_missing_layer(opened, target):
    manifest = as_json([{"Config": "c.json", "Layers": ["1/layer.tar"]}])
    hard = target == "1/layer.tar"
    image, layers = opened(
        tar_of(
            [
                link("1/layer.tar", target, hard=hard),
                ("c.json", config_of([LOWER])),
                ("manifest.json", manifest),
            ]
        )
    )
    assert layers == [None]
    assert codes(image) == ["link-refused", "layer-absent"]


def test_a_missing_layer_keeps_its_place(opened):
    config = config_of([LOWER, UPPER])
    manifest = as_json([{"Config": "c.json", "Layers": ["gone.tar", "here.tar"]}])
    image, layers = opened(tar_of([("here.tar", UPPER), ("c.json", config), ("manifest.json", manifest)]))
    assert layers == [None, UPPER]
    assert [layer.name for layer in image.layers] == ["gone.tar", "here.tar"]
    assert image.layers[1].diff_id == digest(UPPER)
    assert codes(image) == ["layer-absent"]


def test_more_diff_ids_than_layers(opened):
    image, _ = opened(docker_save([LOWER], config=config_of([LOWER, UPPER])))
    assert codes(image) == ["diff-id-count", "history-mismatch"]
    assert image.layers[0].diff_id == digest(LOWER)
    assert image.layers[0].created_by == ""


def test_the_last_of_several_members_counts_and_that_is_said(opened):
    other = as_json([{"Config": "c.json", "RepoTags": ["evil:1"], "Layers": ["b.tar"]}])
    image, layers = opened(
        docker_save(
            [LOWER], extra=[("b.tar", UPPER), ("c.json", config_of([UPPER])), ("manifest.json", other)]
        )
    )
    assert image.tags == ("evil:1",)
    assert layers == [UPPER]
    assert "duplicate-member" in codes(image)


def test_several_images_are_listed_and_chosen(opened):
    one, two = config_of([LOWER]), config_of([UPPER], architecture="arm64", variant="v8")
    manifest = as_json(
        [
            {"Config": "1.json", "RepoTags": ["docker.io/library/one:a"], "Layers": ["1.tar"]},
            {"Config": "2.json", "RepoTags": ["host:5000/two:b", "two:c"], "Layers": ["2.tar"]},
        ]
    )
    content = tar_of(
        [("1.json", one), ("2.json", two), ("1.tar", LOWER), ("2.tar", UPPER), ("manifest.json", manifest)]
    )
    with pytest.raises(ChoiceNeeded) as raised:
        opened(content)
    assert raised.value.exit_code == 2
    assert "from 0" in raised.value.hint
    first, second = raised.value.choices
    assert first.startswith("0  docker.io/library/one:a  linux/amd64  1 layer  sha256:")
    assert second.startswith("1  host:5000/two:b, two:c  linux/arm64/v8  1 layer  sha256:")
    for options in (
        {"image": 1},
        {"tag": "c"},
        {"tag": "two:c"},
        {"tag": "host:5000/two:b"},
        {"platform": "linux/arm64"},
        {"platform": "linux/aarch64/v8"},
        {"image": 1, "tag": "b", "platform": "linux/arm64"},
    ):
        assert opened(content, **options)[1] == [UPPER], options
    assert opened(content, tag="one:a")[1] == [LOWER]
    for options in (
        {"image": 2},
        {"image": -1},
        {"tag": "z"},
        {"platform": "linux/s390x"},
        {"platform": "amd64"},
    ):
        with pytest.raises(UsageError):
            opened(content, **options)


def test_one_image_is_refused_when_it_is_not_of_the_platform_asked_for(opened):
    with pytest.raises(UsageError, match="linux/arm64"):
        opened(docker_save([LOWER]), platform="linux/arm64")


def test_the_same_image_listed_twice_is_one_with_both_names(opened):
    entry = {"Config": "c.json", "Layers": ["a.tar"]}
    manifest = as_json([{**entry, "RepoTags": ["a:1"]}, {**entry, "RepoTags": ["a:2", "a:1"]}])
    image, _ = opened(tar_of([("a.tar", LOWER), ("c.json", config_of([LOWER])), ("manifest.json", manifest)]))
    assert image.tags == ("a:1", "a:2")


def hybrid(tmp: OciBlobs, listed_layers: list[str], tags=("app:1",), **descriptor):
    image = tmp.image([LOWER, UPPER], **descriptor)
    config = digest(config_of([LOWER, UPPER]))
    manifest = [{"Config": "blobs/sha256/" + config[7:], "RepoTags": list(tags), "Layers": listed_layers}]
    return image, [*tmp.members([image]), ("manifest.json", as_json(manifest))]


def blob_names(*layers: bytes) -> list[str]:
    return ["blobs/sha256/" + digest(layer)[7:] for layer in layers]


def test_the_layout_in_a_hybrid_archive_gives_what_manifest_json_cannot(opened):
    name = {"io.containerd.image.name": "docker.io/library/app:1"}
    described, members = hybrid(OciBlobs(), blob_names(LOWER, UPPER), annotations=name)
    image, layers = opened(tar_of(members))
    assert image.source == "docker_archive"
    assert image.manifest_digest == described["digest"]
    assert layers == [LOWER, UPPER]
    assert [layer.media_type for layer in image.layers] == ["application/vnd.oci.image.layer.v1.tar"] * 2
    assert [layer.digest for layer in image.layers] == [digest(LOWER), digest(UPPER)]
    assert image.tags == ("app:1",)
    assert image.issues == ()


def test_a_hybrid_archive_that_contradicts_itself(opened):
    _, members = hybrid(OciBlobs(), blob_names(UPPER, LOWER))
    image, layers = opened(tar_of(members))
    assert layers == [UPPER, LOWER]
    assert image.manifest_digest == ""
    assert codes(image) == ["documents-disagree"]


def test_a_hybrid_archive_with_two_names_for_one_image(opened):
    name = {"io.containerd.image.name": "docker.io/evil/app:2"}
    _, members = hybrid(OciBlobs(), blob_names(LOWER, UPPER), annotations=name)
    image, _ = opened(tar_of(members))
    assert codes(image) == ["documents-disagree"]
    assert "evil" in image.issues[0].message


def test_an_image_that_only_the_layout_knows_is_a_choice_of_its_own(opened):
    blobs = OciBlobs()
    hidden = blobs.image([UPPER])
    image = blobs.image([LOWER])
    config = digest(config_of([LOWER]))
    manifest = [{"Config": "blobs/sha256/" + config[7:], "RepoTags": ["a:1"], "Layers": blob_names(LOWER)}]
    content = tar_of([*blobs.members([image, hidden]), ("manifest.json", as_json(manifest))])
    with pytest.raises(ChoiceNeeded) as raised:
        opened(content)
    assert len(raised.value.choices) == 2
    assert hidden["digest"][:19] in raised.value.choices[1]
    found, layers = opened(content, image=1)
    assert layers == [UPPER]
    assert "documents-disagree" in codes(found)


def test_layer_sources_of_docker_give_media_types_and_digests(opened):
    config = config_of([LOWER])
    source = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 1, "digest": digest(LOWER)}
    manifest = [{"Config": "c", "Layers": ["x"], "LayerSources": {digest(LOWER): source}}]
    image, _ = opened(tar_of([("c", config), ("x", LOWER), ("manifest.json", as_json(manifest))]))
    assert image.layers[0].media_type == source["mediaType"]
    assert image.layers[0].digest == digest(LOWER)


def test_a_forced_scheme_on_something_else(tmp_path, spool):
    path = tmp_path / "layout.tar"
    blobs = OciBlobs()
    path.write_bytes(tar_of(blobs.members([blobs.image([LOWER])])))
    with pytest.raises(ImageNotOpened, match=r"has no manifest\.json: it is no docker-save archive"):
        open_image(f"docker-archive:{path}", spool=spool)
    with pytest.raises(ImageNotOpened, match="is a folder"):
        open_image(f"docker-archive:{tmp_path}", spool=spool)
    with open_image(f"oci-archive:{path}", spool=spool) as one:
        assert one.image.source == "oci_layout"


def test_a_tag_in_the_reference(tmp_path, spool):
    path = tmp_path / "a:b.tar"
    path.write_bytes(docker_save([LOWER]))
    with open_image(f"docker-archive:{path}:app:1", spool=spool) as one:
        assert one.image.tags == ("app:1",)
    with pytest.raises(UsageError):
        open_image(f"docker-archive:{path}:app:2", spool=spool)
    with pytest.raises(UsageError):
        open_image(f"docker-archive:{path}:app:1", tag="app:2", spool=spool)


def test_an_image_in_a_folder_of_the_archive(opened):
    with pytest.raises(ImageNotOpened, match="in its folder image"):
        opened(tar_of([("image/manifest.json", b"[]"), ("image/a.tar", LOWER)]))


@pytest.mark.parametrize("manifest", [b"[]", b"[1, null]", b"[", b"[" * 200_000])
def test_a_manifest_without_an_image(opened, manifest):
    with pytest.raises(ImageNotOpened) as raised:
        opened(tar_of([("manifest.json", manifest)]))
    assert raised.value.hint
