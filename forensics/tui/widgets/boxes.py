"""Boxes without anything of their own on the screen: Textual draws them with one strip, not line by line."""

from __future__ import annotations

from textual.containers import Container, Horizontal, Vertical
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import ContentSwitcher


class Beside(Horizontal):
    """Widgets side by side. It has no border and no padding."""

    BLANK = True
    virtual_size = Reactive(Size(0, 0), layout=False)


class Below(Vertical):
    """Widgets below one another. It has no border and no padding."""

    BLANK = True
    virtual_size = Reactive(Size(0, 0), layout=False)


class Slot(Container):
    """A place for one widget. It has no border and no padding."""

    BLANK = True
    virtual_size = Reactive(Size(0, 0), layout=False)


class Sheets(ContentSwitcher):
    """Widgets of which one is shown. It has no border and no padding."""

    BLANK = True
    virtual_size = Reactive(Size(0, 0), layout=False)
