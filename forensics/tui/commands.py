"""Everything a person can do, said once: keys, palette, help and footer are made from this table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider

_SPELT = {
    "/": "slash",
    "?": "question_mark",
    ":": "colon",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "esc": "escape",
}
"""Keys whose name in Textual is not what stands on them."""


_SHOWN = "list them, or do not"
_LAYERS = ("layers",)
_LISTS = ("layers", "findings", "sbom", "packages", "timeline", "coverage")
_FILES = ("layers", "findings")
_PLACES = {"layers": "2 Layers", "findings": "3 Findings"}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do: `key` is what stands on the key, `title` its plain name, `help` what it does.

    `action` is the screen's action, empty for what a list or a tree does by itself. `footer` is its short
    name for the last line of the screen, and `weight` how long it stays there when the line gets narrow.
    `tabs` are the ids of those in which it does something; none, everywhere.
    """

    key: str
    title: str
    help: str
    action: str = ""
    footer: str = ""
    weight: int = 0
    tabs: tuple[str, ...] = ()

    def works_in(self, tab: str) -> bool:
        """Whether it does something in the tab with this id."""
        return not self.tabs or tab in self.tabs

    @property
    def places(self) -> str:
        """The tabs in which it does something, in words."""
        return " and ".join(_PLACES.get(tab, tab) for tab in self.tabs)


COMMANDS: dict[str, tuple[Command, ...]] = {
    "Moving": (
        Command("tab", "Next pane", "the keys go to the next pane", "next_pane", "pane", 6),
        Command("shift+tab", "Previous pane", "the keys go to the pane before", "previous_pane"),
        Command("arrows or h j k l", "Move", "up and down; in trees also collapse and expand"),
        Command("g G", "Start, end", "the first and the last line"),
        Command("enter", "Open", "one step deeper: layer, file, bytes; follow a line marked →"),
        Command("esc", "Go back", "where you came from", "back", "back", 5),
        Command("space", "Collapse", "collapse or expand a folder"),
        Command("ctrl+space", "Collapse all", "collapse every folder"),
    ),
    "Looking": (
        Command("f", "Find a path", "any version of any path, also deleted ones", "find_path", "find", 7),
        Command(
            "/", "Filter or search", "filter the list, or search in the bytes", "filter", "filter", 8, _LISTS
        ),
        Command("H", "Show as hex", "the bytes of the chosen file", "show_hex", "hex", 4, _FILES),
        Command("]", "Look in the next way", "info, text, strings, hex, …", "next_viewer", tabs=_LAYERS),
        Command("[", "Look in the previous way", "the one before", "previous_viewer", tabs=_LAYERS),
        Command(":", "Go to an offset", "in the bytes; decimal or 0x…", "go_to_offset", tabs=_LAYERS),
        Command("z", "Zoom", "one pane alone, and back", "zoom", tabs=_LAYERS),
    ),
    "What is listed": (
        Command(
            "ctrl+l",
            "One layer or accumulated",
            "the layer alone, or the image after it",
            "toggle_accumulated",
            tabs=_LAYERS,
        ),
        Command("ctrl+a", "Added files", _SHOWN, "toggle_change('added')", tabs=_LAYERS),
        Command("ctrl+o", "Modified files", _SHOWN, "toggle_change('modified')", tabs=_LAYERS),
        Command("ctrl+r", "Removed files", _SHOWN, "toggle_change('deleted')", tabs=_LAYERS),
        Command("ctrl+u", "Unmodified files", _SHOWN, "toggle_change('unchanged')", tabs=_LAYERS),
    ),
    "Findings": (
        Command("n", "Next finding", "its layer, file and bytes", "step_finding(1)", "finding", 7),
        Command("N", "Previous finding", "the finding before", "step_finding(-1)"),
        Command("m", "Mark as reviewed", "or take the mark away", "mark_reviewed", "mark", 2, _FILES),
    ),
    "Evidence and notes": (
        Command("b", "Bookmark the file", "or take the bookmark away", "bookmark", "bookmark", 1, _FILES),
        Command("B", "Show bookmarks", "the bookmarked places of this image", "show_bookmarks"),
        Command(
            "x",
            "Export evidence",
            "file versions under their digests, with a manifest",
            "export",
            "export",
            3,
        ),
        Command("ctrl+s", "Save the report", "JSON, SARIF or a table; JSON opens here again", "save_report"),
    ),
    "Program": (
        Command("ctrl+p", "Commands", "find a command by its name"),
        Command("?", "Keys", "this page", "show_help", "keys", 10),
        Command(
            "o", "Open another image", "the analysis of this one goes on until it is open", "app.open_another"
        ),
        Command("ctrl+t", "Light or dark", "the other look", "app.switch_look"),
        Command(
            "ctrl+c",
            "Stop the analysis",
            "what is known stays, without a report; when nothing runs, quit",
            "app.stop_analysis",
        ),
        Command("q", "Quit", "leave the program", "app.leave", "quit", 9),
    ),
}
"""Everything, by what it is for."""


def all_commands() -> tuple[Command, ...]:
    """Every command, in the order of the table."""
    return tuple(chain.from_iterable(COMMANDS.values()))


def command_of(action: str) -> Command:
    """The command that is carried out by the screen's action of this name."""
    return next(command for command in all_commands() if command.action.partition("(")[0] == action)


def bindings() -> list[Binding]:
    """The key bindings of the analysis screen."""
    return [
        Binding(_SPELT.get(command.key, command.key), command.action, command.title, show=False)
        for command in all_commands()
        if command.action
    ]


class CommandList(Provider):
    """The commands under their plain names, for the palette."""

    async def discover(self) -> Hits:
        """All of them, in the order of the table."""
        for title, help_text, action in self._offered():
            yield DiscoveryHit(title, self._runner(action), help=help_text)

    async def search(self, query: str) -> Hits:
        """Those whose name answers what was typed."""
        matcher = self.matcher(query)
        for title, help_text, action in self._offered():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), self._runner(action), help=help_text)

    def _offered(self) -> Iterator[tuple[str, str, str]]:
        tab = getattr(self.screen, "tab", "")
        for command in all_commands():
            if command.action and command.works_in(tab):
                yield command.title, f"{command.key}  {command.help}", command.action
        tabs = getattr(self.screen, "tab_commands", None)
        if tabs is not None:
            yield from tabs()

    def _runner(self, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.screen.run_action(action)

        return run
