"""`forensics acquire` and `forensics store`: what they say, how they end, what they leave alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.digests import sha256_digest
from forensics.model.acquisition import AcquiredContent, Acquisition
from forensics.store import Store
from tests.image_archives import OciBlobs, digest, tar_of
from tests.layered_images import layer_tar


@pytest.fixture
def store_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with an older and a newer image of 3,000 bytes each."""
    folder = tmp_path / "store"
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(folder))
    with Store(folder, most_bytes=1 << 20) as store:
        for name in ("old", "new\x1b[2J"):
            content = name[:3].encode() * 1000
            with store.receive() as receiving:
                receiving.write(content)
                receiving.finish()
            about = AcquiredContent(digest=sha256_digest(content), size=3000, role="layer")
            store.remember(
                Acquisition(reference=name, source="registry", platform="linux/amd64", contents=(about,)),
                b"{}",
            )
        for image in store.images():
            if image.acquisition.reference == "old":
                os.utime(folder / "images" / f"{image.key}.lease", (1e9, 1e9))
    return folder


def test_acquire_says_what_it_wrote_and_scan_where_it_came_from(
    small_image: Path, run: Callable[..., Any], tmp_path: Path
) -> None:
    ran = run("acquire", small_image, "--to", tmp_path / "layout.tar")
    assert (ran.code, ran.output) == (0, b"")
    assert "note: the manifest was made for other programs" in ran.errors
    assert f"in {tmp_path / 'layout.tar'}: 6 contents, 4 of them held against a declared digest" in ran.errors
    direct = run("layers", small_image, "--json")
    again = run("layers", tmp_path / "layout.tar", "--json")
    assert (again.code, again.output) == (0, direct.output)
    scanned = run("scan", tmp_path / "layout.tar", "--jobs", "1", "--format", "json")
    assert f"note: by its own record it was acquired from {small_image}, at 20" in scanned.errors
    assert json.loads(scanned.output)["image"]["reference"] == str(small_image)


@pytest.mark.parametrize("command", ["scan", "ls", "layers", "acquire"])
def test_an_image_that_its_record_chose_is_told_as_one_of_several(
    run: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    blobs = OciBlobs()
    archive = tmp_path / "image.tar"
    layers = [tar_of([(name, b"content")]) for name in ("first", "second")]
    archive.write_bytes(tar_of(blobs.members([blobs.image([layer]) for layer in layers])))
    run("acquire", archive, "--to", tmp_path / "layout", "--image", "1", "-q")
    options: dict[str, list[object]] = {
        "scan": ["--jobs", "1", "--format", "json"],
        "acquire": ["--to", tmp_path / "other.tar"],
    }
    ran = run(command, tmp_path / "layout", *options.get(command, []))
    assert ran.code == 0
    assert "note: its own record chose the image; 1 other image there" in ran.errors
    chosen = run(command, tmp_path / "layout", "--image", "1", *options.get(command, [])[:2])
    assert "its own record chose" not in chosen.errors
    if command == "scan":
        assert json.loads(ran.output)["image"]["source"] == "acquired"
    if command == "ls":
        assert "second" in ran.text
        assert "first" in run("ls", tmp_path / "layout", "--image", "0").text


def test_quiet_says_nothing(small_image: Path, run: Callable[..., Any], tmp_path: Path) -> None:
    ran = run("acquire", small_image, "--to", tmp_path / "layout", "-q")
    assert (ran.code, ran.output, ran.errors) == (0, b"", "")
    assert run("scan", tmp_path / "layout", "-q", "--jobs", "1", "--output", tmp_path / "r").errors == ""


def test_what_could_not_be_had_ends_with_4(run: Callable[..., Any], tmp_path: Path) -> None:
    blobs = OciBlobs()
    layers = [layer_tar({"/a": "a"}), layer_tar({"/b": "b"})]
    manifest = blobs.image(layers)
    del blobs.blobs[digest(layers[1])]
    image = tmp_path / "image.tar"
    image.write_bytes(tar_of(blobs.members([manifest])))
    ran = run("acquire", image, "--to", tmp_path / "layout")
    assert ran.code == 4
    assert f"note: not acquired: {digest(layers[1])}: layer 1 is not there" in ran.errors


def test_a_target_in_the_image_or_one_that_is_there_is_refused(
    small_image: Path, run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    ran = run("acquire", tmp_path / "root", "--to", tmp_path / "root" / "layout")
    assert (ran.code, "is part of what is examined" in ran.errors) == (2, True)
    before = small_image.read_bytes()
    ran = run("acquire", small_image, "--to", small_image)
    assert (ran.code, "is there already" in ran.errors) == (2, True)
    assert small_image.read_bytes() == before


def test_an_image_that_cannot_be_opened_leaves_nothing(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no image")
    ran = run("acquire", tmp_path / "text", "--to", tmp_path / "layout")
    assert (ran.code, ran.errors.count("\n")) == (3, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


def test_the_store_is_listed_with_the_last_used_first(store_of_two: Path, run: Callable[..., Any]) -> None:
    rows = json.loads(run("store", "list", "--json").output)
    assert [(row["reference"], row["size"], row["platform"]) for row in rows] == [
        ("new\\x1b[2J", 3000, "linux/amd64"),
        ("old", 3000, "linux/amd64"),
    ]
    assert rows[1]["used"] == "2001-09-09T01:46:40Z"
    ran = run("store", "list")
    assert "\x1b" not in ran.text
    assert ran.errors == f"2 images, 6.0 kB in {store_of_two}\n"


def test_an_empty_store_is_an_empty_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "store"))
    assert json.loads(run("store", "list", "--json").output) == []


def test_prune_keeps_what_was_used_last(store_of_two: Path, run: Callable[..., Any]) -> None:
    ran = run("store", "prune", "--to", "4K")
    assert ran.text == "1 image and 1 content removed, 3.0 kB freed, 3.0 kB are left\n"
    assert [row["reference"] for row in json.loads(run("store", "list", "--json").output)] == ["new\\x1b[2J"]
    kept = run("store", "prune")
    assert kept.text == "0 images and 0 contents removed, 0 B freed, 3.0 kB are left\n", "the bound is far"
    assert run("store", "prune", "--all", "--to", "1K").code == 2
    assert run("store", "prune", "--all").text == "1 image and 1 content removed, 3.0 kB freed\n"
    assert list(store_of_two.glob("blobs/*/*")) == []


def test_prune_says_what_is_in_use(store_of_two: Path, run: Callable[..., Any]) -> None:
    with Store(store_of_two, most_bytes=1) as live:
        (image, _) = live.images()
        live.remember(image.acquisition, image.index)
        assert "3.0 kB are left (3.0 kB in use)" in run("store", "prune", "--all").text


@pytest.mark.parametrize("size", ["", "much", "-1", "1.5G", "4 potatoes"])
def test_what_is_no_size_is_refused(store_of_two: Path, run: Callable[..., Any], size: str) -> None:
    assert run("store", "prune", f"--to={size}").code == 2
    assert len(json.loads(run("store", "list", "--json").output)) == 2


def test_path_is_told_without_making_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "nowhere"))
    assert run("store", "path").text == f"{tmp_path / 'nowhere'}\n"
    assert not (tmp_path / "nowhere").exists()


def test_a_store_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "file"))
    ran = run("store", "list")
    assert (ran.code, ran.errors.count("\n")) == (3, 2)


def test_a_store_that_may_only_be_read_is_listed_with_what_is_no_record(
    store_of_two: Path, run: Callable[..., Any]
) -> None:
    """Also for root, whom modes do not stop: the store is locked against every change meanwhile."""
    (store_of_two / "images" / "odd.json").write_bytes(b'{"acquisition": {"reference": "\xff"}, "index": ""}')
    before = {path: path.lstat() for path in store_of_two.rglob("*")}
    for path in (store_of_two / "lock", store_of_two / "partial"):
        path.unlink() if path.is_file() else path.rmdir()
    ran = run("store", "list")
    assert (ran.code, "new\\x1b[2J" in ran.text) == (0, True)
    assert f"note: {store_of_two / 'images' / 'odd.json'} is no record that can be read" in ran.errors
    assert not (store_of_two / "lock").exists(), "nothing is made to look at a store"
    assert not (store_of_two / "partial").exists()
    left = {path: path.lstat() for path in store_of_two.rglob("*")}
    assert {path: left[path].st_mtime for path in left if path.is_file()} == {
        path: before[path].st_mtime for path in before if path in left and path.is_file()
    }
