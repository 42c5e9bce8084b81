"""What a hostile image can make the commands send to a real terminal: nothing."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect
import pyte
import pytest

import forensics
from tests.image_archives import config_of, docker_save
from tests.layered_images import Program, layer_tar

ROOT = Path(forensics.__file__).parents[1]
PROGRAM = "import sys; from forensics.cli.main import main; sys.exit(main())"

NAMES = [
    "/\x1b]52;c;cHduZWQ=\x07",
    "/\x1b[2J\x1b[31mred",
    "/\x1b]0;title\x1b\\",
    "/\x9b31mC1",
    "/\x85next-line",
    "/a\u202egnp.exe",
    "/a\u2066isolate\u2069",
    "/zero\u200bwidth",
    "/[/foo]",
    "/[bold red]markup[/]",
    "/:smile:",
    "/bytes\udcff\udc1b",
    "/line\nbreak\rreturn\ttab\x08",
    "/\x7fdelete",
]
TEXT = "\x1b[31m\x9b2J\u202eRUN [/foo] \udcff"

# What rich itself sends: colours and styles, cursor moves and line clearing for the bars, cursor visibility.
ALLOWED = re.compile(r"\x1b\[(?:[0-9;]*m|[0-9]*[ABCDGK]|\?25[hl])")
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


@pytest.fixture(scope="module")
def hostile_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names, instructions, labels, tags and contents that attack a terminal."""
    files = {name.replace("\udc1b", "\x1b"): Program(f"#!/bin/sh\n{TEXT!r}".encode()) for name in NAMES}
    layers = [layer_tar(files), layer_tar({"/evil\x1b[5m": b"\x1b]52;c;eA==\x07" * 9})]
    config = config_of(
        layers,
        architecture="amd\x1b[7m64",
        config={
            "Entrypoint": ["sh", "-c", f"curl {TEXT}".encode("utf-8", "replace").decode()],
            "Env": ["SECRET=\x1b[2J"],
            "Labels": {"\x1b[5mkey": "\u202evalue"},
            "User": "root\x07",
        },
        history=[{"created_by": "RUN \x1b]52;c;eA==\x07 [/foo]\u202e"}, {"created_by": "COPY \x9b2J"}],
    )
    path = tmp_path_factory.mktemp("hostile") / "hostile.tar"
    path.write_bytes(docker_save(layers, tags=["app\x1b[31m:1"], config=config))
    return path


def on_terminal(*arguments: str | Path, columns: int = 100) -> tuple[int, str]:
    """Run the program on a pseudo terminal; exit code and everything that reached the terminal."""
    running = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        dimensions=(40, columns),
        timeout=60,
    )
    running.expect(pexpect.EOF)
    running.close()
    assert running.exitstatus is not None
    return running.exitstatus, running.before.decode("utf-8")


def violations(output: str) -> list[str]:
    """Every character a terminal would obey or hide and that is not rich's own."""
    rest = ALLOWED.sub("", output)
    return [repr(char) for char in rest if char not in "\r\n" and (not char.isprintable() or char in BIDI)]


COMMANDS = [
    ["scan", "IMAGE"],
    ["scan", "IMAGE", "--format", "json"],
    ["scan", "IMAGE", "--format", "sarif"],
    ["scan", "IMAGE", "--quiet", "--fail-on", "info"],
    ["layers", "IMAGE"],
    ["layers", "IMAGE", "--json"],
    ["ls", "IMAGE"],
    ["ls", "IMAGE", "--json", "--all-versions"],
    ["ls", "IMAGE", "--layer", "0"],
    ["ls", "IMAGE", "/absent\x1b[2J"],
    ["cat", "IMAGE", "/evil\x1b[5m"],
    ["cat", "IMAGE", "/evil\x1b[5m", "--hex"],
    ["cat", "IMAGE", "/none\u202e"],
    ["layers", "/nowhere/\x1b[2J\u202e.tar"],
    ["layers", "\x1b[5mscheme:thing"],
    ["ls", "IMAGE", "--tag", "\x1b[2J"],
    ["scan", "IMAGE", "--format", "\x1b[2J"],
    ["scan", "IMAGE", "--sbom", "\x1b[2J\u202e"],
    ["scan", "IMAGE", "--fail-on", "\x1b[2J"],
    ["scan", "IMAGE", "--\x1b[2J"],
    ["\x1b[2J"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=[" ".join(map(ascii, words)) for words in COMMANDS])
def test_nothing_of_the_image_is_obeyed_by_the_terminal(hostile_image: Path, arguments: list[str]) -> None:
    words = [str(hostile_image) if word == "IMAGE" else word for word in arguments]
    if words == ["\x1b[2J"]:
        words = ["open", "--report", "\x1b[2J"]
    code, output = on_terminal(*words)
    assert violations(output) == []
    assert "internal error" not in output
    assert code in (0, 1, 2, 3)


def test_every_name_is_listed_in_its_printable_form(hostile_image: Path) -> None:
    _, output = on_terminal("ls", hostile_image, columns=200)
    for shown in (
        "/\\x1b]52;c;cHduZWQ=\\x07",
        "/\\x9b31mC1",
        "/a\\u202egnp.exe",
        "/[/foo]",
        "/[bold red]markup[/]",
        "/:smile:",
        "/bytes\\xff\\x1b",
        "/line\\x0abreak\\x0dreturn\\x09tab\\x08",
    ):
        assert shown in output
    assert sum(" visible " in line for line in output.splitlines()) == len(NAMES) + 1


def test_the_screen_holds_only_what_was_meant(hostile_image: Path) -> None:
    """A terminal emulator, fed with everything, has no title, no odd colour and the prompt's cursor."""
    _, output = on_terminal("layers", hostile_image)
    screen = pyte.Screen(100, 40)
    pyte.Stream(screen).feed(output)
    assert screen.title == ""
    assert screen.icon_name == ""
    assert not screen.cursor.hidden
    assert screen.display[0].split()[:3] == ["#", "size", "entries"]
    assert "RUN \\x1b]52;c;eA==\\x07 [/foo]\\u202e" in screen.display[1]


def test_extract_and_its_words_are_harmless(hostile_image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence\x1b[2J"
    code, output = on_terminal("extract", hostile_image, "/", "--to", folder)
    assert code == 0
    assert violations(output) == []
    assert all(re.fullmatch(r"[0-9a-f]{64}|manifest\.json", path.name) for path in folder.iterdir())
    assert violations((folder / "manifest.json").read_text()) == []


def test_raw_bytes_reach_a_terminal_only_by_force(hostile_image: Path) -> None:
    code, output = on_terminal("cat", hostile_image, "/evil\x1b[5m")
    assert code == 2
    assert "hint: use --hex" in output
    code, output = on_terminal("cat", hostile_image, "/evil\x1b[5m", "--force")
    assert code == 0
    assert "\x1b]52;c;eA==\x07" in output


def test_progress_bars_leave_nothing_behind(hostile_image: Path) -> None:
    _, output = on_terminal("ls", hostile_image, "/[/foo]", columns=200)
    screen = pyte.Screen(200, 40)
    pyte.Stream(screen).feed(output)
    lines = [line.rstrip() for line in screen.display if line.strip()]
    assert len(lines) == 1
    assert lines[0].endswith("/[/foo]")
    assert not screen.cursor.hidden
