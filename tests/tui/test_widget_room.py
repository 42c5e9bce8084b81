"""The room of the widgets: what it may know, and that nothing of it hides what Textual needs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from textual.containers import Vertical
from textual.scroll_view import ScrollView
from textual.widget import Widget

from forensics.tui import viewers, widgets

ROOM = sorted(Path(str(widgets.__file__)).parent.glob("*.py"))
BOTH = [*ROOM, *sorted(Path(str(viewers.__file__)).parent.glob("*.py"))]
ALLOWED = ("forensics.tui.widgets", "forensics.printable", "forensics.limits")
HANDLERS = {
    "compose",
    "refresh",
    "render_line",
    "render_lines",
    "watch_has_focus",
    "check_action",
    "on_mount",
    "notify_style_update",
}


@pytest.mark.parametrize("path", ROOM, ids=lambda path: path.stem)
def test_widgets_know_no_domain_type(path: Path) -> None:
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("forensics")
    }
    assert not {module for module in imported if not module.startswith(ALLOWED)}


@pytest.mark.parametrize("path", BOTH, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_name_of_textual_is_taken_for_something_else(path: Path) -> None:
    """A widget's own `_nodes`, `gutter` or `expand` would break it far from where it was written."""
    taken = set(dir(ScrollView)) | set(dir(Vertical)) | set(vars(Widget())) | set(vars(ScrollView()))
    clashes = []
    for group in ast.walk(ast.parse(path.read_text())):
        if not isinstance(group, ast.ClassDef) or not _is_widget(group):
            continue
        for node in ast.walk(group):
            if isinstance(node, ast.FunctionDef) and node.name in taken:
                clashes.append(node.name)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in taken:
                clashes.append(node.attr)
    known = HANDLERS | {
        "action_page_up",
        "action_page_down",
        "scroll_y",
        "virtual_size",
        "offset",
        "placeholder",
        "value",
    }
    assert {name for name in clashes if not name.startswith("__")} <= known


def _is_widget(group: ast.ClassDef) -> bool:
    bases = {base.id for base in group.bases if isinstance(base, ast.Name)}
    return bool(
        bases
        & {
            "Below",
            "Beside",
            "Slot",
            "ScrollView",
            "Rows",
            "ByteView",
            "Widget",
            "Vertical",
            "Horizontal",
            "WithStatus",
            "KeyValues",
        }
    )
