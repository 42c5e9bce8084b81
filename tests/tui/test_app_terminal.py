"""What a hostile image can make the interface send to a real terminal: nothing."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pexpect
import pyte
import pytest

import forensics
from tests.image_archives import config_of, docker_save
from tests.layered_images import Program, layer_tar
from tests.tui.story_image import HOSTILE_NAMES

ROOT = Path(forensics.__file__).parents[1]
PROGRAM = "import sys; from forensics.cli.main import main; sys.exit(main())"
COLUMNS, LINES = 160, 50
SETTINGS = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
"""The environment, without a size that would be believed instead of the terminal's."""

NAMES = (
    *HOSTILE_NAMES,
    "/tmp/\x1b[2Jcleared",
    "/tmp/\x1b]0;title\x07",
    "/tmp/\x9b31mC1",
    "/tmp/\u2066isolate\u2069",
    "/tmp/zero\u200bwidth",
    "/tmp/line\nbreak\rreturn\ttab\x08",
    "/tmp/[bold red]markup[/]",
    "/tmp/:smile:",
)
TEXT = "\x1b[31m\x9b2J\u202eRUN [/foo]\x1b]52;c;eA==\x07"

# What the library that draws the screen sends by itself: colours, cursor moves, modes, questions about the
# terminal, the shape of the mouse pointer. None of it carries a text.
ALLOWED = re.compile(
    r"\x1b\[[0-9;]*m"
    r"|\x1b\[[0-9;]*[ABCDGHJKrt]"
    r"|\x1b\[\?[0-9;]+(?:\$p|[hl])"
    r"|\x1b\[[>=<]?[0-9;]*u"
    r"|\x1b\[[>?]?[0-9;]*[cnq]"
    r"|\x1b\]22;[a-z]*\x07"
)
MISTAKEN = re.compile(r"\x1b\[[>=<]?[0-9;]*u|\x1b\]22;[a-z]*\x07|\x1b\[\?[0-9;]+\$p")
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


@pytest.fixture(scope="module")
def hostile_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names, contents, instructions, labels, variables and tags that attack a terminal."""
    files = {name: Program(f"#!/bin/sh\n{TEXT}\n".encode("utf-8", "surrogateescape")) for name in NAMES}
    layers = [layer_tar(files), layer_tar({"/evil\x1b[5m": TEXT.encode() * 9})]
    settings = {
        "Entrypoint": ["sh", "-c", f"curl {TEXT}"],
        "Env": ["SECRET=\x1b[2J", "\x1b[2J=x"],
        "Labels": {"\x1b[5mkey": "\u202evalue"},
        "User": "root\x07",
        "WorkingDir": "/\x1b[2J",
    }
    history = [
        {"created_by": f"RUN {TEXT}", "created": "\x1b[2J"},
        {"created_by": "COPY \x9b2J", "comment": TEXT},
    ]
    config = config_of(layers, architecture="amd\x1b[7m64", config=settings, history=history)
    path = tmp_path_factory.mktemp("hostile") / "hostile.tar"
    path.write_bytes(docker_save(layers, tags=["app\x1b[31m:1"], config=config))
    return path


class Terminal:
    """The program on a pseudo terminal: everything it sent, and what a terminal would show."""

    def __init__(self, *arguments: str) -> None:
        self.sent = ""
        self._shown = 0
        self._heard = 0
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-c", PROGRAM, *arguments],
            env={**SETTINGS, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            dimensions=(LINES, COLUMNS),
            timeout=60,
            encoding="utf-8",
        )

    def listen(self, seconds: float) -> None:
        """Take in what comes within so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                piece = self.child.read_nonblocking(65_536, timeout=0.05)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                return
            self.sent += piece
            self._feed()

    def _feed(self) -> None:
        """Show what was sent up to the last escape, which may be incomplete, without what pyte mistakes."""
        end = max(self._shown, self.sent.rfind("\x1b"))
        self._stream.feed(MISTAKEN.sub("", self.sent[self._shown : end]))
        self._shown = end

    def until(self, text: str, seconds: float = 45.0) -> None:
        """Take in what comes until this stands on the screen."""
        end = time.monotonic() + seconds
        while not self.shows(text):
            assert time.monotonic() < end, self.display
            self.listen(0.1)

    def shows(self, text: str) -> bool:
        """Whether this stands on the screen."""
        return any(text in line for line in self.screen.display)

    @property
    def display(self) -> str:
        """The screen as text."""
        return "\n".join(self.screen.display)

    def press(self, keys: str, seconds: float = 0.4) -> None:
        """Type, and take in the answer: for so many seconds, or until nothing more comes."""
        self.child.send(keys)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = len(self.sent)
            self.listen(min(0.1, max(0.0, end - time.monotonic())))
            if before < len(self.sent):
                continue
            if not self.child.isalive() or before > self._heard:
                break
        self._heard = len(self.sent)


def violations(sent: str) -> list[str]:
    """Every character a terminal would obey or hide and that the drawing library did not mean."""
    rest = ALLOWED.sub("", sent)
    return sorted(
        {repr(char) for char in rest if char not in "\r\n" and (not char.isprintable() or char in BIDI)}
    )


def test_no_control_byte_of_the_image_reaches_the_terminal(hostile_image: Path) -> None:
    terminal = Terminal(str(hostile_image))
    terminal.until("examined 100")
    terminal.press("gj\t", 1.0)
    for _ in range(len(NAMES) + 3):
        terminal.press("j", 0.15)
    for keys in ("\r", "]", "]", "]", "]", "\x1b", "n", "n", "n"):
        terminal.press(keys, 0.25)
    terminal.press("fevil", 0.0)
    terminal.until("2 paths")
    terminal.press("\r")
    for tab in "12345678":
        terminal.press(tab, 0.25)
        terminal.press("jjjj", 0.25)
    terminal.press("2fevil", 0.0)
    terminal.until("\\x1b]52;c;aGk=\\x07evil ")
    terminal.press("\x1b", 0.6)
    terminal.press("q", 3.0)
    assert violations(terminal.sent) == []
    assert "\x1b]52" not in terminal.sent
    assert not terminal.child.isalive()
    assert terminal.child.exitstatus == 0


def test_the_names_are_on_the_screen_in_their_printable_form(hostile_image: Path) -> None:
    terminal = Terminal(str(hostile_image))
    terminal.until("examined 100")
    terminal.press("gj\tz", 1.5)
    terminal.press("l", 0.5)
    for shown in (
        "\\x1b]52;c;aGk=\\x07evil",
        "\\x9b31mC1",
        "a\\u202egnp.exe",
        "b\\xff\\xfe",
        "[bold red]markup[",
    ):
        assert terminal.shows(shown), terminal.display
    assert terminal.screen.title == ""
    terminal.press("q", 2.0)
