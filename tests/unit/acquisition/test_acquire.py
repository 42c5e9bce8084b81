"""What an acquisition writes, what it leaves when it fails, and what a record can make anybody believe."""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.acquisition import Acquired, acquire
from forensics.cancellation import Cancellation
from forensics.errors import Cancelled, ChoiceNeeded, ForensicsError, ImageNotOpened, UsageError
from forensics.model.image import Image
from forensics.sources import OpenImage, open_image
from forensics.sources._evidence import read_blob
from forensics.spool import Spool
from tests.image_archives import OciBlobs, as_json, config_of, digest, docker_save, tar_of

LAYER = tar_of([("bin/app", b"program")])
UPPER = tar_of([("etc/app.conf", b"x=1")])
EVIL = tar_of([("bin/app", b"other program")])


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path) as opened:
        yield opened


@pytest.fixture
def opened(spool: Spool) -> Iterator[Callable[..., OpenImage]]:
    images: list[OpenImage] = []

    def do(path: Path, **choice: Any) -> OpenImage:
        images.append(open_image(str(path), spool=spool, **choice))
        return images[-1]

    yield do
    for image in images:
        image.close()


@pytest.fixture
def acquired(opened: Callable[..., OpenImage]) -> Callable[..., Acquired]:
    def do(path: Path, target: Path, **choice: Any) -> Acquired:
        return acquire(opened(path, **choice), target, cancel=Cancellation())

    return do


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([LAYER, UPPER]) + b"hidden behind the end")
    return path


def blob(layout: Path, name: str) -> Path:
    return layout / "blobs" / name.replace(":", "/")


def codes(image: Image) -> list[str]:
    return [issue.code for issue in image.issues]


def record_of(layout: Path) -> Any:
    return json.loads((layout / "acquisition.json").read_bytes())


def change_record(layout: Path, **changes: object) -> None:
    (layout / "acquisition.json").write_text(json.dumps({**record_of(layout), **changes}))


def layers_of(image: Image) -> list[bytes]:
    return [read_blob(layer.blob) for layer in image.layers if layer.blob]


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


# what is written


def test_the_archive_is_kept_exactly_as_it_was_received(saved: Path, acquired: Any, tmp_path: Path) -> None:
    record = acquired(saved, tmp_path / "layout").record
    assert record.archive == digest(saved.read_bytes())
    assert blob(tmp_path / "layout", record.archive).read_bytes() == saved.read_bytes()
    assert (record.source, record.reference, record.platform) == ("docker_archive", str(saved), "linux/amd64")


def test_the_layout_holds_configuration_and_layers_as_they_are(
    saved: Path, acquired: Any, tmp_path: Path
) -> None:
    record = acquired(saved, tmp_path / "layout").record
    index = json.loads((tmp_path / "layout" / "index.json").read_bytes())
    (entry,) = index["manifests"]
    manifest = json.loads(blob(tmp_path / "layout", entry["digest"]).read_bytes())
    assert manifest["config"]["digest"] == digest(config_of([LAYER, UPPER]))
    assert [layer["digest"] for layer in manifest["layers"]] == [digest(LAYER), digest(UPPER)]
    for content in record.contents:
        assert digest(blob(tmp_path / "layout", content.digest).read_bytes()) == content.digest
    assert {(content.role, content.verified) for content in record.contents} == {
        ("layer", True),
        ("config", True),
        ("manifest", False),
        ("archive", False),
    }


def test_a_manifest_that_is_there_is_kept(acquired: Any, tmp_path: Path) -> None:
    blobs = OciBlobs()
    manifest = blobs.image([LAYER], annotations={"org.opencontainers.image.ref.name": "v1"})
    archive = tmp_path / "image.tar"
    archive.write_bytes(tar_of(blobs.members([manifest])))
    record = acquired(archive, tmp_path / "layout").record
    assert record.manifest_digest == manifest["digest"]
    written = blob(tmp_path / "layout", manifest["digest"]).read_bytes()
    assert written == blobs.blobs[manifest["digest"]]


def test_a_folder_is_kept_file_by_file(acquired: Any, tmp_path: Path) -> None:
    blobs = OciBlobs()
    layout = blobs.write(tmp_path / "layout", [blobs.image([LAYER])])
    (layout / "blobs" / "sha256" / ("0" * 64)).write_bytes(b"nobody names this, and its digest is another")
    (layout / "notes.txt").write_text("beside it")
    (layout / "blobs" / "link").symlink_to("/etc/passwd")
    record = acquired(layout, tmp_path / "copy").record
    copied = {
        path.relative_to(tmp_path / "copy") for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    kept = {
        path.relative_to(layout)
        for path in layout.rglob("*")
        if path.is_file() and path.name not in ("link", "notes.txt")
    }
    assert copied == kept | {Path("acquisition.json")}
    assert all((tmp_path / "copy" / name).read_bytes() == (layout / name).read_bytes() for name in kept)
    assert {content.role for content in record.contents if content.verified} == {
        "manifest",
        "config",
        "layer",
    }
    assert [missing.digest for missing in record.not_acquired] == ["sha256:" + "0" * 64]
    assert set(record.notes) == {
        "blobs/link was left out: it is a link or no file",
        "notes.txt was left out: it is no part of the layout (9 B)",
    }


def test_a_layer_that_is_not_there_is_told(acquired: Any, tmp_path: Path) -> None:
    blobs = OciBlobs()
    manifest = blobs.image([LAYER, UPPER])
    del blobs.blobs[digest(UPPER)]
    archive = tmp_path / "image.tar"
    archive.write_bytes(tar_of(blobs.members([manifest])))
    (missing,) = acquired(archive, tmp_path / "layout").record.not_acquired
    assert (missing.digest, missing.reason) == (digest(UPPER), "layer 1 is not there")


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_two_acquisitions_differ_in_the_time_alone(
    saved: Path, acquired: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = []
    for folder in ("a", "b"):
        time = acquired(saved, tmp_path / folder / name).record.acquired
        found.append(
            {
                path.relative_to(tmp_path / folder): path.read_bytes().replace(time.encode(), b"TIME")
                for path in (tmp_path / folder).rglob("*")
                if path.is_file()
            }
        )
    assert found[0] == found[1]
    assert any(b"TIME" in content for content in found[0].values())


def test_a_tar_has_no_times_and_no_owners(saved: Path, acquired: Any, tmp_path: Path) -> None:
    acquired(saved, tmp_path / "layout.tar")
    with tarfile.open(tmp_path / "layout.tar") as archive:
        members = archive.getmembers()
    assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {(0, 0, 0, "")}
    assert members[0].name == "oci-layout"
    assert members[-1].name == "acquisition.json"


def test_files_are_for_their_owner_alone(saved: Path, acquired: Any, tmp_path: Path) -> None:
    acquired(saved, tmp_path / "layout")
    acquired(saved, tmp_path / "layout.tar")
    written = [tmp_path / "layout", tmp_path / "layout.tar", *(tmp_path / "layout").rglob("*")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)


# where it may be written


@pytest.mark.parametrize("name", ["there.tar", "there", "full"])
def test_what_is_there_already_is_not_touched(saved: Path, acquired: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "there.tar").write_bytes(b"mine")
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_bytes(b"mine")
    with pytest.raises(UsageError):
        acquired(saved, tmp_path / name)
    assert (tmp_path / "there").read_bytes() == (tmp_path / "full" / "file").read_bytes() == b"mine"
    assert left_over(tmp_path) == []


def test_an_empty_folder_is_filled(saved: Path, acquired: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    acquired(saved, tmp_path / "empty")
    assert (tmp_path / "empty" / "index.json").is_file()


def test_a_folder_that_is_not_there_is_not_made(saved: Path, acquired: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        acquired(saved, tmp_path / "nowhere" / "layout")


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_a_full_disk_leaves_nothing(saved: Path, acquired: Any, tmp_path: Path, name: str) -> None:
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, most))
    try:
        with pytest.raises(ForensicsError, match="cannot be written: File too large"):
            acquired(saved, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert not (tmp_path / name).exists()
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_an_interruption_leaves_nothing(saved: Path, opened: Any, tmp_path: Path, name: str) -> None:
    cancel = Cancellation()
    with pytest.raises(Cancelled):
        acquire(
            opened(saved),
            tmp_path / name,
            cancel=cancel,
            on_progress=lambda done, _: done and cancel.cancel(),
        )
    assert not (tmp_path / name).exists()
    assert left_over(tmp_path) == []


def test_ctrl_c_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    image = tmp_path / "image.tar"
    image.write_bytes(docker_save([LAYER]))
    code = """
        import sys, forensics.acquisition._acquiring as acquiring
        from forensics.cli.main import main
        write = acquiring._Copying._write
        def slow(self, name, size, pieces):
            import time
            if name.startswith("blobs"):
                print("writing", flush=True)
                time.sleep(30)
            return write(self, name, size, pieces)
        acquiring._Copying._write = slow
        sys.exit(main(["acquire", sys.argv[1], "--to", sys.argv[2]]))
        """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(image), str(tmp_path / "layout")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, errors.decode().strip()) == (130, "interrupted")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar"]


# opening it again


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_it_opens_as_the_image_that_was_acquired(
    saved: Path, acquired: Any, opened: Any, tmp_path: Path, name: str
) -> None:
    direct = opened(saved).image
    acquired(saved, tmp_path / name)
    saved.unlink()
    again = opened(tmp_path / name)
    assert again.image.source == "acquired"
    assert again.image.reference == direct.reference == str(saved)
    assert again.image.tags == ("app:1",)
    assert again.image.config_digest == direct.config_digest
    assert again.image.issues == direct.issues
    assert layers_of(again.image) == [LAYER, UPPER]
    assert again.acquisition.archive == again.acquisition.resolved


def test_one_acquired_again_opens_as_the_first_image(
    saved: Path, acquired: Any, opened: Any, tmp_path: Path
) -> None:
    acquired(saved, tmp_path / "one")
    acquired(tmp_path / "one", tmp_path / "two.tar")
    acquired(tmp_path / "two.tar", tmp_path / "three.tar")
    acquired(tmp_path / "three.tar", tmp_path / "four")
    for name in ("two.tar", "three.tar", "four"):
        image = opened(tmp_path / name).image
        assert (image.reference, image.tags) == (str(saved), ("app:1",))
        assert layers_of(image) == [LAYER, UPPER]
    assert record_of(tmp_path / "four")["reference"] == str(tmp_path / "three.tar")


def test_the_choice_of_then_counts_and_another_one_is_refused(
    acquired: Any, opened: Any, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    manifests = [blobs.image([LAYER]), blobs.image([UPPER])]
    archive = tmp_path / "image.tar"
    archive.write_bytes(tar_of(blobs.members(manifests)))
    record = acquired(archive, tmp_path / "layout", image=1).record
    assert record.choice.image == 1
    assert layers_of(opened(tmp_path / "layout").image) == [UPPER]
    with pytest.raises(UsageError):
        opened(tmp_path / "layout", platform="linux/s390x")


@pytest.mark.parametrize("role", ["archive", "config", "layer", "manifest"])
def test_a_content_that_was_changed_is_reported(
    saved: Path, acquired: Any, opened: Any, tmp_path: Path, role: str
) -> None:
    record = acquired(saved, tmp_path / "layout").record
    changed = next(content for content in record.contents if content.role == role)
    path = blob(tmp_path / "layout", changed.digest)
    path.write_bytes(path.read_bytes().replace(b"hidden", b"HIDDEN", 1)[:-1] + b"?")
    image = opened(tmp_path / "layout").image
    told = [issue for issue in image.issues if issue.code == "digest-mismatch"]
    assert any(changed.digest in issue.subject for issue in told)


def test_a_content_that_was_taken_away_is_reported(
    saved: Path, acquired: Any, opened: Any, tmp_path: Path
) -> None:
    record = acquired(saved, tmp_path / "layout").record
    blob(tmp_path / "layout", record.archive).unlink()
    image = opened(tmp_path / "layout").image
    (issue,) = [issue for issue in image.issues if issue.code == "archive-absent"]
    assert issue.lost_bytes == saved.stat().st_size
    assert layers_of(image) == [LAYER, UPPER]


# records of an attacker


@pytest.fixture
def layout(saved: Path, acquired: Any, tmp_path: Path) -> Path:
    acquired(saved, tmp_path / "layout")
    return tmp_path / "layout"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-parsed"),
        (b"not JSON", "not-parsed"),
        (b"[]", "not-parsed"),
        (b'{"contents": 5}', "not-parsed"),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not-parsed"),
        (b"\xff\xfe", "not-parsed"),
        (b'{"schema": "forensics-acquisition/9"}', "not-supported"),
        (b'{"reference": "' + b"x" * 70_000 + b'"}', "limit"),
        (b'{"reference": "' + b"x" * (17 << 20) + b'"}', "limit"),
        (b'{"archive": "sha256:' + b"0" * 64 + b'"}', "archive-absent"),
        (b'{"archive": "../../etc/passwd"}', "archive-absent"),
        (b'{"contents": [{"digest": "../../etc/passwd", "size": -1}]}', "bad-digest"),
        (b'{"contents": [{"digest": "sha256:' + b"1" * 64 + b'", "size": 1}]}', "content-absent"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value[:24]),
)
def test_a_record_that_is_none_leaves_the_layout_to_be_read(
    layout: Path, opened: Any, content: bytes, code: str
) -> None:
    (layout / "acquisition.json").write_bytes(content)
    image = opened(layout).image
    assert code in codes(image)
    assert layers_of(image) == [LAYER, UPPER]


def test_a_record_without_a_layout_is_not_looked_at(opened: Any, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    archive.write_bytes(docker_save([LAYER], extra=[("acquisition.json", b'{"reference": "alpine"}')]))
    assert opened(archive).image.reference == str(archive)


def test_a_record_cannot_show_another_image_than_the_layout(
    saved: Path, layout: Path, opened: Any, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    evil = blobs.write(tmp_path / "evil", [blobs.image([EVIL])])
    harmless = saved.read_bytes()
    blob(evil, digest(harmless)).write_bytes(harmless)
    (evil / "acquisition.json").write_bytes((layout / "acquisition.json").read_bytes())
    image = opened(evil).image
    assert layers_of(image) == [EVIL]
    assert image.reference == str(evil)
    assert "documents-disagree" in codes(image)


def test_a_record_cannot_hide_that_a_layer_of_the_layout_is_another(layout: Path, opened: Any) -> None:
    blob(layout, digest(LAYER)).write_bytes(EVIL)
    kept = [content for content in record_of(layout)["contents"] if content["role"] == "archive"]
    change_record(layout, contents=kept)
    image = opened(layout).image
    assert "documents-disagree" in codes(image)
    assert EVIL in layers_of(image)


def test_a_record_cannot_hide_a_further_image_of_the_layout(layout: Path, opened: Any) -> None:
    index = json.loads((layout / "index.json").read_bytes())
    blobs = OciBlobs()
    index["manifests"].append(blobs.image([EVIL]))
    (layout / "index.json").write_bytes(as_json(index))
    for name, content in blobs.blobs.items():
        blob(layout, name).write_bytes(content)
    with pytest.raises(UsageError, match="2 images"):
        opened(layout)


@pytest.mark.parametrize(
    "archive",
    [b"no archive at all", b"\x1f\x8b\x08 broken", b"", bytes(10240)],
    ids=["text", "broken", "empty", "zeros"],
)
def test_an_archive_that_is_none_leaves_the_layout_to_be_read(
    layout: Path, opened: Any, archive: bytes
) -> None:
    blob(layout, digest(archive)).write_bytes(archive)
    change_record(layout, archive=digest(archive))
    image = opened(layout).image
    assert layers_of(image) == [LAYER, UPPER]
    assert "not-parsed" in codes(image)


def test_archives_in_archives_end(layout: Path, opened: Any, tmp_path: Path) -> None:
    def pack(folder: Path) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    tar.add(path, str(path.relative_to(folder)))
        return buffer.getvalue()

    outer = b""
    for _ in range(12):
        inner = pack(layout)
        if outer:
            blob(layout, digest(outer)).unlink()
        outer = inner
        blob(layout, digest(inner)).write_bytes(inner)
        change_record(layout, archive=digest(inner), source="oci_layout")
    image = opened(layout).image
    assert "limit" in codes(image)
    assert layers_of(image) == [LAYER, UPPER]


def test_a_layout_that_leads_nowhere_is_one_line(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "index.json").write_bytes(b"{}")
    (tmp_path / "layout" / "acquisition.json").write_bytes(b'{"archive": "sha256:' + b"0" * 64 + b'"}')
    with pytest.raises(ImageNotOpened):
        opened(tmp_path / "layout")


def test_a_folder_with_a_record_that_cannot_be_used_is_not_acquired(
    layout: Path, acquired: Any, tmp_path: Path
) -> None:
    (layout / "acquisition.json").write_bytes(b"not JSON")
    with pytest.raises(UsageError, match="cannot be used"):
        acquired(layout, tmp_path / "copy")
    assert left_over(tmp_path) == []


def test_a_record_cannot_hide_what_the_layout_would_start(acquired: Any, opened: Any, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "motd").write_text("good morning\n")
    acquired(root, tmp_path / "layout")
    layout = tmp_path / "layout"
    assert opened(layout).image.reference == str(root)
    index = json.loads((layout / "index.json").read_bytes())
    manifest = json.loads(blob(layout, index["manifests"][0]["digest"]).read_bytes())
    config = json.loads(blob(layout, manifest["config"]["digest"]).read_bytes())
    for content in (
        as_json({**config, "Config": {"Entrypoint": ["/bin/evil"]}}),
        as_json({**config, "config": {"Entrypoint": ["/bin/evil"]}}),
    ):
        manifest["config"].update(digest=digest(content), size=len(content))
        blob(layout, digest(content)).write_bytes(content)
        index["manifests"][0].update(digest=digest(as_json(manifest)), size=len(as_json(manifest)))
        blob(layout, digest(as_json(manifest))).write_bytes(as_json(manifest))
        (layout / "index.json").write_bytes(as_json(index))
        image = opened(layout).image
        assert image.reference == str(layout)
        assert "documents-disagree" in codes(image)
    assert image.config.entrypoint == ("/bin/evil",)


def test_nothing_is_written_beside_the_target(saved: Path, tmp_path: Path) -> None:
    places = {
        name: tmp_path / "own" / name for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR")
    }
    for place in places.values():
        place.mkdir(parents=True)
    subprocess.run(
        [
            *(sys.executable, "-c", "import sys; from forensics.cli.main import main; sys.exit(main())"),
            *("acquire", str(saved), "--to", str(tmp_path / "layout")),
        ],
        env={**os.environ, **{name: str(place) for name, place in places.items()}},
        check=True,
        capture_output=True,
    )
    assert [path for path in (tmp_path / "own").rglob("*") if path.is_file()] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar", "layout", "own"]


def test_a_vast_hole_is_not_hashed(layout: Path, opened: Any, tmp_path: Path) -> None:
    vast = b"0\n"
    hole = "sha256:" + "0" * 64
    change_record(layout, contents=[{"digest": hole, "size": 1 << 35, "role": "referrer"}])
    with tarfile.open(tmp_path / "layout.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(layout.rglob("*")):
            if path.is_file():
                archive.add(path, str(path.relative_to(layout)))
        header = tarfile.TarInfo("blobs/" + hole.replace(":", "/"))
        header.size = 512
        header.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": header.name,
            "GNU.sparse.realsize": str(1 << 35),
        }
        archive.addfile(header, io.BytesIO(vast.ljust(512, b"\0")))
    image = opened(tmp_path / "layout.tar").image
    assert [issue.subject for issue in image.issues if issue.code == "limit"] == [f"acquired referrer {hole}"]
    assert layers_of(image) == [LAYER, UPPER]


# what a record may choose and say


@pytest.fixture
def two_images(tmp_path: Path) -> tuple[Path, list[str]]:
    """A layout of two images, and the digests of their manifests."""
    blobs = OciBlobs()
    manifests = [
        blobs.image([content], annotations={"org.opencontainers.image.ref.name": name})
        for content, name in ((LAYER, "old"), (EVIL, "latest"))
    ]
    return blobs.write(tmp_path / "two", manifests), [one["digest"] for one in manifests]


def put_record(layout: Path, **members: object) -> None:
    record = {"schema": "forensics-acquisition/1", "source": "oci_layout", **members}
    (layout / "acquisition.json").write_bytes(as_json(record))


@pytest.mark.parametrize("image", [None, 1, 2, -1])
def test_a_record_chooses_only_where_number_and_digest_agree(
    two_images: tuple[Path, list[str]], opened: Any, image: int | None
) -> None:
    layout, digests = two_images
    put_record(layout, manifest_digest=digests[0], choice={"image": image})
    with pytest.raises(ChoiceNeeded, match="2 images"):
        opened(layout)


def test_what_a_record_chose_is_counted_and_the_person_still_sees_all(
    two_images: tuple[Path, list[str]], opened: Any
) -> None:
    layout, digests = two_images
    put_record(layout, manifest_digest=digests[0], choice={"image": 0})
    image = opened(layout).image
    assert (layers_of(image), image.passed_over, image.source) == ([LAYER], 1, "acquired")
    for choice in ({"image": 1}, {"tag": "latest"}):
        chosen = opened(layout, **choice).image
        assert (layers_of(chosen), chosen.passed_over) == ([EVIL], 0)
    with pytest.raises(ChoiceNeeded, match="2 images"):
        opened(layout, platform="linux/amd64")


@pytest.mark.parametrize("save", [False, True])
def test_every_image_of_an_acquired_archive_can_be_chosen(
    acquired: Any, opened: Any, tmp_path: Path, save: bool
) -> None:
    archive = tmp_path / "image.tar"
    if save:
        configs = [config_of([LAYER]), config_of([UPPER])]
        names = ["a.json", "b.json"]
        entries = [
            {"Config": name, "RepoTags": [f"app:{name[0]}"], "Layers": [f"{name[0]}.tar"]} for name in names
        ]
        members = [("a.tar", LAYER), ("b.tar", UPPER), *zip(names, configs, strict=True)]
        archive.write_bytes(tar_of([*members, ("manifest.json", as_json(entries))]))
    else:
        blobs = OciBlobs()
        archive.write_bytes(tar_of(blobs.members([blobs.image([LAYER]), blobs.image([UPPER])])))
    acquired(archive, tmp_path / "layout", image=1)
    image = opened(tmp_path / "layout").image
    assert (layers_of(image), image.passed_over, image.source) == ([UPPER], 1, "acquired")
    other = opened(tmp_path / "layout", image=0).image
    assert (layers_of(other), other.passed_over) == ([LAYER], 0)
    assert "documents-disagree" not in codes(other)


def test_a_choice_of_the_person_does_not_bring_up_an_archive_that_the_layout_does_not_show(
    saved: Path, layout: Path, opened: Any, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    evil = blobs.write(
        tmp_path / "evil",
        [blobs.image([EVIL], annotations={"org.opencontainers.image.ref.name": "app:1"})],
    )
    harmless = saved.read_bytes()
    blob(evil, digest(harmless)).write_bytes(harmless)
    (evil / "acquisition.json").write_bytes((layout / "acquisition.json").read_bytes())
    image = opened(evil, tag="app:1").image
    assert layers_of(image) == [EVIL]
    assert "documents-disagree" in codes(image)


def test_an_archive_of_several_images_of_which_the_record_names_none_leaves_the_layout(
    acquired: Any, opened: Any, tmp_path: Path
) -> None:
    blobs = OciBlobs()
    archive = tmp_path / "image.tar"
    archive.write_bytes(tar_of(blobs.members([blobs.image([LAYER]), blobs.image([UPPER])])))
    acquired(archive, tmp_path / "layout", image=1)
    change_record(tmp_path / "layout", choice={"image": 0})
    image = opened(tmp_path / "layout").image
    assert (layers_of(image), image.source) == ([UPPER], "oci_layout")
    assert "documents-disagree" in codes(image)


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_what_a_record_tells_never_takes_the_place_of_what_is_found(
    kind: str, saved: Path, acquired: Any, opened: Any, tmp_path: Path
) -> None:
    if kind == "folder":
        blobs = OciBlobs()
        saved = blobs.write(tmp_path / "source", [blobs.image([LAYER])])
    record = acquired(saved, tmp_path / "layout").record
    role = "config" if kind == "folder" else "archive"
    path = blob(tmp_path / "layout", next(one.digest for one in record.contents if one.role == role))
    path.write_bytes(path.read_bytes() + b" ")
    without = codes(opened(tmp_path / "layout").image)
    told = [
        {"stage": "x", "code": "a\x1bb", "subject": str(number), "message": "m", "lost_bytes": -5}
        for number in range(2000)
    ]
    change_record(tmp_path / "layout", issues=told)
    found = codes(opened(tmp_path / "layout").image)
    assert found[: len(without)] == without
    assert "digest-mismatch" in without
    assert found[len(without) :] == [r"a\x1bb"] * 500 + ["limit"]


# what happens to the target meanwhile


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_came_between_is_not_overwritten(
    saved: Path, opened: Any, tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody makes the file after the last look at it and before it gets its name."""
    target = tmp_path / "image.tar.tar"
    link = os.link

    def late(source: Path, place: Path) -> None:
        place.write_bytes(b"theirs")
        if not links:
            raise OSError(errno.EPERM, "Operation not permitted")
        link(source, place)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(UsageError, match="meanwhile"):
        acquire(opened(saved), target, cancel=Cancellation())
    assert target.read_bytes() == b"theirs"
    assert left_over(tmp_path) == []


def test_a_disk_without_links_takes_a_tar(
    saved: Path, acquired: Any, opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, place: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    acquired(saved, tmp_path / "layout.tar")
    assert layers_of(opened(tmp_path / "layout.tar").image) == [LAYER, UPPER]
    assert left_over(tmp_path) == []


def test_a_folder_that_was_filled_meanwhile_stays(saved: Path, opened: Any, tmp_path: Path) -> None:
    target = tmp_path / "layout"

    def fill(done: int, total: int) -> None:
        target.mkdir(exist_ok=True)
        (target / "theirs").write_bytes(b"theirs")

    with pytest.raises(ForensicsError):
        acquire(opened(saved), target, cancel=Cancellation(), on_progress=fill)
    assert [path.name for path in target.iterdir()] == ["theirs"]
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("name", ["layout", "layout.tar", "ä" * 120 + ".tar"])
def test_what_is_unfinished_says_what_it_is(saved: Path, opened: Any, tmp_path: Path, name: str) -> None:
    seen: set[str] = set()
    acquire(
        opened(saved),
        tmp_path / name,
        cancel=Cancellation(),
        on_progress=lambda done, total: seen.update(left_over(tmp_path)),
    )
    (unfinished,) = seen
    shown, mark, _ = unfinished.partition(".forensics-unfinished-")
    assert mark
    assert shown.startswith(f".{name[:6]}")


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_it_is_on_the_disk_before_it_has_its_name(
    saved: Path, acquired: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, states = os.fsync, []

    def synced(descriptor: int) -> None:
        sync(descriptor)
        states.append((Path(f"/proc/self/fd/{descriptor}").readlink(), (tmp_path / name).exists()))

    monkeypatch.setattr(os, "fsync", synced)
    acquired(saved, tmp_path / name)
    before = {path.name for path, named in states if not named}
    assert "index.json" in before if name == "layout" else len(before) == 1
    assert states[-1] == (tmp_path, True)
