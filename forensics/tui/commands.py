"""Everything a person can do, said once: keys, palette, help and footer are made from this table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do. `keys` as Textual spells them; `shown` how the help spells them; `footer` its short
    name.

    `action` is the name of an action of the screen, or empty for what a list or tree does by itself.
    """

    group: str
    title: str
    help: str
    shown: str
    keys: str = ""
    action: str = ""
    footer: str = ""


MOVE = "Moving"
LOOK = "Looking"
LIST = "What is listed"
JUDGE = "Findings"
KEEP = "Evidence and notes"
PROGRAM = "Program"

COMMANDS: tuple[Command, ...] = (
    Command(MOVE, "Next pane", "the keys go to the next pane", "tab", "tab", "next_pane", "pane"),
    Command(
        MOVE, "Previous pane", "the keys go to the pane before", "shift+tab", "shift+tab", "previous_pane"
    ),
    Command(MOVE, "Move", "up, down, and in trees collapse and expand", "arrows or h j k l"),
    Command(MOVE, "Start, end", "the first and the last line", "g G"),
    Command(MOVE, "Open", "go one step deeper: layer, file, bytes; follow a line marked →", "enter"),
    Command(MOVE, "Back", "where you came from", "esc", "escape", "back", "back"),
    Command(MOVE, "Collapse", "collapse or expand a folder", "space"),
    Command(MOVE, "Collapse all", "collapse every folder", "ctrl+space"),
    Command(LOOK, "Find a path", "any version of any path, also deleted ones", "f", "f", "find_path", "find"),
    Command(
        LOOK, "Filter or search", "filter the list, or search in the bytes", "/", "slash", "filter", "filter"
    ),
    Command(LOOK, "Show as hex", "the bytes of the chosen file", "H", "H", "show_hex", "hex"),
    Command(
        LOOK, "Next way to look", "info, text, strings, hex, …", "]", "right_square_bracket", "next_viewer"
    ),
    Command(LOOK, "Way to look before", "the one before", "[", "left_square_bracket", "previous_viewer"),
    Command(LOOK, "Go to an offset", "in the bytes; decimal or 0x…", ":", "colon", "go_to_offset"),
    Command(
        LIST,
        "One layer or accumulated",
        "the layer alone, or the image after it",
        "ctrl+l",
        "ctrl+l",
        "toggle_accumulated",
    ),
    Command(LIST, "Added", "list what was added, or do not", "ctrl+a", "ctrl+a", "toggle_change('added')"),
    Command(
        LIST, "Modified", "list what was modified, or do not", "ctrl+o", "ctrl+o", "toggle_change('modified')"
    ),
    Command(
        LIST, "Removed", "list what was removed, or do not", "ctrl+r", "ctrl+r", "toggle_change('deleted')"
    ),
    Command(
        LIST,
        "Unmodified",
        "list what stayed the same, or do not",
        "ctrl+u",
        "ctrl+u",
        "toggle_change('unchanged')",
    ),
    Command(JUDGE, "Next finding", "its layer, file and bytes", "n", "n", "step_finding(1)", "finding"),
    Command(JUDGE, "Previous finding", "the finding before", "N", "N", "step_finding(-1)"),
    Command(JUDGE, "Mark as reviewed", "or take the mark away", "m", "m", "mark_reviewed", "mark"),
    Command(
        KEEP, "Bookmark", "remember this file of this image, or forget it", "b", "b", "bookmark", "bookmark"
    ),
    Command(KEEP, "Bookmarks", "the bookmarked places", "B", "B", "show_bookmarks"),
    Command(
        KEEP,
        "Export the file",
        "the chosen version, under its digest, with a manifest",
        "x",
        "x",
        "export",
        "export",
    ),
    Command(
        KEEP,
        "Save the report",
        "JSON, SARIF or a table; JSON can be opened again",
        "ctrl+s",
        "ctrl+s",
        "save_report",
    ),
    Command(PROGRAM, "Commands", "find a command by its name", "ctrl+p", "", "", ""),
    Command(PROGRAM, "Keys", "this page", "?", "question_mark", "show_help", "keys"),
    Command(PROGRAM, "Open another image", "the analysis of this one ends", "o", "o", "app.open_another"),
    Command(PROGRAM, "Light or dark", "the other look", "ctrl+t", "ctrl+t", "app.switch_look"),
    Command(
        PROGRAM,
        "Stop the analysis",
        "what is known stays; when nothing runs, quit",
        "ctrl+c",
        "ctrl+c",
        "app.stop_analysis",
    ),
    Command(PROGRAM, "Quit", "leave the program", "q", "q", "app.leave", "quit"),
)


def bindings() -> list[Binding]:
    """The key bindings of the analysis screen."""
    return [
        Binding(
            command.keys,
            command.action,
            command.footer or command.title,
            key_display=command.shown,
            show=bool(command.footer),
            tooltip=command.help,
        )
        for command in COMMANDS
        if command.keys
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
        for command in COMMANDS:
            if command.action:
                yield command.title, f"{command.shown}  {command.help}", command.action
        tabs = getattr(self.screen, "tab_commands", None)
        if tabs is not None:
            yield from tabs()

    def _runner(self, action: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self.screen.run_action(action)

        return run
