"""How a command line is understood, and how every kind of failure is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from forensics.cli.main import COMMANDS
from forensics.errors import Cancelled, ChoiceNeeded, ForensicsError, ImageNotOpened, UsageError

RELEASED = [
    "acquire", "cat", "completion", "doctor", "extract", "layers", "ls", "open", "rules", "samples", "scan",
    "store", "version",
]  # fmt: skip


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the command `version` raise."""

    def fail() -> None:
        raise error

    command = click.Command("version", callback=fail)
    monkeypatch.setattr(type(COMMANDS), "get_command", lambda *_: command)


def test_every_command_of_this_release_is_there_and_says_what_it_does(run: Callable[..., Any]) -> None:
    assert COMMANDS.list_commands() == RELEASED
    with click.Context(COMMANDS) as context:
        for name in RELEASED:
            command = COMMANDS.get_command(context, name)
            assert command is not None
            assert command.name == name
            assert command.get_short_help_str(200)
    ran = run("--help")
    assert ran.code == 0
    assert all(name in ran.text for name in RELEASED)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["open"]),
        (["scan", "x"], ["scan", "x"]),
        (["image.tar"], ["open", "image.tar"]),
        (["./scan"], ["open", "./scan"]),
        (["--report", "r.json"], ["open", "--report", "r.json"]),
        (["--platform", "linux/arm64", "image.tar"], ["open", "--platform", "linux/arm64", "image.tar"]),
        (["-h"], ["-h"]),
        (["--version"], ["version"]),
        (["oci-dir:layout"], ["open", "oci-dir:layout"]),
    ],
)
def test_what_is_no_command_is_an_image(given: list[str], meant: list[str]) -> None:
    assert COMMANDS.with_default(given) == meant


def test_a_mistyped_command_is_recognised(run: Callable[..., Any]) -> None:
    ran = run("scna", "image.tar")
    assert ran.code == 2
    assert "hint: did you mean: forensics scan" in ran.errors


@pytest.mark.parametrize(
    ("error", "code", "first", "second"),
    [
        (ForensicsError("it broke", "mend it"), 3, "error: it broke", "hint: mend it"),
        (ImageNotOpened("no image", "save it"), 3, "error: no image", "hint: save it"),
        (UsageError("wrong", "right"), 2, "error: wrong", "hint: right"),
        (PermissionError(13, "Permission denied", "/x"), 3, "error: /x: Permission denied", "hint: check"),
        (ValueError("oops"), 3, "error: internal error: ValueError: oops", "hint: this is a defect"),
    ],
)
def test_an_error_is_a_line_and_a_hint(
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[..., Any],
    error: Exception,
    code: int,
    first: str,
    second: str,
) -> None:
    failing(monkeypatch, error)
    ran = run("version")
    assert ran.code == code
    lines = ran.errors.splitlines()
    assert len(lines) == 2
    assert lines[0] == first
    assert lines[1].startswith(second)
    assert ran.output == b""


def test_a_choice_is_listed_between_error_and_hint(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    failing(monkeypatch, ChoiceNeeded("there are 2 images", "choose", ("0  a:1", "1  \x1bb:1")))
    ran = run("version")
    assert ran.code == 2
    assert ran.errors.splitlines() == [
        "error: there are 2 images",
        "  0  a:1",
        "  1  \\x1bb:1",
        "hint: choose",
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Cancelled(), click.Abort()])
def test_an_interruption_is_one_line_and_130(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], error: BaseException
) -> None:
    failing(monkeypatch, error)
    ran = run("version")
    assert (ran.code, ran.errors) == (130, "interrupted\n")


def test_the_traceback_is_added_for_debugging(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    failing(monkeypatch, ForensicsError("it broke"))
    assert "Traceback" not in run("version").errors
    monkeypatch.setenv("FORENSICS_DEBUG", "1")
    ran = run("version")
    assert "Traceback" in ran.errors
    assert ran.errors.splitlines()[-1] == "error: it broke"


def test_an_error_never_carries_control_characters(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    failing(monkeypatch, ForensicsError("a\x1b]52;c;x\x07\nb", "c\u202e"))
    assert run("version").errors == "error: a\\x1b]52;c;x\\x07\\x0ab\nhint: c\\u202e\n"


@pytest.mark.parametrize(
    "arguments", [("scan",), ("scan", "a", "b"), ("ls", "x", "--layer", "-1"), ("rules",)]
)
def test_a_wrong_command_line_ends_with_2_and_points_to_the_help(
    run: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.errors.startswith("error: ")
    assert "hint: " in ran.errors
    assert f"forensics {arguments[0]}" in ran.errors
    assert ran.output == b""


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = "import sys; from forensics.cli.main import main; sys.exit(main(['rules', 'list', '--json']))"
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_latin_terminal_gets_escapes_instead_of_an_error() -> None:
    program = "import sys; from forensics.cli.main import main; sys.exit(main(['nothing\u203c.tar', 'x']))"
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=environment, encoding="latin-1"
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["version", "--help"],
        ["--help"],
        ["completion", "bash"],
        ["nothing", "x", "y"],
        ["ls", "--help"],
        ["ls", "IMAGE"],
        ["cat", "IMAGE", "/etc/motd"],
    ],
)
def test_starting_up_imports_nothing_heavy(command: list[str], small_image: Path) -> None:
    command = [str(small_image) if word == "IMAGE" else word for word in command]
    program = (
        "import sys; from forensics.cli.main import main; main(sys.argv[1:]);"
        "heavy = {'yara', 'textual', 'docker', 'rich', 'magic', 'cyclonedx'} & set(sys.modules);"
        "sys.exit(' '.join(heavy) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
