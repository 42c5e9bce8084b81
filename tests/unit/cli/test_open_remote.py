"""The interface fetches what lies in an engine or a registry itself, and only once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import forensics.pipeline
import forensics.tui

Run = Callable[..., Any]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the interface is opened with, as if on a terminal."""
    names: list[str | None] = []

    def run_interface(name: str | None, *_: object) -> int:
        names.append(name)
        return 0

    monkeypatch.setattr(forensics.tui, "run_interface", run_interface, raising=False)
    monkeypatch.setattr("forensics.cli.commands.open.on_terminal", lambda: True)
    return names


@pytest.mark.parametrize("reference", ["docker:app:1", "docker:sha256:00ff", "docker:host.invalid:5000/app"])
def test_a_name_is_left_to_the_interface(
    reference: str, opened: list[str | None], monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr(forensics.pipeline, "Session", None)
    assert run(reference).code == 0
    assert opened == [reference]


def test_a_path_that_is_not_there_is_told_before_any_screen(opened: list[str | None], run: Run) -> None:
    ran = run("docker-archive:nowhere.tar")
    assert ran.code == 3
    assert "there is nothing at nowhere.tar" in ran.errors
    assert opened == []
