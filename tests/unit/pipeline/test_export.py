"""Evidence export: exact bytes under their digests, and no name from the image on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.cancellation import Cancellation
from forensics.errors import Cancelled, ForensicsError
from forensics.layers import ImageView
from forensics.model.files import FileVersion
from forensics.pipeline.export import MANIFEST, SCHEMA, export_versions
from tests.layered_images import DIRECTORY, GONE, Link, Program, open_image_of

HOSTILE = "/tmp/../\x1b[2J\udcff"
ORIGIN = {"reference": "app.tar", "config_digest": "sha256:" + "ab" * 32}


@pytest.fixture
def view() -> Iterator[ImageView]:
    layers = (
        {
            "/bin/tool": Program(b"\x7fELF tool", 0o4755),
            "/etc": DIRECTORY,
            "/link": Link("bin/tool"),
            HOSTILE: "h",
        },
        {"/bin/tool": Program(b"changed"), "/copy": "\x7fELF tool"},
        {"/copy": GONE},
    )
    with open_image_of(*layers) as opened:
        yield opened


def every_version(view: ImageView) -> list[FileVersion]:
    """All of them, in the view's order."""
    return list(view.all_versions())


def test_the_bytes_are_exact_and_named_by_their_digest(view: ImageView, tmp_path: Path) -> None:
    export_versions(view, every_version(view), tmp_path / "out", image=ORIGIN)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names - {MANIFEST} == {
        hashlib.sha256(content).hexdigest() for content in (b"\x7fELF tool", b"changed", b"h")
    }
    for name in names - {MANIFEST}:
        path = tmp_path / "out" / name
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_the_manifest_says_what_each_was(view: ImageView, tmp_path: Path) -> None:
    returned = export_versions(view, every_version(view), tmp_path, image=ORIGIN)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest["schema"] == SCHEMA
    assert manifest["image"] == ORIGIN
    rows = {(row["layer"], row["path"]): row for row in manifest["files"]}
    assert len(rows) == len(returned.files) == len(every_version(view))
    tool = rows[(0, "/bin/tool")]
    assert (tool["state"], tool["changed_by_layer"], tool["mode"]) == ("overwritten", 1, "4755")
    assert tool["file"] == tool["sha256"] == hashlib.sha256(b"\x7fELF tool").hexdigest()
    assert tool["complete"]
    assert rows[(0, "/link")]["link"] == "bin/tool"
    assert rows[(0, "/link")]["file"] == ""
    assert rows[(0, "/etc")]["kind"] == "directory"
    assert rows[(1, "/copy")]["state"] == "deleted"


def test_a_hostile_name_stays_in_the_manifest_and_is_exact_there(view: ImageView, tmp_path: Path) -> None:
    export_versions(view, every_version(view), tmp_path / "out")
    text = (tmp_path / "out" / MANIFEST).read_text()
    assert "\x1b" not in text
    encoded = next(row["path_base64"] for row in json.loads(text)["files"] if row["path_base64"])
    exact = base64.b64decode(encoded).decode("utf-8", "surrogateescape")
    assert exact in {version.path for version in every_version(view)}
    assert all(
        re.fullmatch(r"[0-9a-f]{64}|manifest\.json", path.name) for path in (tmp_path / "out").iterdir()
    )
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_a_second_export_extends_the_first(view: ImageView, tmp_path: Path) -> None:
    versions = every_version(view)
    export_versions(view, versions[:2], tmp_path, image=ORIGIN)
    export_versions(view, versions[1:], tmp_path, image=ORIGIN)
    once = (tmp_path / MANIFEST).read_bytes()
    export_versions(view, versions, tmp_path, image=ORIGIN)
    assert (tmp_path / MANIFEST).read_bytes() == once
    assert len(json.loads(once)["files"]) == len(versions)


def test_the_order_does_not_depend_on_that_of_the_wish(view: ImageView, tmp_path: Path) -> None:
    export_versions(view, every_version(view), tmp_path / "a")
    export_versions(view, reversed(every_version(view)), tmp_path / "b")
    assert (tmp_path / "a" / MANIFEST).read_bytes() == (tmp_path / "b" / MANIFEST).read_bytes()


@pytest.mark.parametrize(
    "content", [b"{}", b"\xff", b"not json", b'{"schema":"forensics-export/1","image":{}}']
)
def test_a_folder_of_something_else_is_left_alone(view: ImageView, tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ForensicsError, match="belongs to something else"):
        export_versions(view, every_version(view), tmp_path, image=ORIGIN)
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_a_link_in_the_way_is_replaced_and_never_followed(view: ImageView, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / hashlib.sha256(b"h").hexdigest()).symlink_to(target)
    export_versions(view, every_version(view), out)
    assert target.read_text() == "mine"
    assert (out / hashlib.sha256(b"h").hexdigest()).read_bytes() == b"h"


def test_a_folder_that_cannot_be_made_is_said(view: ImageView, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ForensicsError, match="cannot export to"):
        export_versions(view, every_version(view), tmp_path / "file" / "out")


def test_a_cancelled_export_leaves_no_half_file(view: ImageView, tmp_path: Path) -> None:
    cancel = Cancellation()
    cancel.cancel()
    with pytest.raises(Cancelled):
        export_versions(view, every_version(view), tmp_path, cancel=cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_its_layer_cuts_short_is_marked(tmp_path: Path) -> None:
    with open_image_of({"/big": "x" * 5000}) as view:
        version = every_version(view)[0]
        cut = _CutShort(view, 1000)
        manifest = export_versions(cut, [version], tmp_path)
    row = manifest.files[0]
    assert not row.complete
    assert row.sha256 == hashlib.sha256(b"x" * 1000).hexdigest()
    assert row.expected_sha256 == version.sha256


class _CutShort(ImageView):
    """A view whose layers end early."""

    def __init__(self, view: ImageView, size: int) -> None:
        super().__init__(view.image_layers)
        self._end = size

    def read(self, what: object, offset: int = 0, length: int | None = None) -> bytes:
        """Nothing beyond the end."""
        return super().read(what, offset, self._end - offset)[: self._end - offset]  # type: ignore[arg-type]
