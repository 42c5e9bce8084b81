"""A tree drawn as a flat list of its visible rows: no recursion, and as fast at a million rows as at ten."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType

from forensics.tui.widgets._rows import Rows, RowsMessage
from forensics.tui.widgets._tree_rows import NodeId, TreeModel, parent_row, rows_of, subtree_end
from forensics.tui.widgets.styled import Styled, fit, segments_of

MIN_LABEL = 24
"""Cells kept for the label before columns are left out."""

INDENT = 2
"""Cells a level of depth is indented."""


@dataclass(frozen=True)
class TreeColumn:
    """A column at the right edge: `width` cells; the least important go first when space is short."""

    width: int
    align: str = "right"
    importance: int = 0
    title: str = ""


class FlatTree(Rows):
    """A virtual tree over a `TreeModel`, with fixed-width columns at the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_node", "Collapse", show=False),
        Binding("ctrl+space,ctrl+@", "collapse_all", "Collapse all", show=False),
    ]

    class Highlighted(RowsMessage):
        """The cursor came to `node`."""

        def __init__(self, widget: FlatTree, node: NodeId) -> None:
            super().__init__(widget)
            self.node = node

    class Opened(RowsMessage):
        """The person opened `node` with Enter or a double click."""

        def __init__(self, widget: FlatTree, node: NodeId) -> None:
            super().__init__(widget)
            self.node = node

    def __init__(
        self,
        model: TreeModel,
        columns: Sequence[TreeColumn] = (),
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._model = model
        self._columns = tuple(columns)
        self._expanded: set[NodeId] = set()
        self._row_nodes: list[NodeId] = []
        self._row_depths = array("H")
        self._fill()

    # -- what stands where ------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """How many rows are visible, collapsed ones not counted."""
        return len(self._row_nodes)

    @property
    def cursor_node(self) -> NodeId | None:
        """The node under the cursor, None in an empty tree."""
        return self._row_nodes[self.cursor] if self._row_nodes else None

    @property
    def model(self) -> TreeModel:
        """What the tree shows."""
        return self._model

    def node_at(self, row: int) -> NodeId:
        """The node of a visible row."""
        return self._row_nodes[row]

    def is_expanded(self, node: NodeId) -> bool:
        """Whether `node` is set to show its children."""
        return node in self._expanded

    def expanded(self) -> frozenset[NodeId]:
        """All nodes set to show their children, also those below a collapsed one."""
        return frozenset(self._expanded)

    def path_to(self, row: int) -> tuple[NodeId, ...]:
        """The nodes from the root down to `row`."""
        path = [self._row_nodes[row]]
        while (row := parent_row(self._row_depths, row)) >= 0:
            path.append(self._row_nodes[row])
        return tuple(reversed(path))

    # -- expanding --------------------------------------------------------------------------------------

    def expand_row(self, row: int) -> None:
        """Show the children of the node in `row`."""
        node = self._row_nodes[row]
        if node in self._expanded or not self._model.has_children(node):
            return
        self._expanded.add(node)
        nodes, depths = rows_of(
            self._model, self._model.children(node), self._expanded, self._row_depths[row] + 1
        )
        self._row_nodes[row + 1 : row + 1] = nodes
        self._row_depths[row + 1 : row + 1] = depths
        moved = self.cursor + len(nodes) if self.cursor > row else self.cursor
        self._settle(moved)

    def collapse_row(self, row: int) -> None:
        """Hide everything below the node in `row`; what was expanded there is remembered."""
        node = self._row_nodes[row]
        if node not in self._expanded:
            return
        self._expanded.discard(node)
        end = subtree_end(self._row_depths, row)
        del self._row_nodes[row + 1 : end]
        del self._row_depths[row + 1 : end]
        moved = self.cursor
        if moved >= end:
            moved -= end - row - 1
        elif moved > row:
            moved = row
        self._settle(moved)

    def collapse_all(self) -> None:
        """Show the first level alone; the cursor goes to the root it was under."""
        if not self._row_nodes:
            return
        root = self.path_to(self.cursor)[0]
        self._expanded.clear()
        self._fill()
        self._settle(self._row_nodes.index(root))

    def expand_to(self, nodes: Iterable[NodeId]) -> None:
        """Set `nodes` as expanded, in any order, and lay the tree out again."""
        self._expanded.update(nodes)
        self.refresh_model()

    def reveal(self, path: Sequence[NodeId]) -> bool:
        """Expand the ancestors in `path` (root first) and put the cursor on its last node.

        Gives False, with the cursor on the deepest node that is there, when the model lacks one of them.
        """
        row = -1
        for position, node in enumerate(path):
            if position:
                self.expand_row(row)
            try:
                row = self._row_nodes.index(node, row + 1)
            except ValueError:
                self.move_cursor(max(row, 0), center=True)
                return False
        if row >= 0:
            self.move_cursor(row, center=True)
        return row >= 0

    def refresh_model(self, model: TreeModel | None = None, *, keep: bool = True) -> None:
        """The model changed, or `model` takes its place: lay out again.

        With `keep` the expansion stays and so does the cursor: on its node, or the nearest ancestor that is
        still there, or the row where it was. Highlighted is sent when the node under the cursor changed.
        """
        before = self.path_to(self.cursor) if self._row_nodes else ()
        screen_row = self.cursor - self.scroll_offset.y
        if model is not None:
            self._model = model
        if not keep:
            self._expanded.clear()
        self._fill()
        row = self._nearest(before) if keep else 0
        self._settle(row)
        if keep and self.is_attached:
            self.scroll_to(y=max(0, self.cursor - screen_row), animate=False, force=True)
        self.show_row(self.cursor)
        if self._row_nodes and (not before or self.cursor_node != before[-1]):
            self.row_highlighted(self.cursor)

    def _nearest(self, path: Sequence[NodeId]) -> int:
        for node in reversed(path):
            try:
                return self._row_nodes.index(node)
            except ValueError:
                continue
        return self.cursor

    def _settle(self, cursor: int) -> None:
        self._cursor = cursor
        if self.is_attached:
            self.rows_changed()

    def _fill(self) -> None:
        self._row_nodes, self._row_depths = rows_of(self._model, self._model.roots(), self._expanded, 0)

    # -- drawing ----------------------------------------------------------------------------------------

    def shown_columns(self, width: int) -> tuple[int, ...]:
        """Which columns there is room for at `width` cells, the most important kept longest."""
        left = width - MIN_LABEL
        shown = []
        ranked = sorted(
            range(len(self._columns)), key=lambda index: (-self._columns[index].importance, index)
        )
        for index in ranked:
            left -= self._columns[index].width + 1
            if left < 0:
                break
            shown.append(index)
        return tuple(sorted(shown))

    @property
    def header_rows(self) -> int:
        """One line of titles when a column has one."""
        return 1 if any(column.title for column in self._columns) else 0

    def render_header(self, line: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """The titles of the columns."""
        cells = [column.title for column in self._columns]
        return self._with_columns([], cells, width, base)

    def render_row(self, row: int, width: int, base: Style) -> Iterable[Segment]:
        """One node: indentation, arrow, label, columns."""
        node = self._row_nodes[row]
        lead = self._indent(row, width) + self._arrow(node)
        label = segments_of(self._model.label(node), base, self.tone, self.app.console)
        muted = base + self.tone("muted")
        return self._with_columns([Segment(lead, muted), *label], self._model.cells(node), width, base)

    def _with_columns(
        self, label: Sequence[Segment], cells: Sequence[Styled], width: int, base: Style
    ) -> list[Segment]:
        shown = self.shown_columns(width)
        taken = sum(self._columns[index].width + 1 for index in shown)
        segments = fit(label, width - taken, base)
        for index in shown:
            column = self._columns[index]
            cell = cells[index] if index < len(cells) else ""
            segments.append(Segment(" ", base))
            segments += fit(
                segments_of(cell, base, self.tone, self.app.console), column.width, base, column.align
            )
        return segments

    def _indent(self, row: int, width: int) -> str:
        """Two cells a level, but never more than half of the row: then the depth as a number."""
        depth = self._row_depths[row]
        most = max(0, (width // 2 - 8) // INDENT)
        if depth <= most:
            return " " * (INDENT * depth)
        return f"⋯{depth} ".ljust(INDENT * most)

    def _arrow(self, node: NodeId) -> str:
        if not self._model.has_children(node):
            return "  "
        return "▾ " if node in self._expanded else "▸ "

    # -- keys and mouse ---------------------------------------------------------------------------------

    def row_highlighted(self, row: int) -> None:
        """Tell which node the cursor came to."""
        self.post_message(self.Highlighted(self, self._row_nodes[row]))

    def row_opened(self, row: int) -> None:
        """Tell which node was opened."""
        self.post_message(self.Opened(self, self._row_nodes[row]))

    def row_clicked(self, row: int, x: int) -> None:
        """A click on the arrow expands or collapses; anywhere it chooses."""
        self.move_cursor(row)
        start = len(self._indent(row, self.row_width))
        if start <= x < start + INDENT:
            self.toggle(row)

    def toggle(self, row: int) -> None:
        """Expand what is collapsed and the reverse."""
        if self._row_nodes[row] in self._expanded:
            self.collapse_row(row)
        else:
            self.expand_row(row)

    def action_toggle_node(self) -> None:
        """Expand or collapse the node under the cursor."""
        if self._row_nodes:
            self.toggle(self.cursor)

    def action_collapse_all(self) -> None:
        """Collapse everything."""
        self.collapse_all()

    def action_cursor_left(self) -> None:
        """Collapse, or go to the parent."""
        if not self._row_nodes:
            return
        if self._row_nodes[self.cursor] in self._expanded:
            self.collapse_row(self.cursor)
        elif (parent := parent_row(self._row_depths, self.cursor)) >= 0:
            self.move_cursor(parent)

    def action_cursor_right(self) -> None:
        """Expand, or go to the first child."""
        if not self._row_nodes:
            return
        if self._row_nodes[self.cursor] in self._expanded:
            self.move_cursor(self.cursor + 1)
        else:
            self.expand_row(self.cursor)
