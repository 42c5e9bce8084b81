"""Which report goes where."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from forensics.cli._destinations import destinations
from forensics.errors import ForensicsError, UsageError
from tests.report_records import make_report


def places(formats: str, *outputs: str) -> list[tuple[str, str | None]]:
    return [
        (one.format.id, None if one.path is None else one.path.name) for one in destinations(formats, outputs)
    ]


def write_all(formats: str, outputs: Sequence[str]) -> None:
    for destination in destinations(formats, outputs):
        destination.write(make_report())


def test_one_format_goes_to_standard_output_or_to_the_file(tmp_path: Path) -> None:
    assert places("table") == [("table", None)]
    assert places("json", "-") == [("json", None)]
    assert places("json", str(tmp_path / "any.name")) == [("json", "any.name")]


def test_one_file_is_the_stem_of_several_formats(tmp_path: Path) -> None:
    stem = str(tmp_path / "case.7")
    assert places("table,json, sarif", stem) == [
        ("table", "case.7.txt"),
        ("json", "case.7.json"),
        ("sarif", "case.7.sarif"),
    ]


def test_several_files_are_taken_in_order(tmp_path: Path) -> None:
    assert places("json,table", str(tmp_path / "a"), "-") == [("json", "a"), ("table", None)]


@pytest.mark.parametrize(
    ("formats", "outputs", "message"),
    [
        ("pdf", (), "pdf is no report format"),
        ("", (), "nothing is no report format"),
        ("json,json", ("x",), "named twice"),
        ("json,table", (), "need a place to go"),
        ("json,table", ("-",), "2 formats and 1 --output"),
        ("json,table", ("-", "-"), "the same place"),
        ("json", ("a", "b"), "1 format and 2 --output"),
        ("json", ("absent/report",), "there is no folder absent"),
        ("json", (".",), "is a folder"),
        ("json", ("/proc/report",), "cannot be written|cannot write"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    formats: str,
    outputs: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ForensicsError, match=message) as caught:
        write_all(formats, outputs)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_evidence_is_never_written_to(tmp_path: Path) -> None:
    image = tmp_path / "image.tar"
    image.write_bytes(b"evidence")
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    (tmp_path / "alias").symlink_to(image)
    for output, evidence in (
        (image, str(image)),
        (image, f"docker-archive:{image}:app"),
        (tmp_path / "alias", str(image)),
        (rootfs / "report.json", f"rootfs:{rootfs}"),
        (image, str(tmp_path / "alias")),
    ):
        with pytest.raises(UsageError, match="never changed"):
            destinations("json", [str(output)], [evidence])
    assert image.read_bytes() == b"evidence"


def test_a_report_replaces_an_older_one_whole_and_keeps_to_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("older")
    mask = os.umask(0o027)
    try:
        (destination,) = destinations("json", [str(path)])
        destination.write(make_report())
    finally:
        os.umask(mask)
    assert json.loads(path.read_text())["schema"] == "forensics-report/1"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "link").symlink_to(target)
    (destination,) = destinations("json", [str(tmp_path / "link")])
    destination.write(make_report())
    assert (tmp_path / "link").is_symlink()
    assert target.is_file()
    (nowhere,) = destinations("json", ["/dev/null"])
    nowhere.write(make_report())
    assert Path("/dev/null").is_char_device()


def test_standard_output_gets_utf8_whatever_the_locale(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (destination,) = destinations("table", [])
    destination.write(make_report())
    assert "1 critical · 1 high".encode() in capfdbinary.readouterr().out
