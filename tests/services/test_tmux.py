"""The interface in a real terminal multiplexer: every tab, pane and viewer, resizing, and a clean end."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import forensics
from forensics.samples import build, recipe_of

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

ROOT = Path(forensics.__file__).parents[1]
PROGRAM = "import sys; from forensics.cli.main import main; sys.exit(main())"
SAMPLE = "kworker-miner"
PROMPT = "ready>"
PATIENCE = 60.0
CLEAN = "alternate=0 cursor=1 mouse=0 keypad=0 wrap=1"
STATE = (
    "alternate=#{alternate_on} cursor=#{cursor_flag} mouse=#{mouse_any_flag} "
    "keypad=#{keypad_cursor_flag} wrap=#{wrap_flag}"
)
TABS = {
    "1": "─ Overview ",
    "2": "─ Files · ",
    "3": "─ Findings ",
    "4": "─ Declared against found",
    "5": "─ Packages ",
    "6": "─ Configuration ",
    "7": "─ Build steps ",
    "8": "─ What could not be examined",
}
PANES = ("─ Layers ", "─ Files · ", "─ /usr/lib/.x/kworker", "─ Findings ")
VIEWERS = {
    "Info": "sha256",
    "ELF": "Sections",
    "Hex": "00 01 02 03",
    "Strings": "of 6 characters or more",
    "Text": "line 1 of",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training image."""
    return build(recipe_of(SAMPLE), tmp_path_factory.mktemp("sample"))


class Terminal:
    """A shell in a server of its own; what is typed there and what then stands on the screen."""

    def __init__(self, tmux: str, name: str, folder: Path, size: tuple[int, int]) -> None:
        self._command = [tmux, "-u", "-L", name, "-f", os.devnull]
        self._environment = {
            **{key: text for key, text in os.environ.items() if key not in ("TMUX", "COLUMNS", "LINES")},
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "FORENSICS_STATE_DIR": str(folder / "state"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        columns, lines = map(str, size)
        self.run("new-session", "-d", "-x", columns, "-y", lines, "-c", str(folder), "sh")
        self.type("PS1='rea''dy>'; clear")
        self.press("Enter")
        self.until(PROMPT)

    def run(self, *arguments: str) -> str:
        """One command of tmux."""
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        return self.run("capture-pane", "-p").split("\n")

    @property
    def display(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def press(self, *keys: str) -> None:
        """Keys by their names in tmux."""
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Letters as they are."""
        self.run("send-keys", "-l", text)

    def until(self, *texts: str) -> str:
        """Wait until all of these stand on the screen; gives the screen."""
        return self.until_so(lambda display: all(text in display for text in texts), ", ".join(texts))

    def until_so(self, wanted: Callable[[str], bool], words: str) -> str:
        """Wait until the screen is as wanted; gives the screen."""
        end = time.monotonic() + PATIENCE
        while not wanted(display := self.display):
            assert time.monotonic() < end, f"waited in vain for {words} on:\n{display}"
            time.sleep(0.05)
        return display

    def open(self, *arguments: str) -> None:
        """Start the program; behind it the shell will say how it ended."""
        words = [sys.executable, "-c", PROGRAM, "open", *arguments]
        self.type(" ".join(map(shlex.quote, words)) + "; echo ended with $?")
        self.press("Enter")

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the terminal."""
        self.run("resize-window", "-x", str(columns), "-y", str(lines))

    def leave(self) -> None:
        """Quit, and see that the shell has its terminal back as it was."""
        self.press("q")
        display = self.until("ended with 0", PROMPT)
        assert "analysis_worker" not in display, "no word of a thread or a worker"
        assert display.rstrip().endswith(PROMPT)
        assert self.run("display-message", "-p", STATE).strip() == CLEAN
        self.type("echo still $((40 + 2))")
        self.press("Enter")
        self.until("still 42")


Open = Callable[[tuple[int, int]], Terminal]


@pytest.fixture
def terminal(tool: Callable[[str], str], tmp_path: Path) -> Iterator[Open]:
    """Opens a terminal of a size; its server ends with the test."""
    name = f"forensics-{os.getpid()}-{tmp_path.name}"[:60]

    @contextmanager
    def server() -> Iterator[Open]:
        opened: list[Terminal] = []

        def open_terminal(size: tuple[int, int]) -> Terminal:
            opened.append(Terminal(tool("tmux"), name, tmp_path, size))
            return opened[-1]

        try:
            yield open_terminal
        finally:
            for each in opened:
                each.run("kill-server")

    with server() as opening:
        yield opening


def analysed(terminal: Open, sample: Path) -> Terminal:
    """A terminal of a usual size with the sample's whole analysis."""
    shown = terminal((160, 45))
    shown.open(str(sample))
    shown.until("MALICIOUS", "examined 100.0 %")
    return shown


def find_the_miner(terminal: Terminal) -> None:
    """With the dialogue that finds paths."""
    terminal.press("f")
    terminal.until("Find a path", "letters of it")
    terminal.type("kworker")
    terminal.until("/usr/lib/.x/kworker", "paths")
    terminal.press("Enter")
    terminal.until("─ /usr/lib/.x/kworker", "of 8 bits a byte")


def test_every_tab_is_on_the_screen_and_the_end_is_clean(terminal: Open, sample: Path) -> None:
    shown = analysed(terminal, sample)
    assert "critical" in shown.lines[0]
    for key, title in TABS.items():
        shown.press(key)
        display = shown.until(title)
        assert display.count("\n") >= 44, "the whole screen is used"
        assert "q quit" in shown.lines[44]
    shown.press("4")
    shown.until("compared", "disagreement")
    shown.press("5")
    shown.until("libc", "purl")
    shown.press("7")
    shown.until("RUN", "created")
    shown.press("8")
    shown.until("Everything was examined.")
    shown.leave()


def test_every_pane_and_viewer_is_on_the_screen(terminal: Open, sample: Path) -> None:
    shown = analysed(terminal, sample)
    find_the_miner(shown)
    offered = next(line for line in shown.lines if "Info  ELF" in line).split("│")[-2].split()
    assert set(offered) == set(VIEWERS)
    for name in (*offered[1:], offered[0]):
        shown.press("]")
        shown.until(VIEWERS[name])
    shown.press("H")
    shown.until("00 01 02 03", "7f 45 4c 46", "little-endian")
    shown.press("/")
    shown.type("donate")
    shown.press("Enter")
    shown.until("n next  N previous", "donate")
    shown.press("Escape")
    shown.until_so(lambda display: "n next  N previous" not in display, "no search")
    shown.press("z")
    shown.until_so(lambda display: sum(pane in display for pane in PANES) == 1, "one pane alone")
    for pane in (*PANES[3:], *PANES[:3]):
        shown.press("Tab")
        shown.until_so(
            lambda display, pane=pane: [each for each in PANES if each in display] == [pane],  # type: ignore[misc]
            f"{pane} alone",
        )
    shown.press("z")
    shown.until(*PANES)
    shown.leave()


def test_the_lists_are_filtered_and_the_keys_explained(terminal: Open, sample: Path) -> None:
    shown = analysed(terminal, sample)
    shown.press("Tab", "/")
    shown.type("status:unowned type:elf")
    shown.until("1 of ", "kworker")
    shown.press("Escape")
    shown.until_so(lambda display: "status:unowned" not in display, "no filter")
    shown.press("3", "/")
    shown.type("severity>=high -category:miner")
    shown.until("Findings · severity>=high -category:miner")
    shown.press("Enter", "?")
    shown.until("─ Keys ", "Moving", "shift+tab")
    shown.press("G")
    shown.until("Coverage", "stage code subject lost")
    shown.press("Escape")
    shown.until("─ Findings · severity>=high")
    shown.press("Escape")
    shown.until_so(lambda display: "severity>=high" not in display, "no filter")
    shown.press("n", "n", "2")
    shown.until(*PANES[:2])
    shown.leave()


def test_the_layout_follows_the_size_of_the_terminal(terminal: Open, sample: Path) -> None:
    shown = analysed(terminal, sample)
    find_the_miner(shown)
    shown.until(*PANES)
    shown.resize(80, 24)
    display = shown.until_so(
        lambda display: [pane for pane in PANES if pane in display] == [PANES[2]], "one column"
    )
    shown.until_so(
        lambda display: f"{SAMPLE}.tar › " in display.split("\n")[2], "a breadcrumb that says where one is"
    )
    assert "sha256" in display
    assert max(map(len, shown.lines)) <= 80
    shown.press("Escape")
    shown.until_so(
        lambda display: [pane for pane in PANES if pane in display] != [PANES[2]], "another column"
    )
    shown.resize(200, 60)
    shown.until(*PANES[:2], PANES[3])
    find_the_miner(shown)
    shown.press("H")
    display = shown.until("00 01 02 03", "of 8 bits a byte")
    assert "0f" in display, "the facts and sixteen bytes a row side by side"
    assert "│7f" not in display
    shown.resize(120, 40)
    shown.until_so(lambda display: "of 8 bits a byte" not in display, "one half")
    shown.until("7f 45 4c 46")
    shown.leave()


def test_a_small_terminal_is_enough_from_the_start(terminal: Open, sample: Path) -> None:
    shown = terminal((80, 24))
    shown.open(str(sample))
    shown.until("─ Layers ", "whole image", "q quit")
    for key, title in TABS.items():
        if key != "2":
            shown.press(key)
            shown.until(title)
    shown.press("2")
    shown.until("─ Layers ")
    shown.press("j", "j", "Enter")
    shown.until("─ Files · layer 1 alone", "›")
    find_the_miner(shown)
    shown.press("n")
    shown.until("critical")
    shown.press("H")
    shown.until("00 01 02 03", "[Configuration of a miner]")
    shown.press("?")
    shown.until("─ Keys ")
    shown.press("Escape")
    shown.until("00 01 02 03")
    assert max(map(len, shown.lines)) <= 80
    shown.leave()


def test_the_first_screen_asks_for_an_image_and_an_end_there_is_clean_too(
    terminal: Open, sample: Path
) -> None:
    shown = terminal((80, 24))
    shown.open()
    shown.until("Open an image", "tab completes")
    shown.type(str(sample.parent / "nothing.tar"))
    shown.press("Enter")
    shown.until("error: ", "hint: ")
    shown.press("C-q")
    shown.until("ended with 3")
    assert shown.run("display-message", "-p", STATE).strip() == CLEAN
