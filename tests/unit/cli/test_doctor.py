"""`forensics doctor` says what is in force, and ends with 1 when something that is needed is broken."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forensics.cli.main import main
from forensics.confinement import landlock_abi


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    code = main(["doctor", "--json", *arguments])
    return code, {row["what"]: row for row in msgspec.json.decode(capsys.readouterr().out)}


@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="no filter for this machine")
def test_it_asks_a_worker_and_the_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = _told(capsys)
    assert code == 0
    assert {told[what]["state"] for what in ("workers", "privileges", "seccomp")} == {"ok"}
    assert told["landlock"]["state"] == ("ok" if landlock_abi() else "warn")
    assert "network" in told["tried out"]["detail"]
    assert told["yara-python"]["detail"] == metadata.version("yara-python")
    assert "compiled" in told["signatures"]["detail"]


def test_it_shows_limits_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    _, told = _told(capsys, "--limit", "layer_bytes=1TiB", "--limit", "file_seconds=2m")
    assert told["limits"]["detail"] == "other than the defaults: layer_bytes=1TiB, file_seconds=2m"


def test_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["ok", "forensics"]
    assert all(line.split()[0] in {"ok", "warn"} for line in lines)


def test_a_spool_that_cannot_be_written_is_broken_a_cache_only_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")
    monkeypatch.setenv("FORENSICS_CACHE_DIR", str(nowhere))
    code, told = _told(capsys)
    assert (code, told["cache"]["state"]) == (0, "warn")
    monkeypatch.setenv("FORENSICS_TMPDIR", str(nowhere))
    code, told = _told(capsys)
    assert (code, told["spool"]["state"]) == (1, "missing")
    assert "FORENSICS_TMPDIR" in told["spool"]["detail"]


def test_signatures_that_are_not_there_are_told_as_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yar").write_text("rule bad { condition: nothing }")
    monkeypatch.setattr("forensics.examine._signatures.bundled_folder", lambda name: tmp_path)
    code, told = _told(capsys)
    assert (code, told["signatures"]["state"]) == (1, "missing")


def test_without_landlock_it_says_so_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from forensics.cli import _checks
    from forensics.confinement import Confinement

    monkeypatch.setattr(_checks, "landlock_abi", lambda: 0)
    rows = {row.what: row for row in _checks._confinement(Confinement(no_new_privileges=True), {})}
    assert rows["landlock"].state is _checks.State.WARN
    assert "none" in rows["landlock"].detail
    assert rows["tried out"].state is _checks.State.WARN
