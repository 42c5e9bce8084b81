"""A one-line input that appears on `/` and goes away on Esc, with room below for what is wrong with it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label

from forensics.tui.widgets.styled import Styled, to_content


class BarInput(Input):
    """Lets go of the keys with Enter at once: what is typed right behind is meant for what follows."""

    async def on_key(self, event: events.Key) -> None:
        """Enter acts here and not as a binding, which waits until the key has gone up to the program.

        A key that was on its way meanwhile goes round again, to whatever has the keys now.
        """
        if self.screen.focused is not self:
            event.prevent_default()
            event.stop()
            self.app.post_message(events.Key(event.key, event.character))
        elif event.key == "enter":
            event.prevent_default()
            event.stop()
            await self.action_submit()
            self.screen.set_focus(None)


class FilterBar(Vertical):
    """A prompt, an input, a note at the right, a problem below. Hidden until `open`; Esc closes it."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; background: $panel; }
    FilterBar.-open { display: block; }
    FilterBar > Horizontal { height: 1; }
    FilterBar .filter-bar--prompt { width: auto; color: $text-accent; text-style: bold; padding: 0 1 0 1; }
    FilterBar Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    FilterBar Input:focus { border: none; background-tint: $foreground 5%; }
    FilterBar .filter-bar--note { width: auto; max-width: 50%; color: $text-muted; padding: 0 1 0 1; }
    FilterBar > .filter-bar--problem {
        display: none; width: 1fr; height: auto; max-height: 6; color: $text-error; padding: 0 1;
    }
    FilterBar.-wrong > .filter-bar--problem { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    class FilterMessage(Message):
        """A message of a filter bar."""

        def __init__(self, bar: FilterBar, value: str = "") -> None:
            super().__init__()
            self.bar = bar
            self.value = value

        @property
        def control(self) -> FilterBar:
            """The bar that sent it."""
            return self.bar

    class Changed(FilterMessage):
        """The text is now `value`."""

    class Submitted(FilterMessage):
        """Enter was pressed on `value`; nothing has the keys now, and whoever hears it decides what does."""

    class Closed(FilterMessage):
        """The bar went away; its text is empty now. `Changed` is not sent for that."""

    def __init__(
        self,
        prompt: str = "/",
        placeholder: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._prompt = Label(prompt, markup=False, classes="filter-bar--prompt")
        self._input = BarInput(placeholder=placeholder, compact=True, select_on_focus=False)
        self._note = Label("", markup=False, classes="filter-bar--note")
        self._problem = Label("", markup=False, classes="filter-bar--problem")
        self._complaint = ""

    def compose(self) -> ComposeResult:
        """Prompt, input, note; below them the problem."""
        with Horizontal():
            yield self._prompt
            yield self._input
            yield self._note
        yield self._problem

    @property
    def value(self) -> str:
        """What stands in it."""
        return self._input.value

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return self.has_class("-open")

    def open(
        self, value: str | None = None, *, prompt: str | None = None, placeholder: str | None = None
    ) -> None:
        """Appear and take the keys; with `value`, `prompt` or `placeholder`, change them."""
        if prompt is not None:
            self._prompt.update(to_content(prompt))
        if placeholder is not None:
            self._input.placeholder = placeholder
        if value is not None:
            with self.prevent(Input.Changed):
                self._input.value = value
        self._input.cursor_position = len(self._input.value)
        self.add_class("-open")
        self._input.focus()

    def take_keys(self) -> None:
        """The person is to change what stands there."""
        self.screen.set_focus(self._input)

    def close(self) -> None:
        """Go away and forget the text."""
        if not self.is_open:
            return
        self.remove_class("-open")
        with self.prevent(Input.Changed):
            self._input.value = ""
        self.note("")
        self.complain("")
        self.post_message(self.Closed(self))

    def note(self, text: Styled) -> None:
        """Say something at the right end, such as how many rows are left."""
        self._note.update(to_content(text))

    @property
    def complaint(self) -> str:
        """What is wrong with the text, empty when nothing is."""
        return self._complaint

    def complain(self, problem: str) -> None:
        """Say below the input what is wrong with its text; nothing takes the words away."""
        if problem != self._complaint:
            self._complaint = problem
            self._problem.update(to_content(problem))
            self.set_class(bool(problem), "-wrong")

    def answer(self, count: str, problem: str) -> None:
        """What the text comes to: how much is left, while there is a text, and what is wrong with it."""
        if self.is_open:
            self.note(count if self.value else "")
            self.complain(problem)

    def action_close(self) -> None:
        """Esc."""
        self.close()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self, event.value))
