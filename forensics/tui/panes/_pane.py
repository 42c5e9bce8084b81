"""What a pane is, and what it can ask of the screen around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Input

from forensics.model.findings import Finding
from forensics.tui.store import Store, Topic
from forensics.tui.widgets import FilterBar, Styled, to_content


class Pane(Vertical):
    """One part of the screen, drawn from the store.

    `topics` are those it shows; a pane that is not on the screen draws when it comes back. Subclasses give
    `draw`, and `focus_inside` when it is not their first widget that should get the keys.
    """

    topics: ClassVar[frozenset[Topic]] = frozenset()
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, store: Store, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.store = store
        self._stale = True
        self._lit = False

    def draw(self) -> None:
        """Bring every widget in line with the store."""

    def store_changed(self, topics: frozenset[Topic]) -> None:
        """The store changed in these respects."""
        if not topics & self.topics:
            return
        if self.is_mounted and self.is_on_screen:
            self._stale = False
            self.draw()
        else:
            self._stale = True

    @property
    def is_on_screen(self) -> bool:
        """Whether neither it nor anything around it is hidden."""
        return all(node.styles.display != "none" for node in self.ancestors_with_self if node.is_attached)

    def draw_if_stale(self) -> None:
        """Draw when the store changed while the pane was hidden."""
        if self._stale:
            self._stale = False
            self.draw()

    def on_show(self) -> None:
        """It came on the screen."""
        self.draw_if_stale()

    def on_descendant_focus(self) -> None:
        """The frame of the pane that has the keys stands out."""
        self._lit = True
        self.colour_frame()

    def on_descendant_blur(self) -> None:
        """And no longer does."""
        self._lit = False
        self.colour_frame()

    def colour_frame(self) -> None:
        """Give the frame its colour; set directly, since a style rule would be worked out for all inside."""
        colours = self.app.theme_variables
        self.styles.border = ("round", colours["border" if self._lit else "border-blurred"])

    def focus_inside(self) -> None:
        """Give the keys to the widget that wants them."""
        for widget in self.query("*"):
            if widget.focusable:
                focus_now(widget)
                return

    def entitle(self, title: Styled, note: Styled = "") -> None:
        """What stands in the frame: `title` at the top, `note` at the bottom."""
        self.border_title = to_content(title)
        self.border_subtitle = to_content(note) if note else None


def focus_now(widget: Widget) -> None:
    """Give the keys to a widget before the next key is looked at: `Widget.focus` does so a little later."""
    widget.screen.set_focus(widget)


def open_bar(bar: FilterBar, value: str, prompt: str | None = None, placeholder: str | None = None) -> None:
    """Open the bar of a pane; what is typed right behind the key that opened it belongs to it."""
    bar.open(value, prompt=prompt, placeholder=placeholder)
    focus_now(bar.query_one(Input))


@dataclass(frozen=True, slots=True)
class PaneKind:
    """A pane as a plugin: `id` is its module's name, `tab` the number of the tab it fills (0: a column)."""

    id: str
    title: str
    make: Callable[[Store], Pane]
    tab: int = 0


class ChooseLayer(Message):
    """Look at this layer; None is the whole image. `deeper`: and go on to its files."""

    def __init__(self, layer: int | None, *, deeper: bool = False) -> None:
        super().__init__()
        self.layer = layer
        self.deeper = deeper


class ChooseFile(Message):
    """Look at a file version by its key, or at a folder by its path alone. `deeper`: and go on to its
    content.

    `jump`: from another part of the screen, so that one can come back.
    """

    def __init__(
        self,
        path: str,
        key: tuple[int, int] | None = None,
        *,
        deeper: bool = False,
        jump: bool = False,
    ) -> None:
        super().__init__()
        self.path = path
        self.key = key
        self.deeper = deeper
        self.jump = jump


class ChooseFinding(Message):
    """Look at what a finding speaks of. `deeper`: go on to the bytes, those at `offset` when it is given."""

    def __init__(
        self, finding: Finding, *, deeper: bool = False, offset: int | None = None, length: int = 0
    ) -> None:
        super().__init__()
        self.finding = finding
        self.deeper = deeper
        self.offset = offset
        self.length = length


class ShowPath(Message):
    """Look at a printable path, as this layer has it; without a layer, at its newest version."""

    def __init__(self, path: str, layer: int | None = None) -> None:
        super().__init__()
        self.path = path
        self.layer = layer


class ShowPackage(Message):
    """Look at the packages of this name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class ShowTab(Message):
    """Go to the tab with this id."""

    def __init__(self, tab: str) -> None:
        super().__init__()
        self.tab = tab
