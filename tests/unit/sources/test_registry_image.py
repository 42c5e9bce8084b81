"""Images of a registry that is hostile, or shares a store with others: over plain HTTP on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from forensics.access import Access
from forensics.errors import ChoiceNeeded
from forensics.limits import Limits
from forensics.registry import RegistryError
from forensics.registry.mirrors import VARIABLE
from forensics.sources import OpenImage, open_image
from forensics.spool import Spool
from tests.image_archives import OCI_MANIFEST, OciBlobs, as_json, config_of, digest, tar_of
from tests.registry_double import Asked, Double, Reply, double

PLAIN = Access(plain_http=True)
LAYER = tar_of([("etc/motd", b"hello\n" * 2000)])


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("FORENSICS_STORE_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def server():
    with double() as server:
        yield server


@contextmanager
def pulled(server: Double, tag: str = "v1", **more: Any) -> Iterator[OpenImage]:
    with (
        Spool() as spool,
        open_image(f"registry:{server.host}/team/app:{tag}", spool=spool, access=PLAIN, **more) as opened,
    ):
        yield opened


def codes(opened: OpenImage) -> list[str]:
    return [issue.code for issue in opened.image.issues]


@pytest.mark.parametrize("body", [b"z" * len(LAYER), b"<html>please log in</html>"])
def test_a_mirror_with_other_bytes_hides_no_layer(server, monkeypatch, body):
    blobs = OciBlobs()
    server.take(blobs, v1=blobs.image([LAYER]))
    with double() as mirror:
        mirror.take(blobs, v1=blobs.image([LAYER]))
        mirror.rules.append(lambda asked: Reply(body=body) if digest(LAYER) in asked.path else None)
        monkeypatch.setenv(VARIABLE, f"{server.host}={mirror.host}")
        with pulled(server) as opened:
            assert codes(opened) == []
            assert opened.image.layers[0].blob is not None
            assert opened.acquisition is not None
            assert opened.acquisition.not_acquired == ()


def test_what_the_store_has_of_another_registry_is_not_said_of_this_one(server):
    blobs = OciBlobs()
    image = blobs.image([LAYER])
    server.take(blobs, v1=image)
    with pulled(server):
        pass
    with double() as other:
        other.take(blobs, v1=image)
        del other.blobs[digest(LAYER)]
        with pulled(other) as opened:
            assert opened.image.layers[0].blob is None
            assert codes(opened) == ["not-acquired", "layer-absent"]
            assert opened.acquisition is not None
            assert digest(LAYER) not in {one.digest for one in opened.acquisition.contents}
            assert [one.digest for one in opened.acquisition.not_acquired] == [digest(LAYER)]


def test_what_came_from_the_store_is_told(server):
    blobs = OciBlobs()
    server.take(blobs, v1=blobs.image([LAYER]))
    with pulled(server) as opened:
        assert opened.acquisition is not None
        assert opened.acquisition.notes == ()
    with pulled(server) as opened:
        assert opened.acquisition is not None
        (note,) = opened.acquisition.notes
        assert "1 content came from the store" in note or "2 contents came from the store" in note
    fetched = [asked for asked in server.asked if digest(LAYER) in asked.path]
    assert [asked.method for asked in fetched] == ["GET", "HEAD"]


def test_what_is_listed_as_a_referrer_takes_no_name(server):
    blobs = OciBlobs()
    image, other = blobs.image([LAYER]), blobs.image([tar_of([("other", b"x")])])
    server.take(blobs, v1=image)
    named = {"org.opencontainers.image.ref.name": "v1", "kept": "yes"}
    server.referrers = {image["digest"]: [{**other, "annotations": named}]}
    with pulled(server) as opened:
        assert opened.image.manifest_digest == image["digest"]
        assert [one.code for one in opened.image.issues if "under a name, 'v1'" in one.message] == [
            "malformed-document"
        ]
        assert "ambiguous-tag" not in codes(opened)


def test_attachments_are_bounded_together(server):
    blobs = OciBlobs()
    image = blobs.image([LAYER])
    listed = [blobs.image([b"%d" % number + bytes(5000)]) for number in range(6)]
    server.take(blobs, v1=image)
    server.referrers = {image["digest"]: listed}
    with pulled(server, limits=Limits(sbom_bytes=12000)) as opened:
        assert "limit" in codes(opened)
        assert opened.acquisition is not None
        got = [one.size for one in opened.acquisition.contents if one.role == "referrer"]
        assert got.count(5001) == 2
        assert sum(got) < 12000 + 3000


def test_a_pull_takes_no_longer_than_a_run_may(server):
    blobs = OciBlobs()
    server.take(blobs, v1=blobs.image([LAYER]))

    def slow(asked: Asked) -> Reply | None:
        if digest(LAYER) not in asked.path:
            return None
        return Reply(body=[b"x"] * len(LAYER), pause=lambda: time.sleep(0.05))

    server.rules.append(slow)
    begin = time.monotonic()
    with pytest.raises(RegistryError, match="longer than 1 s"), pulled(server, limits=Limits(run_seconds=1)):
        pass
    assert time.monotonic() - begin < 4


def test_listing_platforms_is_bounded(server):
    blobs = OciBlobs()
    listed = [
        blobs.image([LAYER], config=config_of([LAYER], created=f"2024-01-02T03:{n // 60:02}:{n % 60:02}Z"))
        for n in range(200)
    ]
    server.take(blobs, v1=blobs.index(listed))
    with Spool() as spool, pytest.raises(ChoiceNeeded) as raised:
        open_image(f"registry:{server.host}/team/app:v1", spool=spool, access=PLAIN)
    assert len(raised.value.choices) == 200
    assert len(server.asked) == 1 + 2 * 128


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_wrong_size_is_an_issue_whatever_the_store_holds(server, wrong):
    blobs = OciBlobs()
    good = blobs.image([LAYER])
    manifest = json.loads(blobs.blobs[good["digest"]])
    manifest["layers"][0]["size"] += wrong
    server.take(blobs, good=good, bad=blobs.add(as_json(manifest), OCI_MANIFEST))
    for _ in ("empty", "warm"):
        with pulled(server, "bad") as opened:
            assert opened.image.layers[0].blob is not None
            assert codes(opened) == ["size-mismatch"]
