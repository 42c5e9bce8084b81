"""The parts of the screen: `PANE` plugins, one file a pane."""

from __future__ import annotations

import sys
from functools import cache

from forensics.plugins import collect
from forensics.tui.panes._pane import (
    ChooseFile,
    ChooseFinding,
    ChooseLayer,
    Pane,
    PaneKind,
    ShowPackage,
    ShowPath,
    ShowTab,
)

__all__ = [
    "ChooseFile",
    "ChooseFinding",
    "ChooseLayer",
    "Pane",
    "PaneKind",
    "ShowPackage",
    "ShowPath",
    "ShowTab",
    "panes",
    "tabs",
]


@cache
def panes() -> dict[str, PaneKind]:
    """Every pane by its id."""
    return {kind.id: kind for kind in collect(sys.modules[__name__], "PANE", PaneKind)}


def tabs() -> tuple[PaneKind, ...]:
    """The panes that fill a whole tab, in the order of their numbers."""
    return tuple(sorted((kind for kind in panes().values() if kind.tab), key=lambda kind: kind.tab))
