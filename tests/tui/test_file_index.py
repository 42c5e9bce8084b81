"""Looking file versions up, from a live image and from a saved report."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from forensics.layers import ImageView
from forensics.model.files import FileState
from forensics.model.report import ReportFile
from forensics.printable import exact_base64, printable
from forensics.tui.file_index import FileIndex, exact_path, version_of_row
from tests.layered_images import GONE, Link, open_image_of
from tests.report_records import make_finding

HOSTILE = "/tmp/\x1b]52;c;aGk=\x07\udcff[/foo]"


@pytest.fixture
def view() -> Iterator[ImageView]:
    layers = (
        {"/a": "1", "/app.jar": "zip", HOSTILE: "h"},
        {"/a": "22", "/b": Link("/a", hard=True)},
        {"/a": GONE, "/app.jar": GONE},
    )
    with open_image_of(*layers) as opened:
        yield opened


@pytest.fixture
def files(view: ImageView) -> FileIndex:
    return FileIndex(view.all_versions(), len(view.image_layers))


def test_it_agrees_with_the_view(files: FileIndex, view: ImageView) -> None:
    for version in view.all_versions():
        assert files.by_key(version.key) is version
        assert tuple(files.of_path(version.path)) == view.versions(version.path)
    for layer in range(3):
        assert tuple(files.in_layer(layer)) == view.in_layer(layer)
        assert tuple(files.removed_by(layer)) == view.removed_by(layer)
    assert files.change_counts(1) == (1, 1, 0)
    assert files.change_counts(2) == (0, 0, 2)


def test_what_is_not_there_is_said_so(files: FileIndex) -> None:
    assert files.by_key((9, 9)) is None
    assert list(files.of_path("/nowhere")) == []
    assert list(files.in_layer(7)) == list(files.removed_by(7)) == []


def test_a_finding_leads_to_its_version(files: FileIndex) -> None:
    finding = make_finding(layer=0, path="/a")
    found = files.of_finding(finding)
    assert found is not None
    assert (found.path, found.layer, found.state) == ("/a", 0, FileState.OVERWRITTEN)
    assert files.of_finding(make_finding(layer=2, path="/a")) is None
    assert files.of_finding(make_finding(layer=None, path=None)) is None


def test_a_finding_inside_an_archive_leads_to_the_archive(files: FileIndex) -> None:
    found = files.of_finding(make_finding(layer=0, path="/app.jar!/META-INF/run.sh"))
    assert found is not None
    assert found.path == "/app.jar"


def test_a_hostile_path_is_found_by_its_bytes_and_by_how_it_reads(files: FileIndex) -> None:
    finding = make_finding(layer=0, path=printable(HOSTILE), path_base64=exact_base64(HOSTILE))
    found = files.of_finding(finding)
    assert found is not None
    assert found.path == HOSTILE
    assert files.find_shown(printable(HOSTILE), 0) is found
    assert files.find_shown(printable(HOSTILE)) is found
    assert files.find_shown(printable(HOSTILE), 1) is None


def test_without_a_layer_the_visible_version_is_found() -> None:
    with open_image_of({"/a": "1"}, {"/a": "2"}) as view:
        files = FileIndex(view.all_versions(), 2)
        found = files.find_shown("/a")
        assert found is not None
        assert found.layer == 1


@pytest.mark.parametrize("encoded", ["!!!", "====", None])
def test_a_broken_encoding_falls_back_to_the_printable_path(encoded: str | None) -> None:
    assert exact_path("/x", encoded) == "/x"


def test_a_row_of_a_report_is_the_version_again(view: ImageView) -> None:
    for version in view.all_versions():
        entry = version.entry
        row = ReportFile(
            path=printable(version.path),
            path_base64=exact_base64(version.path),
            layer=version.layer,
            offset=entry.header_offset,
            kind=entry.kind.value,
            size=entry.size,
            mode=entry.mode,
            mtime=entry.mtime,
            link=entry.link,
            state=version.state.value,
            change=version.change.value,
            changed_by_layer=version.changed_by_layer,
            sha256=version.sha256,
        )
        again = version_of_row(msgspec.json.decode(msgspec.json.encode(row), type=ReportFile))
        for name in ("path", "layer", "state", "change", "changed_by_layer", "key", "sha256"):
            assert getattr(again, name) == getattr(version, name), name
        for name in ("kind", "size", "mode", "mtime", "link"):
            assert getattr(again.entry, name) == getattr(entry, name), name
