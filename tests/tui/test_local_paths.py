"""Completing the paths of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.tui.local_paths import PathSuggester, common_start, completions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some files and a folder."""
    for name in ("alpha.tar", "alpine.tar", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "beta").mkdir()
    (tmp_path / "odd\x1b[31m").write_text("")
    return tmp_path


def test_what_begins_so_in_name_order(folder: Path) -> None:
    assert completions(f"{folder}/") == [f"{folder}/{name}" for name in ("alpha.tar", "alpine.tar", "beta/")]
    assert completions(f"{folder}/alph") == [f"{folder}/alpha.tar"]
    assert completions(f"{folder}/.h") == [f"{folder}/.hidden"]
    assert completions(f"{folder}/x") == []


def test_a_scheme_and_a_home_stay_as_they_were_typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert completions("~/be") == ["~/beta/"]
    assert completions(f"docker-archive:{folder}/alph") == [f"docker-archive:{folder}/alpha.tar"]


@pytest.mark.parametrize("scheme", ["registry", "docker"])
def test_names_of_images_are_not_completed_as_paths(
    folder: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.chdir(folder)
    assert completions(f"{scheme}:al") == []
    assert completions(f"{scheme}:{folder}/al") == []


def test_a_name_alone_is_looked_for_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert completions("al") == ["alpha.tar", "alpine.tar"]


@pytest.mark.parametrize("typed", ["/nowhere/at/all", "\0", "/dev/null/x", "registry:host/name"])
def test_what_cannot_be_read_completes_to_nothing(typed: str) -> None:
    assert completions(typed) == []


def test_a_folder_without_end_is_cut(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}").write_text("")
    assert len(completions(f"{tmp_path}/")) == 200


def test_the_common_start() -> None:
    assert common_start(["alpha.tar", "alpine.tar"]) == "alp"
    assert common_start([]) == ""


async def test_the_suggestion_behind_the_cursor(folder: Path) -> None:
    suggester = PathSuggester()
    assert await suggester.get_suggestion(f"{folder}/al") == f"{folder}/alpha.tar"
    assert await suggester.get_suggestion("") is None
    assert await suggester.get_suggestion("/nowhere/x") is None
