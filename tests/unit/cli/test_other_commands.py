"""`version`, `rules`, `completion` and `open`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import forensics.tui
from forensics import __version__
from forensics.examine import load_signatures
from forensics.pipeline import Options
from forensics.reports import reports
from tests.report_records import make_report

Run = Callable[..., Any]
RULE = """
rule Greeting {
  meta:
    id = "test/greeting"
    title = "Says good morning"
    severity = "low"
  strings:
    $a = "good morning"
  condition:
    $a
}
"""


def test_version_names_the_engines_and_the_signatures(run: Run) -> None:
    told = json.loads(run("version", "--json").output)
    assert told["version"] == __version__
    assert told["python"] == sys.version.split()[0]
    assert told["engines"]["yara"] == version("yara-python")
    assert told["engines"]["textual"] == version("textual")
    assert float(told["engines"]["libmagic"]) > 5
    assert told["signatures"]["digest"] == load_signatures().state.digest
    text = run("version").text
    assert f"forensics   {__version__}" in text
    assert told["signatures"]["digest"] in text


def test_rules_list_has_every_rule_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yar").write_text(RULE)
    rows = json.loads(run("rules", "list", "--json", "--rules", tmp_path).output)
    ids = [row["id"] for row in rows]
    assert ids == sorted(load_signatures([tmp_path]).rules)
    assert "test/greeting" in ids
    table = run("rules", "list", "--rules", tmp_path).text
    assert "· low" in table
    assert "Says good morning" in table


def test_rules_check_accepts_what_compiles(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yar").write_text(RULE)
    ran = run("rules", "check", tmp_path)
    assert ran.code == 0, ran.errors
    assert ran.text.splitlines()[-1].endswith("0 errors, 0 warnings")


@pytest.mark.parametrize("text", ["rule broken {", 'rule x { condition: include "\x1b[2J" }'])
def test_rules_check_refuses_what_does_not(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "own.yar").write_text(text)
    ran = run("rules", "check", tmp_path)
    assert ran.code == 2
    assert "error: the rules do not compile" in ran.errors
    assert "own.yar" in ran.errors
    assert "\x1b" not in ran.errors
    assert run("rules", "check", tmp_path / "absent").code == 2


def test_completion_script_is_accepted_by_bash_and_completes(
    run: Run, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    script = tmp_path / "completion"
    script.write_bytes(run("completion", "bash").output)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "forensics"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom forensics.cli.main import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    asked = (
        f"export PATH={bin_folder}:$PATH PYTHONPATH={Path.cwd()}; source {script};"
        "COMP_WORDS=(forensics sc); COMP_CWORD=1; _forensics_completion forensics; echo ${COMPREPLY[*]};"
        "COMPREPLY=(); COMP_WORDS=(forensics scan x --fail-on hi); COMP_CWORD=4;"
        "_forensics_completion forensics;"
        "echo ${COMPREPLY[*]}"
    )
    ended = subprocess.run([tool("bash"), "-c", asked], capture_output=True, text=True)
    assert ended.stdout.split() == ["scan", "high"], ended.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_every_shell(run: Run, shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert f"_FORENSICS_COMPLETE={shell}_complete" in ran.text
    assert run("completion", "tcsh").code == 2


@pytest.mark.parametrize(
    ("begun", "expected"), [("nothing-like-it", "file,nothing-like-it"), ("ver", "plain,version")]
)
def test_an_image_is_completed_as_a_file(begun: str, expected: str) -> None:
    program = "from forensics.cli.main import main; main()"
    environment = {
        "COMP_WORDS": f"forensics {begun}",
        "COMP_CWORD": "1",
        "_FORENSICS_COMPLETE": "bash_complete",
    }
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert ended.stdout.split() == [expected], ended.stderr


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, Options, Path | None]]:
    """Records what the interface is opened with, as if on a terminal."""
    opened: list[tuple[str | None, Options, Path | None]] = []

    def run_interface(reference: str | None, options: Options, report_path: Path | None = None) -> int:
        opened.append((reference, options, report_path))
        return 0

    monkeypatch.setattr(forensics.tui, "run_interface", run_interface, raising=False)
    monkeypatch.setattr("forensics.cli.commands.open.on_terminal", lambda: True)
    return opened


def test_open_passes_image_report_and_options(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interface: list[tuple[str | None, Options, Path | None]],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.tar").write_bytes(b"")
    saved = tmp_path / "saved"
    saved.write_text(reports()["json"].render(make_report()))
    assert run("image.tar", "--no-cache").code == 0
    assert run().code == 0
    assert run("open", saved).code == 0
    assert run("image.tar", "--report", saved).code == 0
    assert interface == [
        ("image.tar", Options(cache=False), None),
        (None, Options(), None),
        (None, Options(), saved),
        ("image.tar", Options(), saved),
    ]


def test_open_tells_what_is_wrong_with_a_report_before_the_screen(
    run: Run, tmp_path: Path, interface: list[tuple[str | None, Options, Path | None]]
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema":"forensics-report/1","tool":')
    ran = run("open", broken)
    assert ran.code == 3
    assert "cut short" in ran.errors
    assert interface == []


@pytest.mark.parametrize("command", [[], ["open"], ["open", "--no-cache"]])
@pytest.mark.parametrize(
    ("reference", "code", "words"),
    [
        ("nonexist.tar", 3, "there is nothing at nonexist.tar"),
        ("oci-dir:nonexist:1", 3, "there is nothing at nonexist"),
        ("nonexist:1", 3, "nonexist:1"),
        ("containerd:alpine", 2, "containerd:"),
        ("x" * 5000, 3, "xxx"),
        ("a\0b", 2, "no image was named"),
        ("link.tar", 3, "there is nothing at link.tar"),
    ],
)
def test_what_is_not_there_is_told_before_the_screen(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interface: list[tuple[str | None, Options, Path | None]],
    command: list[str],
    reference: str,
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.tar").symlink_to("gone.tar")
    ran = run(*command, reference)
    assert (ran.code, ran.output, interface) == (code, b"", [])
    first, second = ran.errors.splitlines()
    assert first.startswith("error: ")
    assert words in first
    assert second.startswith("hint: ")


def test_open_needs_a_terminal(run: Run, small_image: Path) -> None:
    ran = run(small_image)
    assert ran.code == 2
    assert "hint: forensics scan" in ran.errors
