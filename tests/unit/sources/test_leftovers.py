"""What an archive or layout holds beside its images, for every image of it; and tags that stand for two."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from forensics.model.image import Image
from forensics.sources import open_image
from forensics.sources._evidence import read_blob
from forensics.spool import Spool
from tests.image_archives import OciBlobs, as_json, config_of, digest, docker_save, link, tar_of
from tests.layer_bytes import header, member, pax

LAYER = tar_of([("etc/motd", b"hello")])
OTHER = tar_of([("etc/motd", b"bye")])
SECRET = b"nobody refers to this"


@pytest.fixture
def opened(tmp_path: Path):
    with Spool(tmp_path) as spool:

        def do(content: bytes | Path, **options: Any) -> tuple[Image, list[tuple[str, str, bytes]]]:
            path = tmp_path / "image.tar"
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path = content
            with open_image(str(path), spool=spool, **options) as one:
                held = [(one.kind, one.name, read_blob(one.blob)) for one in one.image.leftovers]
                assert all(len(one.sha256) == 64 for one in one.image.leftovers)
                return one.image, held

        yield do


def codes(image: Image) -> list[str]:
    return [issue.code for issue in image.issues]


def layout(folder: Path, blobs: OciBlobs, manifests: list[dict[str, Any]]) -> Path:
    for name, content in blobs.blobs.items():
        place = folder / "blobs" / name.replace(":", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (folder / "index.json").write_bytes(as_json({"schemaVersion": 2, "manifests": manifests}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return folder


def test_archives_as_tools_write_them_hold_nothing_more(opened) -> None:
    legacy = json.dumps({"id": "a" * 64, "created": "1970-01-01T00:00:00Z", "os": "linux"}).encode()
    extra = [
        (f"{'a' * 64}/json", legacy),
        (f"{'a' * 64}/VERSION", b"1.0"),
        link(f"{'b' * 64}/layer.tar", f"../{digest(LAYER)[7:]}/layer.tar"),
        ("repositories", as_json({"app": {"1": digest(LAYER)[7:]}})),
    ]
    image, held = opened(docker_save([LAYER], extra=extra))
    assert (held, codes(image)) == ([], [])
    assert opened(gzip.compress(docker_save([LAYER])))[1] == []


def test_a_record_of_acquisition_belongs_to_layouts_alone(opened) -> None:
    _, held = opened(docker_save([LAYER], extra=[("acquisition.json", SECRET)]))
    assert held == [("unreferenced", "acquisition.json", SECRET)]


def test_a_member_that_nothing_refers_to(opened) -> None:
    _, held = opened(docker_save([LAYER], extra=[("notes/payload", SECRET), ("x/VERSION", b"2.0")]))
    assert held == [("unreferenced", "notes/payload", SECRET), ("unreferenced", "x/VERSION", b"2.0")]


def test_all_images_of_the_archive_count(opened) -> None:
    configs = [config_of([LAYER]), config_of([OTHER])]
    entries = [{"Config": f"{n}.json", "RepoTags": [f"app:{n}"], "Layers": [f"{n}.tar"]} for n in range(2)]
    members = [("0.json", configs[0]), ("1.json", configs[1]), ("0.tar", LAYER), ("1.tar", OTHER)]
    archive = tar_of([*members, ("manifest.json", as_json(entries)), ("2.tar", SECRET)])
    for number in range(2):
        assert opened(archive, image=number)[1] == [("unreferenced", "2.tar", SECRET)]


def test_a_member_that_another_of_its_name_replaces(opened) -> None:
    name = f"{digest(LAYER)[7:]}/layer.tar"
    whole = docker_save([LAYER])
    image, held = opened(tar_of([(name, SECRET)])[: 512 * 2] + whole)
    assert held == [("shadowed", name, SECRET)]
    assert codes(image) == ["duplicate-member"]
    again = tar_of([(name, LAYER)])[: 512 + -(-len(LAYER) // 512) * 512]
    assert opened(again + whole)[1] == []


def test_members_that_climb_out_are_looked_at(opened) -> None:
    _, held = opened(docker_save([LAYER], extra=[("../outside", SECRET)]))
    assert held == [("shadowed", "../outside", SECRET)]


def test_a_layout_as_folder_and_as_tar(opened, tmp_path: Path) -> None:
    blobs = OciBlobs()
    manifest = blobs.image([LAYER])
    blobs.add(SECRET, "x")
    name = "blobs/" + digest(SECRET).replace(":", "/")
    told = [("unreferenced", name, SECRET)]
    assert opened(tar_of(blobs.members([manifest])))[1] == told
    folder = layout(tmp_path / "layout", blobs, [manifest])
    (folder / "README").write_bytes(b"what lies beside the layout is not part of it")
    assert opened(folder)[1] == told


def test_an_image_that_lost_its_tag_is_told_as_one(opened) -> None:
    blobs = OciBlobs()
    blobs.image([OTHER])
    _, held = opened(tar_of(blobs.members([blobs.image([LAYER])])))
    assert [kind for kind, _, _ in held] == ["untagged"] * 3


def test_artifacts_and_their_subjects_are_referred_to(opened) -> None:
    blobs = OciBlobs()
    image = blobs.image([LAYER])
    artifact = as_json(
        {
            "schemaVersion": 2,
            "config": blobs.add(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [blobs.add(b"sbom", "text/spdx+json")],
            "blobs": [blobs.add(b"old form", "text/plain")],
            "subject": image,
        }
    )
    listed = blobs.add(artifact, "application/vnd.oci.image.manifest.v1+json", artifactType="text/spdx")
    assert opened(tar_of(blobs.members([image, listed])))[1] == []


def test_bytes_of_the_archive_itself(opened) -> None:
    padding = header(b"manifest.note", 1) + b"x" + b"in the padding" + bytes(497)
    whole = padding + docker_save([LAYER]) + SECRET
    image, held = opened(whole)
    assert held == [
        ("unreferenced", "manifest.note", b"x"),
        ("padding", "!slack@0x201", b"in the padding"),
        ("behind-end", f"!slack@{len(whole) - len(SECRET):#x}", SECRET),
    ]
    assert [one.offset for one in image.leftovers] == [512, 513, len(whole) - len(SECRET)]
    packed = gzip.compress(docker_save([LAYER]))
    assert opened(packed + SECRET)[1] == [
        ("behind-compression", f"!behind-compression@{len(packed):#x}", SECRET)
    ]


def test_a_cut_archive_does_not_call_content_unreferenced(opened) -> None:
    whole = docker_save([LAYER], extra=[("a", SECRET), ("b", b"c" * 5000)])
    _, held = opened(whole[: whole.index(b"c" * 5000) + 1000])
    assert [kind for kind, _, _ in held] == ["unaccounted", "unaccounted"]


def test_a_tag_that_stands_for_two_images(opened) -> None:
    blobs = OciBlobs()
    name = {"annotations": {"org.opencontainers.image.ref.name": "v1"}}
    pair = [blobs.image([LAYER], **name), blobs.image([OTHER], **name)]
    assert codes(opened(tar_of(blobs.members(pair)), image=0)[0]) == ["ambiguous-tag"]
    assert codes(opened(tar_of(blobs.members([pair[0], pair[0]])))[0]) == []
    platforms = [
        {**one, "platform": {"os": "linux", "architecture": arch}}
        for one, arch in zip(pair, ("amd64", "arm64"), strict=True)
    ]
    assert "ambiguous-tag" not in codes(opened(tar_of(blobs.members(platforms)), image=0)[0])


def test_a_tag_twice_in_manifest_json_and_another_in_repositories(opened) -> None:
    configs = [config_of([LAYER]), config_of([OTHER])]
    entries = [{"Config": f"{n}.json", "RepoTags": ["app:1"], "Layers": [f"{n}.tar"]} for n in range(2)]
    members = [("0.json", configs[0]), ("1.json", configs[1]), ("0.tar", LAYER), ("1.tar", OTHER)]
    twice, _ = opened(tar_of([*members, ("manifest.json", as_json(entries))]), image=0)
    assert codes(twice) == ["ambiguous-tag"]
    elsewhere = as_json({"app": {"1": "f" * 64}})
    assert codes(opened(docker_save([LAYER], extra=[("repositories", elsewhere)]))[0]) == ["ambiguous-tag"]
    unknown = as_json({"stranger": {"1": digest(LAYER)[7:]}})
    assert codes(opened(docker_save([LAYER], extra=[("repositories", unknown)]))[0]) == ["ambiguous-tag"]


def test_an_image_that_only_manifest_json_lists(opened) -> None:
    blobs = OciBlobs()
    manifest = blobs.image([OTHER])
    image, _ = opened(docker_save([LAYER], extra=blobs.members([manifest])), image=0)
    told = [issue.message for issue in image.issues if issue.code == "documents-disagree"]
    assert len(told) == 2
    assert any("manifest.json does not list" in message for message in told)
    assert any("index.json does not lead to" in message for message in told)


def test_what_only_resembles_the_documents_of_layers_is_told(opened) -> None:
    good = {"id": "a" * 64, "created": "1970-01-01T00:00:00Z"}
    for name, value in (
        ("notes/payload", good),
        (f"{'a' * 64}/json", {"id": "x", "config": {}}),
        (f"{'a' * 64}/json", {**good, "config": "A" * 9000}),
        (f"{'a' * 64}/json", {**good, "comment": "A" * 90_000}),
    ):
        content = json.dumps(value).encode()
        held = opened(docker_save([LAYER], extra=[(name, content)]))[1]
        assert held == [("unreferenced", name, content)]


def test_stray_bytes_too_many_to_tell_apart_are_counted(opened) -> None:
    records = b"".join(pax((b"note", b"%03d" % number * 100)) + member(b"f") for number in range(300))
    image, held = opened(records + docker_save([LAYER]))
    assert len(held) == 256
    assert [issue.code for issue in image.issues if issue.code == "limit"] == ["limit"]
    assert sum(issue.lost_bytes for issue in image.issues) >= 300 * 44
