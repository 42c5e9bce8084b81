"""The rows of a tree: which nodes are visible, in what order and how deep, from depths alone."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from typing import Protocol

from forensics.tui.widgets.styled import Styled

NodeId = Hashable
"""What the model calls a node; unique in the tree."""

_SPAN = 4096
"""Rows whose depths are compared at once."""

_FEW = 16
"""Expanded children up to which each is looked up on its own."""


class TreeModel(Protocol):
    """What a tree shows. Every method is called lazily, for what is expanded or on the screen."""

    def roots(self) -> Sequence[NodeId]:
        """The nodes of the first level, in order."""

    def children(self, node: NodeId) -> Sequence[NodeId]:
        """The nodes below `node`, in order."""

    def has_children(self, node: NodeId) -> bool:
        """Whether `node` can be expanded."""

    def label(self, node: NodeId) -> Styled:
        """The text of the node, its mark in front if it has one."""

    def cells(self, node: NodeId) -> Sequence[Styled]:
        """One text a column, in the order of the columns given to the tree."""


class _Level:
    """The children of one node while rows are laid out: runs that each end at an expanded child."""

    def __init__(self, children: Sequence[NodeId], expanded: set[NodeId]) -> None:
        self._children = children
        self._at = 0
        opened = expanded.intersection(children)
        if len(opened) > _FEW:
            places = [place for place, child in enumerate(children) if child in opened]
        else:
            places = sorted(children.index(child) for child in opened)
        self._places = places[::-1]

    def advance(self) -> tuple[Sequence[NodeId], bool]:
        """The next run, and whether its last child is expanded; then that child's children come next."""
        opened = bool(self._places)
        end = self._places.pop() + 1 if opened else len(self._children)
        run = self._children[self._at : end]
        self._at = end
        return run, opened


def rows_of(
    model: TreeModel, children: Sequence[NodeId], expanded: set[NodeId], depth: int
) -> tuple[list[NodeId], array[int]]:
    """The rows of `children`, at `depth`, and of everything expanded below them: nodes and depths."""
    nodes: list[NodeId] = []
    depths = array("H")
    pending = [_Level(children, expanded)]
    while pending:
        level = pending[-1]
        run, opened = level.advance()
        nodes += run
        depths += array("H", [depth + len(pending) - 1]) * len(run)
        if opened:
            pending.append(_Level(model.children(run[-1]), expanded))
        else:
            pending.pop()
    return nodes, depths


def subtree_end(depths: array[int], row: int) -> int:
    """The first row behind everything below `row`."""
    depth = depths[row]
    for start in range(row + 1, len(depths), _SPAN):
        span = depths[start : start + _SPAN]
        if min(span) <= depth:
            return start + next(place for place, other in enumerate(span) if other <= depth)
    return len(depths)


def parent_row(depths: array[int], row: int) -> int:
    """The row of the parent, -1 for a root."""
    depth = depths[row]
    if depth == 0:
        return -1
    for end in range(row, 0, -_SPAN):
        start = max(0, end - _SPAN)
        span = depths[start:end]
        if min(span) < depth:
            return start + next(place for place in range(len(span) - 1, -1, -1) if span[place] < depth)
    return -1
