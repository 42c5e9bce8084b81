"""`cat`, `ls` and `extract` on members of archives inside the image."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.image_archives import docker_save
from tests.image_archives import tar_of as layer_of
from tests.nested_bytes import SCRIPT, tar_of, zip_of

Run = Callable[..., Any]
INNER = zip_of({"deep/run.sh": SCRIPT, "plain.txt": b"plain\n"})


@pytest.fixture(scope="module")
def nested_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("members") / "image.tar"
    cut = tar_of({"a.txt": b"a" * 4000, "b.txt": bytes(range(256)) * 40})[:6000]
    layer = layer_of(
        [
            ("opt/app.jar", zip_of({"lib/a.jar": INNER, "readme": b"read me\n", "\N{ESCAPE}[1m": b"bold\n"})),
            ("opt/note.1.gz", gzip.compress(b"a note\n")),
            ("opt/odd!/name", b"a real file\n"),
            ("opt/odd!/zip", zip_of({"x": b"in a folder with a mark\n"})),
            ("opt/cut.tar", cut),
        ]
    )
    path.write_bytes(docker_save([layer]))
    return path


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/opt/app.jar!/readme", b"read me\n"),
        ("opt/app.jar!/lib/a.jar!/deep/run.sh", SCRIPT),
        ("/opt/app.jar!/lib/a.jar", INNER),
        ("/opt/app.jar!/\\x1b[1m", b"bold\n"),
        ("/opt/note.1.gz!/note.1", b"a note\n"),
        ("/opt/odd!/name", b"a real file\n"),
        ("/opt/odd!/zip!/x", b"in a folder with a mark\n"),
    ],
)
def test_cat_writes_a_member(run: Run, nested_image: Path, path: str, content: bytes) -> None:
    assert run("cat", nested_image, path).output == content


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/opt/app.jar!/nothing", "there is no nothing in /opt/app.jar"),
        ("/opt/nothing!/x", "there is no /opt/nothing"),
        ("/opt/note.1.gz!/note.1!/x", "there is no note.1!/x in /opt/note.1.gz"),
        ("/opt/app.jar!/", "no member of /opt/app.jar is named"),
    ],
)
def test_cat_says_what_is_not_there(run: Run, nested_image: Path, path: str, told: str) -> None:
    result = run("cat", nested_image, path)
    assert result.code in (2, 3)
    assert told in result.errors


def test_cat_says_how_much_of_a_cut_member_is_missing(run: Run, nested_image: Path) -> None:
    result = run("cat", nested_image, "/opt/cut.tar!/b.txt")
    assert result.code == 4
    assert (bytes(range(256)) * 40).startswith(result.output)
    assert f"at least {10240 - len(result.output)} bytes are missing" in result.errors


def test_ls_lists_members_for_people_and_as_json(run: Run, nested_image: Path) -> None:
    text = run("ls", nested_image, "/opt/app.jar!/").text
    assert [line.split()[-1] for line in text.splitlines()] == ["lib/a.jar", "readme", "\\x1b[1m"]
    rows = json.loads(run("ls", nested_image, "/opt/app.jar!/lib/a.jar!", "--json").output)
    assert [(row["path"], row["type"], row["size"]) for row in rows] == [
        ("/opt/app.jar!/lib/a.jar!/deep/run.sh", "script", len(SCRIPT)),
        ("/opt/app.jar!/lib/a.jar!/plain.txt", "text", 6),
    ]
    single = json.loads(run("ls", nested_image, "/opt/note.1.gz!/", "--json").output)
    assert [row["path"] for row in single] == ["/opt/note.1.gz!/note.1"]


def test_ls_says_that_a_file_is_no_archive(run: Run, nested_image: Path) -> None:
    result = run("ls", nested_image, "/opt/odd!/name!/")
    assert "/opt/odd!/name is no archive that can be opened" in result.errors


def test_extract_takes_a_member_along(run: Run, nested_image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run("extract", nested_image, "/opt/app.jar!/lib/a.jar!/deep/run.sh", "--to", folder)
    (row,) = json.loads((folder / "manifest.json").read_bytes())["files"]
    assert row["path"] == "/opt/app.jar!/lib/a.jar!/deep/run.sh"
    assert row["sha256"] == hashlib.sha256(SCRIPT).hexdigest()
    assert (folder / row["file"]).read_bytes() == SCRIPT
