"""Archives made to mislead, exhaust or crash whoever opens them."""

from __future__ import annotations

import errno
import gzip
import json
import random
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.cancellation import Cancellation
from forensics.errors import Cancelled, ForensicsError
from forensics.limits import Limits
from forensics.model.image import Image
from forensics.sources import open_image
from forensics.spool import Spool
from tests.image_archives import OciBlobs, as_json, config_of, digest, docker_save, link, tar_of

LAYER = tar_of([("bin/app", b"program")])
HOSTILE_TEXTS = [
    "\x1b[2J",
    "\x1b]52;c;aGk=\x07",
    "\u202egnp.exe",
    "[/foo]",
    "\x9b31m",
    "a\nb",
    "\udcff",
    "\0",
    "é" * 9,
]


def opened(path: Path, content: bytes, spool: Spool, **options: Any) -> Image:
    path.write_bytes(content)
    with open_image(str(path), spool=spool, **options) as one:
        return one.image


def assert_safe(image: Image) -> None:
    """Nothing in the record breaks an encoder, and what is made to be shown is printable."""
    msgspec.msgpack.encode(image)
    for issue in image.issues:
        assert issue.message.isprintable()
        assert issue.subject.isprintable()
        assert issue.lost_bytes >= 0


def assert_opened_or_refused(path: Path, content: bytes, spool: Spool) -> None:
    """Whatever the bytes are: an image that is safe to handle, or an error that is safe to show."""
    refusal, image = None, None
    try:
        image = opened(path, content, spool)
    except ForensicsError as error:
        refusal = error
    if image is not None:
        assert_safe(image)
    if refusal is not None:
        assert refusal.message.isprintable()
        assert refusal.hint.isprintable()


@pytest.fixture
def spool(tmp_path: Path):
    with Spool(tmp_path) as one:
        yield one


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_texts_that_attack_a_terminal(tmp_path, spool, text):
    config = config_of(
        [LAYER],
        author=text,
        config={"Env": [text], "Labels": {text: text}, "User": text},
        history=[{"created_by": text, "empty_layer": text}, {"created_by": text}],
    )
    entries = [
        {"Config": "c.json", "RepoTags": [text], "Layers": ["l.tar", text]},
        {"Config": text, "RepoTags": [text], "Layers": [text]},
    ]
    content = tar_of([("l.tar", LAYER), ("c.json", config), ("manifest.json", as_json(entries))])
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ForensicsError) as raised:
        open_image(str(path), spool=spool)
    for line in raised.value.choices:  # type: ignore[attr-defined]
        assert line.isprintable()
    for chosen in (0, 1):
        with open_image(str(path), spool=spool, image=chosen) as one:
            assert_safe(one.image)
    with pytest.raises(ForensicsError) as raised:
        open_image(str(path), spool=spool, tag=text + "?")
    assert raised.value.message.isprintable()
    assert raised.value.hint.isprintable()


def test_no_name_of_an_archive_reaches_the_file_system(tmp_path, spool):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    names = ["../secret", str(secret), "./../secret", "a/../../secret", "//" + str(secret)]
    entries = [{"Config": name, "Layers": names} for name in names]
    content = tar_of(
        [*(link(f"l{n}", name) for n, name in enumerate(names)), ("manifest.json", as_json(entries))]
    )
    for chosen in range(len(names)):
        image = opened(tmp_path / "x", content, spool, image=chosen)
        assert all(layer.blob is None for layer in image.layers)
        assert image.config_digest == ""


@pytest.mark.parametrize("depth", [10, 10_000, 300_000])
def test_json_that_is_nested_without_end(tmp_path, spool, depth):
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    image = opened(tmp_path / "x", docker_save([LAYER], config=deep), spool)
    assert_safe(image)
    assert ("not-parsed" in {issue.code for issue in image.issues}) == (depth > 10)


def test_documents_larger_than_the_limit(tmp_path, spool):
    config = config_of([LAYER], author="x" * 100_000)
    image = opened(
        tmp_path / "x", docker_save([LAYER], config=config), spool, limits=Limits(json_bytes=50_000)
    )
    assert {issue.code for issue in image.issues} >= {"limit", "config-absent"}
    assert sum(issue.lost_bytes for issue in image.issues if issue.code == "limit") == len(config)


def test_many_documents_are_bounded_together(tmp_path, spool):
    blobs = OciBlobs()
    first = blobs.image([LAYER])
    fat = [
        blobs.add(
            as_json({"manifests": [], "pad": f"{n}" * 10_000}), "application/vnd.oci.image.index.v1+json"
        )
        for n in range(30)
    ]
    content = tar_of(blobs.members([first, *fat]))
    image = opened(tmp_path / "x", content, spool, limits=Limits(json_bytes=100_000))
    assert "limit" in {issue.code for issue in image.issues}
    assert image.layers[0].digest == digest(LAYER)


def test_a_small_archive_that_becomes_large(tmp_path, spool):
    bomb = gzip.compress(bytes(64 << 20), 9)
    limits = Limits(compression_ratio=100, ratio_free_bytes=1 << 20)
    with pytest.raises(ForensicsError):
        opened(tmp_path / "x", bomb, spool, limits=limits)
    padded = gzip.compress(docker_save([LAYER]) + bytes(64 << 20), 9)
    image = opened(tmp_path / "x", padded, spool, limits=limits)
    assert "limit" in {issue.code for issue in image.issues}


def test_the_work_can_be_stopped(tmp_path, spool):
    cancel = Cancellation()
    cancel.cancel()
    for content in (docker_save([LAYER]), gzip.compress(docker_save([LAYER]))):
        with pytest.raises(Cancelled):
            opened(tmp_path / "x", content, spool, cancel=cancel)


def test_a_disk_that_cannot_be_read(tmp_path, spool, monkeypatch):
    (tmp_path / "x").write_bytes(docker_save([LAYER]))

    def failing(*_args):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.pread", failing)
    with pytest.raises(ForensicsError, match="cannot be read: Input/output error"):
        open_image(str(tmp_path / "x"), spool=spool)


def test_descriptors_are_closed_whatever_happens(tmp_path, spool):
    blobs = OciBlobs()
    folder = blobs.write(tmp_path / "layout", [blobs.image([LAYER])])
    (tmp_path / "bad").write_bytes(b"text")
    (tmp_path / "cut").write_bytes(b"\x1f\x8b\x08" + bytes(20))
    before = set(Path("/proc/self/fd").iterdir())
    with open_image(str(folder), spool=spool):
        pass
    for name in ("bad", "cut", "layout/blobs"):
        with pytest.raises(ForensicsError):
            open_image(str(tmp_path / name), spool=spool)
    spool.close()
    after = set(Path("/proc/self/fd").iterdir())
    assert len(after) <= len(before)


def test_sparse_members_of_the_outer_archive_are_read_as_they_are_meant(tmp_path, spool):
    """GNU sparse 0.1 in pax records: the stored bytes are not the content."""
    header = tarfile.TarInfo("l.tar")
    header.size = 512
    header.pax_headers = {
        "GNU.sparse.size": str(len(LAYER)),
        "GNU.sparse.map": "0,512",
        "GNU.sparse.name": "l.tar",
    }
    stored = header.tobuf(tarfile.PAX_FORMAT) + LAYER[:512]
    entries = as_json([{"Config": "c.json", "Layers": ["l.tar"]}])
    content = stored + tar_of([("c.json", config_of([LAYER])), ("manifest.json", entries)])
    image = opened(tmp_path / "x", content, spool)
    (layer,) = image.layers
    assert layer.blob is not None
    assert layer.blob.size == len(LAYER)


def test_too_many_open_files_are_issues(tmp_path, monkeypatch):
    import resource

    blobs = OciBlobs()
    layers = [tar_of([(f"f{n}", b"x")]) for n in range(80)]
    folder = blobs.write(tmp_path / "layout", [blobs.image(layers)])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir()))
    with Spool(tmp_path) as spool:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 40, hard))
        try:
            with open_image(str(folder), spool=spool) as one:
                codes = {issue.code for issue in one.image.issues}
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert codes == {"unreadable", "layer-absent"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def replaced(value: Any, at: int, other: Any) -> tuple[Any, int]:
    """`value` with the `at`-th node replaced; how many nodes were passed."""
    if at == 0:
        return other, -1
    at -= 1
    if isinstance(value, dict):
        made = {}
        for key, inner in value.items():
            made[key], at = replaced(inner, at, other) if at >= 0 else (inner, at)
        return made, at
    if isinstance(value, list):
        items = []
        for inner in value:
            done, at = replaced(inner, at, other) if at >= 0 else (inner, at)
            items.append(done)
        return items, at
    return value, at


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 40), other=VALUES, which=st.sampled_from(["manifest", "index", "config"]))
def test_any_value_in_any_place_is_opened_or_refused(tmp_path, at, other, which):
    blobs = OciBlobs()
    config = config_of([LAYER])
    parts = {
        "config": json.loads(config),
        "manifest": None,
        "index": None,
    }
    if which == "config":
        config = as_json(replaced(parts["config"], at, other)[0])
    descriptor = blobs.image([LAYER], config)
    if which == "manifest":
        content = json.loads(blobs.blobs[descriptor["digest"]])
        descriptor = blobs.add(as_json(replaced(content, at, other)[0]), descriptor["mediaType"])
    members = blobs.members([descriptor, blobs.index([descriptor])])
    if which == "index":
        content = json.loads(dict(m for m in members if isinstance(m, tuple))["index.json"])
        members.append(("index.json", as_json(replaced(content, at, other)[0])))
    with Spool(tmp_path) as spool:
        assert_opened_or_refused(tmp_path / "x", tar_of(members), spool)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 60), other=VALUES)
def test_any_value_in_a_docker_manifest(tmp_path, at, other):
    value = [{"Config": "c", "RepoTags": ["a:1"], "Layers": ["l"], "LayerSources": {"x": {"size": 1}}}]
    manifest = as_json(replaced(value, at % 12, other)[0])
    with Spool(tmp_path) as spool:
        content = tar_of([("c", config_of([LAYER])), ("l", LAYER), ("manifest.json", manifest)])
        assert_opened_or_refused(tmp_path / "x", content, spool)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_archives_are_opened_or_refused(tmp_path, spool, seed):
    chance = random.Random(seed)
    whole = docker_save([LAYER, tar_of([("x", b"y" * 3000)])])
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        if chance.random() < 0.3:
            del content[chance.randrange(len(content)) :]
        assert_opened_or_refused(tmp_path / "x", bytes(content), spool)
