"""Boxes without anything of their own on the screen: Textual draws them with one strip, not line by line."""

from __future__ import annotations

from textual.containers import Container, Horizontal, Vertical
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher


class _Bare(Widget):
    """Has no border and no padding, and what is in it may grow without the screen being laid out again.

    Stands behind the box in the bases: style rules and composition are the box's.
    """

    BLANK = True
    virtual_size = Reactive(Size(0, 0), layout=False)


class Beside(Horizontal, _Bare):
    """Widgets side by side."""


class Below(Vertical, _Bare):
    """Widgets below one another."""


class Slot(Container, _Bare):
    """A place for one widget."""


class Sheets(ContentSwitcher, _Bare):
    """Widgets of which one is shown."""
