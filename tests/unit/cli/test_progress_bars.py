"""Bars on a terminal, silence elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from forensics.cli._progress import progress
from forensics.model.issues import Issue
from forensics.pipeline.events import IssueRaised, Progress, Stage


class Terminal(io.StringIO):
    """Looks like a terminal."""

    def isatty(self) -> bool:
        return True


def draw(*, quiet: bool) -> str:
    with progress(quiet=quiet) as listen:
        listen(Progress(Stage.LAYERS, 10, 100, "layer \x1b[5m3[/foo]"))
        listen(IssueRaised(Issue(stage="layer", code="x", subject="s", message="m")))
        listen(Progress(Stage.EXAMINE, 0, 0))
        listen(Progress(Stage.EXAMINE, 50, 100))
    return str(getattr(sys.stderr, "getvalue", str)())


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stderr", Terminal())


def test_a_person_sees_every_stage_and_no_control_character_of_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_terminal(monkeypatch)
    drawn = draw(quiet=False)
    assert "reading layers" in drawn
    assert "examining files" in drawn
    assert "layer \\x1b[5m3[/foo]" in drawn
    assert "\x1b[5m" not in drawn


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)
    assert draw(quiet=True) == ""


def test_nothing_is_drawn_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    draw(quiet=False)
    assert capsys.readouterr() == ("", "")
