"""Opening a saved report, and refusing everything else with a reason."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import msgspec
import pytest

from forensics.errors import ForensicsError
from forensics.limits import DEFAULT
from forensics.model.report import SCHEMA
from forensics.reports import is_saved_report, load_report, reports
from tests.report_records import make_finding, make_report, many_files


def save(folder: Path, text: str | bytes) -> Path:
    path = folder / "report.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def saved(folder: Path) -> tuple[Path, str]:
    text = reports()["json"].render(make_report())
    return save(folder, text), text


def test_a_saved_report_opens_as_it_was(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    assert load_report(path) == make_report()
    assert is_saved_report(path)


def test_an_indented_copy_opens_too(tmp_path: Path) -> None:
    _, text = saved(tmp_path)
    path = save(tmp_path, json.dumps(json.loads(text), indent=4))
    assert load_report(path) == make_report()
    assert is_saved_report(path)


def test_keys_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    _, text = saved(tmp_path)
    document = json.loads(text)
    document["findings"][0]["later"] = {"more": 1}
    document["later"] = [1]
    assert load_report(save(tmp_path, json.dumps(document))) == make_report()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a report"),
        (b"hello", "is not a report"),
        (b"\xff\xfe{}", "is not a report"),
        (b"[]", "names no schema"),
        (b"{}", "names no schema"),
        (b'{"schema": 7}', "names no schema"),
        (b'{"schema": "forensics-report/9"}', "forensics-report/9"),
        (b'{"schema": "CycloneDX\\u001b[2J"}', "CycloneDX\\x1b[2J"),
        (b'{"schema": "forensics-report/1"}', "does not follow forensics-report/1"),
        (b'{"schema":"forensics-report/1","tool":', "cut short"),
        (b"[" * 100_000, "is not a report"),
    ],
)
def test_anything_else_is_refused_with_a_reason(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ForensicsError) as caught:
        load_report(save(tmp_path, content))
    assert message in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_what_is_passed_over_must_be_text_too(tmp_path: Path) -> None:
    _, text = saved(tmp_path)
    crafted = save(tmp_path, text.encode().replace(b",", b', "later": "\xff", ', 1))
    with pytest.raises(ForensicsError) as refused:
        load_report(crafted)
    assert "not UTF-8" in refused.value.message


@pytest.mark.parametrize("schema", [SCHEMA, "forensics-report/99"])
def test_a_report_that_nests_without_end_is_refused(tmp_path: Path, schema: str) -> None:
    crafted = save(tmp_path, f'{{"schema": "{schema}", "later": ' + "[" * 5000 + "]" * 5000 + "}")
    with pytest.raises(ForensicsError) as refused:
        load_report(crafted)
    assert "nested too deeply" in refused.value.message


def test_a_report_cut_anywhere_says_that_it_is_cut(tmp_path: Path) -> None:
    _, text = saved(tmp_path)
    for length in range(60, len(text) - 2, 97):
        with pytest.raises(ForensicsError, match=r"cut short|not a report"):
            load_report(save(tmp_path, text[:length]))


def test_a_value_of_the_wrong_kind_is_named_by_its_place(tmp_path: Path) -> None:
    _, text = saved(tmp_path)
    document = json.loads(text)
    document["coverage"]["files"] = "many"
    with pytest.raises(ForensicsError, match=r"\$\.coverage\.files"):
        load_report(save(tmp_path, json.dumps(document)))


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "absent"):
        with pytest.raises(ForensicsError, match="is not a file"):
            load_report(path)
    assert not is_saved_report(tmp_path / "absent")
    assert not is_saved_report(tmp_path)
    assert not is_saved_report(pipe)


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    with pytest.raises(ForensicsError, match="too large"):
        load_report(path, msgspec.structs.replace(DEFAULT, sbom_bytes=1000))


def test_a_crafted_report_cannot_carry_control_characters_to_the_screen(tmp_path: Path) -> None:
    report = make_report(findings=(make_finding(path="/tmp/\x1b[2J\u202e", title="two\nlines"),))
    path = save(tmp_path, json.dumps(json.loads(msgspec.json.encode(report))))
    finding = load_report(path).findings[0]
    assert finding.path == "/tmp/\\x1b[2J\\u202e"
    assert finding.title == "two\nlines"
    raw = save(tmp_path, json.dumps(json.loads(msgspec.json.encode(report)), ensure_ascii=False))
    assert load_report(raw).findings[0].path == "/tmp/\\x1b[2J\\u202e"


def test_a_report_of_a_large_image_opens_within_half_a_second(tmp_path: Path) -> None:
    report = make_report(files=many_files(54_000))
    path = save(tmp_path, reports()["json"].render(report))
    begun = time.process_time()
    loaded = load_report(path)
    assert time.process_time() - begun < 0.5
    assert len(loaded.files) == 54_000
