"""Ways to look at a file: `VIEWER` plugins, the most telling first, hex always among them."""

from __future__ import annotations

import sys
from functools import cache

from forensics.plugins import collect
from forensics.tui.viewers._viewer import JumpToOffset, OpenMember, ShowVersion, ViewedFile, Viewer

__all__ = ["JumpToOffset", "OpenMember", "ShowVersion", "ViewedFile", "Viewer", "offered", "viewers"]


@cache
def viewers() -> tuple[Viewer, ...]:
    """All viewers, in the order of their names."""
    return collect(sys.modules[__name__], "VIEWER", Viewer)


def offered(file: ViewedFile) -> tuple[Viewer, ...]:
    """The viewers that suit `file`, best first."""
    ranked = [(viewer.priority(file), viewer) for viewer in viewers()]
    return tuple(viewer for priority, viewer in sorted(ranked, key=lambda pair: -pair[0]) if priority > 0)
