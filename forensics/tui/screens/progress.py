"""The first seconds: how far the image is read, until there is something to look at."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from forensics.pipeline.events import Stage
from forensics.tui.progress_words import STAGE_WORDS, amount, bar
from forensics.tui.store import Store, Topic
from forensics.tui.widgets import Part, to_content

_BAR_CELLS = 30


class ProgressScreen(Screen[None]):
    """One line a stage, with its bar and its bytes; Esc gives up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "give_up", "Cancel", key_display="esc"),
        Binding("q", "app.leave", "Quit"),
    ]

    class GivenUp(Message):
        """The person does not want to wait."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def compose(self) -> ComposeResult:
        """The bars in the middle."""
        with Vertical(classes="dialogue") as frame:
            frame.border_title = to_content(("Reading ", (self.store.reference, "strong")))
            yield Static(id="stages")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Draw what is known."""
        self._draw()

    def store_changed(self, topics: frozenset[Topic]) -> None:
        """Draw again when something moved on."""
        if Topic.PROGRESS in topics:
            self._draw()

    def action_give_up(self) -> None:
        """Ask for an end."""
        self.post_message(self.GivenUp())

    def _draw(self) -> None:
        lines = [to_content(self._line(stage)) for stage in Stage]
        self.query_one("#stages", Static).update(Content("\n").join(lines))

    def _line(self, stage: Stage) -> tuple[Part, ...]:
        progress = self.store.stages.get(stage)
        word = STAGE_WORDS[stage].ljust(10)
        if progress is None:
            return ((f"  {word}", "muted"),)
        sign, tone = ("✓", "success") if progress.finished else ("▸", "accent")
        return (
            (f"{sign} ", tone),
            word,
            (bar(progress, _BAR_CELLS), "primary"),
            f"  {amount(stage, progress)}  ",
            (progress.note, "muted"),
        )
