"""What a shell completes: commands, files for an image with or without a command, options behind it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

import forensics

ROOT = Path(forensics.__file__).parents[1]
PROGRAM = f"#!{sys.executable}\nimport sys\nfrom forensics.cli.main import main\nsys.exit(main())\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images to complete; it is the current one."""
    here = tmp_path / "here"
    here.mkdir()
    for name in ("nasty.tar", "scanner.tar", "scan me.tar"):
        (here / name).write_bytes(b"")
    (here / "layout").mkdir()
    (here / "layout" / "inner.tar").write_bytes(b"")
    monkeypatch.chdir(here)
    return here


def offered(shell: str, line: str) -> list[str]:
    """What the program answers the shell that asks for the end of `line`."""
    words = line.split(" ")
    if shell == "fish":
        asked = {"COMP_WORDS": " ".join(words[:-1]) + " ", "COMP_CWORD": words[-1]}
    else:
        asked = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    ended = subprocess.run(
        [sys.executable, "-c", "from forensics.cli.main import main; main()"],
        capture_output=True,
        text=True,
        env={**os.environ, **asked, "PYTHONPATH": str(ROOT), "_FORENSICS_COMPLETE": f"{shell}_complete"},
    )
    assert ended.stderr == ""
    lines = ended.stdout.splitlines()
    if shell != "zsh":
        return lines
    return [f"{kind},{value}" for kind, value in zip(lines[::3], lines[1::3], strict=True)]


def names(shell: str, line: str) -> list[str]:
    """As `offered`, without fish's descriptions and how they are parted."""
    return [re.split(r"[\t]", one)[0] for one in offered(shell, line)]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
class TestEveryShell:
    def test_an_image_is_a_file_with_and_without_a_command(self, shell: str) -> None:
        assert names(shell, "forensics nasty.t") == ["file,nasty.t"]
        assert names(shell, "forensics ./na") == ["file,./na"]
        assert names(shell, "forensics scan nast") == ["file,nast"]

    def test_commands_and_files_that_begin_alike_are_both_there(self, shell: str) -> None:
        assert names(shell, "forensics sc") == ["plain,scan", "plain,scanner.tar"]
        assert names(shell, "forensics la") == ["plain,layers", "plain,layout/"]
        assert names(shell, "forensics ver") == ["plain,version"]

    def test_behind_a_bare_image_the_options_of_open_are_there(self, shell: str) -> None:
        assert "plain,--sbom" in names(shell, "forensics nasty.tar --sb")
        assert names(shell, "forensics nasty.tar --report nas") == ["file,nas"]
        assert names(shell, "forensics --platform linux/arm64 nas") == ["file,nas"]
        assert "plain,--fail-on" in names(shell, "forensics scan nasty.tar --fa")


def test_bash_itself_completes_them(
    folder: Path, tool: Callable[[str], str], run: Callable[..., Any]
) -> None:
    bin_folder = folder.parent / "bin"
    bin_folder.mkdir()
    program = bin_folder / "forensics"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    script = folder.parent / "completion"
    script.write_bytes(run("completion", "bash").output)
    path = f"{bin_folder}:{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, "INPUTRC": os.devnull, "TERM": "dumb"}
    shell = pexpect.spawn(
        tool("bash"), ["--norc", "--noprofile", "-i"], env=environment, encoding="utf-8", timeout=30
    )
    shell.sendline(f"source {script}; PS1='rea''dy>'")
    shell.expect_exact("ready>")
    for typed, expected in (
        ("nasty.t", "nasty.tar "),
        ("layout/i", "layout/inner.tar "),
        ("scan nas", "nasty.tar "),
        ("scann", "scanner.tar "),
        ("nasty.tar --sb", "--sbom "),
    ):
        shell.send(f"forensics {typed}\t")
        shell.expect_exact(expected)
        shell.sendcontrol("c")
        shell.expect_exact("ready>")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
