"""Every key, by what it is for, and the language of the filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from forensics.tui.commands import COMMANDS
from forensics.tui.panes import tabs
from forensics.tui.screens.modal import Dialogue
from forensics.tui.widgets import Blank, Fact, Heading, Item, KeyValues, Paragraph, to_content

_IN_BYTES = (
    ("n N", "next and previous match or marked place"),
    ("v", "select in hex"),
    ("y", "copy the line, the value or the selection"),
    ("w", "wrap long lines of a text"),
)
_SIGNS = (
    ("!! ! ~ ·", "critical, high, medium, low or info"),
    ("+ ~ - =", "added, modified, deleted, unchanged"),
    ("≠ ?", "a layer whose digest does not agree; a layer the archive lacks"),
    ("…", "not known yet"),
    ("→", "enter follows this line"),
)
_LANGUAGE = (
    "Words must all occur; “-word” must not occur. Text with spaces stands in double quotes.",
    "A field is name:value; numbers and severities also compare: severity>=medium, size>1M.",
    "“-field:value” also leaves what has no such field: findings about the image itself have no state.",
)
_FIELDS = (
    ("Files", "path name status owner type kind state layer mode setuid uid link sha256 size finding"),
    ("Findings", "severity confidence layer category rule path state package sha256 attack evidence"),
    ("SBOM", "kind path package state layer"),
    ("Packages", "name version type arch license layer files"),
    ("Timeline", "layer created"),
    ("Coverage", "stage code subject lost"),
)


class HelpScreen(Dialogue[None]):
    """One page to scroll through."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "close", "Close", show=False)]

    def compose(self) -> ComposeResult:
        """The page in a frame."""
        with Vertical(classes="dialogue tall") as frame:
            frame.border_title = to_content("Keys")
            frame.border_subtitle = to_content("esc close")
            yield KeyValues(list(help_items()))

    def on_mount(self) -> None:
        """The page gets the keys."""
        self.query_one(KeyValues).focus()

    def action_close(self) -> None:
        """Back to what was looked at."""
        self.finish(None)


def help_items() -> Iterator[Item]:
    """The lines of the page."""
    for group, commands in COMMANDS.items():
        yield Heading(group)
        for command in commands:
            yield Fact(command.key, (command.title, "  ", (command.help, "muted")))
        yield Blank()
    yield Heading("In bytes and text")
    for keys, meaning in _IN_BYTES:
        yield Fact(keys, meaning)
    yield Blank()
    yield Heading("Screens")
    yield Fact("2", "Layers: layer, files, bytes")
    for kind in tabs():
        yield Fact(str(kind.tab), kind.title)
    yield Blank()
    yield Heading("Signs")
    for sign, meaning in _SIGNS:
        yield Fact(sign, meaning)
    yield Blank()
    yield Heading("Filters")
    for text in _LANGUAGE:
        yield Paragraph(text)
    for name, fields in _FIELDS:
        yield Fact(name, fields)
