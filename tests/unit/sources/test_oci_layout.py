from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
from pathlib import Path

import pytest
import zstandard

from forensics.errors import ChoiceNeeded, ImageNotOpened
from forensics.limits import Limits
from forensics.model.image import Image
from forensics.sources import open_image
from forensics.sources._evidence import read_blob
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

LAYER = tar_of([("bin/app", b"program")])
UPPER = tar_of([("etc/app.conf", b"x=1")])
IN_TOTO = "application/vnd.in-toto+json"
EMPTY = "application/vnd.oci.empty.v1+json"


@pytest.fixture
def spool(tmp_path: Path):
    with Spool(tmp_path) as opened:
        yield opened


@pytest.fixture
def opened(tmp_path: Path, spool: Spool):
    """Opens the same layout as a folder and as a tar, and holds the two against each other."""

    def do(blobs: OciBlobs, manifests, **options) -> Image:
        folder = blobs.write(tmp_path / "layout", manifests)
        archive = tmp_path / "archive"
        archive.write_bytes(tar_of(blobs.members(manifests)))
        images = []
        for path in (folder, archive):
            with open_image(str(path), spool=spool, **options) as one:
                assert one.image.source == "oci_layout"
                images.append(
                    (one.image, [layer.blob and read_blob(layer.blob) for layer in one.image.layers])
                )
        (left, left_bytes), (right, right_bytes) = images
        assert left_bytes == right_bytes
        assert left.issues == right.issues
        assert left.manifest_digest == right.manifest_digest
        assert [a.name for a in left.attachments] == [a.name for a in right.attachments]
        return right

    return do


def codes(image: Image) -> list[str]:
    return [issue.code for issue in image.issues]


def test_one_image(opened):
    blobs = OciBlobs()
    manifest = blobs.image([LAYER, UPPER], annotations={"org.opencontainers.image.ref.name": "v1"})
    image = opened(blobs, [manifest])
    assert image.manifest_digest == manifest["digest"]
    assert image.config_digest == digest(config_of([LAYER, UPPER]))
    assert image.tags == ("v1",)
    assert [layer.digest for layer in image.layers] == [digest(LAYER), digest(UPPER)]
    assert [layer.diff_id for layer in image.layers] == [digest(LAYER), digest(UPPER)]
    assert str(image.platform) == "linux/amd64"
    assert image.issues == ()


@pytest.mark.parametrize(
    "wrap",
    [gzip.compress, zstandard.ZstdCompressor().compress, lzma.compress, bz2.compress],
    ids=["gzip", "zstd", "xz", "bzip2"],
)
def test_a_wrapped_archive_is_unwrapped_into_the_spool(tmp_path, spool, wrap):
    blobs = OciBlobs()
    path = tmp_path / "image.txt"
    path.write_bytes(wrap(tar_of(blobs.members([blobs.image([LAYER])]))))
    before = path.stat()
    seen = []
    with open_image(str(path), spool=spool, on_progress=lambda *step: seen.append(step)) as one:
        (layer,) = one.image.layers
        assert layer.blob is not None
        assert read_blob(layer.blob) == LAYER
    assert seen[-1] == (before.st_size, before.st_size)
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (before.st_mtime_ns, before.st_size)


def test_a_cut_wrapper_gives_what_came_out_and_says_what_is_lost(tmp_path, spool):
    noise = hashlib.shake_256(b"noise").digest(300_000)
    content = gzip.compress(docker_save([LAYER], extra=[("zzz", noise)]))
    path = tmp_path / "cut"
    path.write_bytes(content[: len(content) - 100_000])
    with open_image(str(path), spool=spool) as one:
        assert one.image.layers[0].blob is not None
        truncated = [issue for issue in one.image.issues if issue.code == "truncated"]
        assert truncated
        assert sum(issue.lost_bytes for issue in truncated) > 0


def test_the_same_manifest_listed_twice_is_one_choice(opened):
    blobs = OciBlobs()
    manifest = blobs.image([LAYER])
    named = [
        {**manifest, "annotations": {"org.opencontainers.image.ref.name": name}} for name in ("latest", "1.0")
    ]
    assert opened(blobs, named).tags == ("latest", "1.0")


def platform(architecture: str) -> dict[str, str]:
    return {"os": "linux", "architecture": architecture}


def two_platforms(blobs: OciBlobs):
    amd = blobs.image([LAYER], platform=platform("amd64"))
    arm = blobs.image([UPPER], config_of([UPPER], architecture="arm64"), platform=platform("arm64"))
    return amd, arm


def test_several_platforms_must_be_chosen(opened):
    blobs = OciBlobs()
    amd, arm = two_platforms(blobs)
    index = blobs.index([amd, arm], annotations={"io.containerd.image.name": "docker.io/library/a:1"})
    with pytest.raises(ChoiceNeeded) as raised:
        opened(blobs, [index])
    assert [line.split("  ")[:3] for line in raised.value.choices] == [
        ["0", "docker.io/library/a:1", "linux/amd64"],
        ["1", "docker.io/library/a:1", "linux/arm64"],
    ]
    assert opened(blobs, [index], platform="linux/arm64").layers[0].digest == digest(UPPER)
    assert opened(blobs, [index], image=0, tag="a:1").layers[0].digest == digest(LAYER)


def test_the_only_platform_that_is_there_needs_no_choice(opened):
    blobs = OciBlobs()
    amd, arm = two_platforms(blobs)
    index = blobs.index([arm, amd])
    for gone in (arm["digest"], digest(UPPER), digest(config_of([UPPER], architecture="arm64"))):
        del blobs.blobs[gone]
    image = opened(blobs, [index])
    assert str(image.platform) == "linux/amd64"
    assert codes(image) == ["platform-absent"]
    assert "linux/arm64" in image.issues[0].message
    assert image.issues[0].lost_bytes == 0


def test_attestations_are_attachments_and_no_choice(opened):
    blobs = OciBlobs()
    amd = blobs.image([LAYER], platform=platform("amd64"))
    statement = as_json({"predicateType": "https://spdx.dev/Document", "predicate": {}})
    document = blobs.add(
        statement, IN_TOTO, annotations={"in-toto.io/predicate-type": "https://spdx.dev/Document"}
    )
    attestation = as_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": blobs.add(config_of([]), "application/vnd.oci.image.config.v1+json"),
            "layers": [document],
        }
    )
    attested = blobs.add(
        attestation,
        OCI_MANIFEST,
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": amd["digest"],
        },
    )
    image = opened(blobs, [blobs.index([amd, attested])])
    (attachment,) = image.attachments
    assert attachment.media_type == IN_TOTO
    assert attachment.predicate_type == "https://spdx.dev/Document"
    assert attachment.digest == digest(statement)
    assert attachment.blob.size == len(statement)


@pytest.mark.parametrize("about", ["manifest", "index", "tag"])
def test_referrers_are_attachments(opened, about):
    blobs = OciBlobs()
    amd = blobs.image([LAYER], platform=platform("amd64"))
    index = blobs.index([amd])
    sbom = blobs.add(b'{"bomFormat":"CycloneDX"}', "application/vnd.cyclonedx+json")
    value = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.cyclonedx+json",
        "config": blobs.add(b"{}", EMPTY),
        "layers": [sbom],
    }
    annotations = {}
    if about == "tag":
        name = amd["digest"].replace(":", "-") + ".sbom"
        annotations = {"org.opencontainers.image.ref.name": name}
    else:
        subject = amd if about == "manifest" else index
        value["subject"] = {key: subject[key] for key in ("mediaType", "digest", "size")}
    referrer = blobs.add(as_json(value), OCI_MANIFEST, annotations=annotations)
    image = opened(blobs, [index, referrer])
    assert [item.media_type for item in image.attachments] == ["application/vnd.cyclonedx+json"]
    assert image.attachments[0].name == f"referrer {sbom['digest']}"
    assert image.issues == ()


def test_digests_and_sizes_that_are_not_met(opened):
    blobs = OciBlobs()
    manifest = blobs.image([LAYER])
    config = digest(config_of([LAYER]))
    blobs.blobs[config] = config_of([LAYER], author="someone else")
    blobs.blobs[manifest["digest"]] += b"\n"
    image = opened(blobs, [manifest])
    met = {(issue.code, issue.subject.split()[0]) for issue in image.issues}
    assert met == {
        ("digest-mismatch", "manifest"),
        ("size-mismatch", "manifest"),
        ("digest-mismatch", "image"),
        ("size-mismatch", "image"),
    }
    assert image.config_digest == digest(blobs.blobs[config])
    assert image.manifest_digest == digest(blobs.blobs[manifest["digest"]])
    assert image.config.author == "someone else"


def test_missing_layers_and_configuration(opened):
    blobs = OciBlobs()
    manifest = blobs.image([LAYER, UPPER])
    del blobs.blobs[digest(LAYER)], blobs.blobs[digest(config_of([LAYER, UPPER]))]
    image = opened(blobs, [manifest])
    assert [layer.blob is None for layer in image.layers] == [True, False]
    lost = {issue.code: issue.lost_bytes for issue in image.issues}
    assert lost["layer-absent"] == len(LAYER)
    assert lost["config-absent"] == len(config_of([LAYER, UPPER]))
    assert image.config_digest == ""


def test_indexes_that_contain_themselves_or_never_end(tmp_path, spool):
    blobs = OciBlobs()
    loop = "sha256:" + "a" * 64
    blobs.blobs[loop] = as_json(
        {
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{"digest": loop}, blobs.image([LAYER])],
        }
    )
    deep = blobs.image([UPPER])
    for _ in range(12):
        deep = blobs.index([deep])
    folder = blobs.write(tmp_path / "layout", [{"digest": loop}, deep])
    with open_image(str(folder), spool=spool) as one:
        assert one.image.layers[0].digest == digest(LAYER)
        assert {"index-cycle", "limit"} <= set(codes(one.image))


def test_an_index_that_lists_too_much_is_left(tmp_path, spool):
    blobs = OciBlobs()
    wide = blobs.index([{"digest": "sha256:" + f"{number:064x}"} for number in range(50)])
    for _ in range(3):
        wide = blobs.index([wide] * 50)
    folder = blobs.write(tmp_path / "layout", [blobs.image([LAYER]), wide])
    with open_image(str(folder), spool=spool, limits=Limits(manifests=500)) as one:
        assert "limit" in codes(one.image)


@pytest.mark.parametrize(
    "name", ["sha256:../../../../etc/passwd", "../x", "sha256:" + "A" * 64, "md5:" + "a" * 32, "", "blobs"]
)
def test_a_digest_that_is_none_is_never_a_path(tmp_path, spool, name):
    blobs = OciBlobs()
    good = blobs.image([LAYER])
    manifest = as_json(
        {
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": name},
            "layers": [
                {"mediaType": OCI_LAYER, "digest": name},
                {"mediaType": OCI_LAYER, "digest": digest(LAYER)},
            ],
        }
    )
    folder = blobs.write(tmp_path / "layout", [blobs.add(manifest, OCI_MANIFEST), {"digest": name}, good])
    with open_image(str(folder), spool=spool, image=0) as one:
        assert one.image.layers[0].blob is None
        assert {"layer-absent", "config-absent", "bad-digest"} <= set(codes(one.image))


def test_links_in_a_folder_are_not_followed(tmp_path, spool):
    blobs = OciBlobs()
    folder = blobs.write(tmp_path / "layout", [blobs.image([LAYER])])
    outside = tmp_path / "outside"
    (folder / "blobs/sha256" / digest(LAYER)[7:]).rename(outside)
    (folder / "blobs/sha256" / digest(LAYER)[7:]).symlink_to(outside)
    with open_image(str(folder), spool=spool) as one:
        assert one.image.layers[0].blob is None
        assert codes(one.image) == ["link-refused", "layer-absent"]
    (folder / "blobs").rename(tmp_path / "elsewhere")
    (folder / "blobs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ImageNotOpened):
        open_image(str(folder), spool=spool)


def test_a_link_that_the_person_gave_is_followed(tmp_path, spool):
    blobs = OciBlobs()
    folder = blobs.write(tmp_path / "layout", [blobs.image([LAYER])])
    (tmp_path / "link").symlink_to(folder)
    with open_image(str(tmp_path / "link"), spool=spool) as one:
        assert one.image.source == "oci_layout"


def test_a_blob_that_is_a_pipe_does_not_hang(tmp_path, spool):
    blobs = OciBlobs()
    folder = blobs.write(tmp_path / "layout", [blobs.image([LAYER])])
    blob = folder / "blobs/sha256" / digest(LAYER)[7:]
    blob.unlink()
    os.mkfifo(blob)
    with open_image(str(folder), spool=spool) as one:
        assert codes(one.image) == ["not-a-file", "layer-absent"]


def test_a_document_that_is_index_and_manifest_at_once(opened):
    blobs = OciBlobs()
    inner = blobs.image([UPPER])
    manifest = as_json(
        {
            "schemaVersion": 2,
            "config": blobs.add(config_of([LAYER]), "application/vnd.oci.image.config.v1+json"),
            "layers": [blobs.add(LAYER, OCI_LAYER)],
            "manifests": [inner],
        }
    )
    image = opened(blobs, [blobs.add(manifest, OCI_MANIFEST)])
    assert image.layers[0].digest == digest(LAYER)
    assert codes(image) == ["ambiguous-media-type"]


def test_artifacts_alone_are_no_image(tmp_path, spool):
    blobs = OciBlobs()
    manifest = as_json(
        {
            "mediaType": OCI_MANIFEST,
            "config": blobs.add(b"{}", EMPTY),
            "layers": [blobs.add(b"x", "text/plain")],
        }
    )
    folder = blobs.write(tmp_path / "layout", [blobs.add(manifest, OCI_MANIFEST)])
    with pytest.raises(ImageNotOpened, match="none of an image"):
        open_image(str(folder), spool=spool)


def test_base_layers_by_the_digest_of_a_base_that_is_there(opened):
    blobs = OciBlobs()
    base = blobs.image([LAYER], annotations={"org.opencontainers.image.ref.name": "base"})
    value = {
        "mediaType": OCI_MANIFEST,
        "config": blobs.add(config_of([LAYER, UPPER]), "application/vnd.oci.image.config.v1+json"),
        "layers": [blobs.add(LAYER, OCI_LAYER), blobs.add(UPPER, OCI_LAYER)],
        "annotations": {"org.opencontainers.image.base.digest": base["digest"]},
    }
    top = blobs.add(as_json(value), OCI_MANIFEST)
    image = opened(blobs, [base, top], image=1)
    assert [layer.base for layer in image.layers] == [True, False]


def test_an_index_that_is_missing_everything(tmp_path, spool):
    blobs = OciBlobs()
    absent = {"digest": "sha256:" + "0" * 64, "platform": platform("amd64")}
    folder = blobs.write(tmp_path / "layout", [absent])
    with pytest.raises(ImageNotOpened, match="holds none of them"):
        open_image(str(folder), spool=spool)


def test_a_folder_that_is_no_layout(tmp_path, spool):
    (tmp_path / "etc").mkdir()
    with pytest.raises(ImageNotOpened, match=r"has no index\.json: it is no OCI layout"):
        open_image(f"oci-dir:{tmp_path}", spool=spool)


def test_forced_schemes_say_which_one_fits(tmp_path, spool):
    blobs = OciBlobs()
    folder = blobs.write(tmp_path / "layout", [blobs.image([LAYER])])
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_of(blobs.members([blobs.image([LAYER])])))
    with pytest.raises(ImageNotOpened) as raised:
        open_image(f"oci-archive:{folder}", spool=spool)
    assert "oci-dir:" in raised.value.hint
    with pytest.raises(ImageNotOpened) as raised:
        open_image(f"oci-dir:{archive}", spool=spool)
    assert "oci-archive:" in raised.value.hint
    with open_image(f"oci-dir:{folder}", spool=spool) as one:
        assert one.image.reference == f"oci-dir:{folder}"
