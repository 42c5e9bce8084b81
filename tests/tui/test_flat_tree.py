"""The virtual tree: what is visible, where the cursor is, what keys and mouse do, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from forensics.tui.widgets import FlatTree, NodeId, Styled, TreeColumn
from tests.widget_host import hosted, lines_of, quickest

COLUMNS = (TreeColumn(6, importance=1), TreeColumn(9, "left", 2), TreeColumn(4, "left", 3))


class Folders:
    """A tree from paths; folders end in a slash. Counts what it is asked."""

    def __init__(self, *paths: str) -> None:
        self.below: dict[str, list[str]] = {"": []}
        self.asked: list[str] = []
        for path in paths:
            parts = path.split("/")
            for depth in range(1, len(parts) + 1):
                node = "/".join(parts[:depth])
                parent = "/".join(parts[: depth - 1])
                if node not in self.below.setdefault(parent, []):
                    self.below[parent].append(node)

    def roots(self) -> Sequence[NodeId]:
        return self.below[""]

    def children(self, node: NodeId) -> Sequence[NodeId]:
        self.asked.append(str(node))
        return self.below[str(node)]

    def has_children(self, node: NodeId) -> bool:
        return bool(self.below.get(str(node)))

    def label(self, node: NodeId) -> Styled:
        return (("+ ", "added"), str(node).rpartition("/")[2])

    def cells(self, node: NodeId) -> Sequence[Styled]:
        return ("1.2M", "unowned", (("‼ 2", "critical"),))


def small() -> FlatTree:
    return FlatTree(Folders("etc/passwd", "usr/bin/env", "usr/bin/sh", "usr/lib/libc.so", "var"))


def visible(tree: FlatTree) -> list[NodeId]:
    return [tree.node_at(row) for row in range(tree.row_count)]


def test_it_shows_the_first_level_and_asks_for_nothing_below() -> None:
    model = Folders("a/b/c", "d")
    tree = FlatTree(model)
    assert visible(tree) == ["a", "d"]
    assert model.asked == []


def test_expanding_asks_for_that_node_alone_and_puts_its_children_below_it() -> None:
    model = Folders("a/b/c", "a/x", "d")
    tree = FlatTree(model)
    tree.expand_row(0)
    assert visible(tree) == ["a", "a/b", "a/x", "d"]
    assert model.asked == ["a"]


def test_collapsing_and_expanding_again_brings_back_what_was_expanded_below() -> None:
    tree = small()
    tree.expand_row(1)
    tree.expand_row(2)
    before = visible(tree)
    tree.collapse_row(1)
    assert visible(tree) == ["etc", "usr", "var"]
    tree.expand_row(1)
    assert visible(tree) == before == ["etc", "usr", "usr/bin", "usr/bin/env", "usr/bin/sh", "usr/lib", "var"]


def test_a_node_without_children_does_not_expand() -> None:
    tree = small()
    tree.expand_row(2)
    assert visible(tree) == ["etc", "usr", "var"]
    assert not tree.is_expanded("var")


def test_the_path_to_a_row_goes_from_the_root_down() -> None:
    tree = small()
    tree.reveal(("usr", "usr/bin", "usr/bin/sh"))
    assert tree.cursor_node == "usr/bin/sh"
    assert tree.path_to(tree.cursor) == ("usr", "usr/bin", "usr/bin/sh")


def test_revealing_what_is_not_there_stops_at_the_deepest_ancestor() -> None:
    tree = small()
    assert not tree.reveal(("usr", "usr/bin", "usr/bin/nothing"))
    assert tree.cursor_node == "usr/bin"


def test_the_cursor_stays_on_its_node_when_rows_above_come_and_go() -> None:
    tree = small()
    tree.move_cursor(2)
    tree.expand_row(0)
    assert tree.cursor_node == "var"
    tree.collapse_row(0)
    assert tree.cursor_node == "var"


def test_collapsing_around_the_cursor_takes_it_to_the_collapsed_node() -> None:
    tree = small()
    tree.reveal(("usr", "usr/bin", "usr/bin/sh"))
    tree.collapse_row(1)
    assert tree.cursor_node == "usr"


def test_a_new_model_keeps_expansion_and_cursor_or_the_nearest_ancestor() -> None:
    tree = small()
    tree.reveal(("usr", "usr/bin", "usr/bin/sh"))
    tree.refresh_model(Folders("boot", "usr/bin/sh", "usr/bin/zsh"))
    assert visible(tree) == ["boot", "usr", "usr/bin", "usr/bin/sh", "usr/bin/zsh"]
    assert tree.cursor_node == "usr/bin/sh"
    tree.refresh_model(Folders("usr/bin/zsh"))
    assert tree.cursor_node == "usr/bin"
    tree.refresh_model(Folders("other"), keep=False)
    assert (tree.cursor_node, tree.expanded()) == ("other", frozenset())


def test_an_empty_model_has_no_cursor_node() -> None:
    tree = small()
    tree.refresh_model(Folders())
    assert tree.cursor_node is None
    assert tree.row_count == 0


async def test_arrows_and_letters_move_expand_and_collapse() -> None:
    tree = small()
    async with hosted(tree, FlatTree.Highlighted, FlatTree.Opened) as (pilot, host):
        await pilot.press("j")
        assert [message.node for message in host.take()] == ["usr"]
        await pilot.press("l", "l")
        assert tree.cursor_node == "usr/bin"
        await pilot.press("right", "right", "down")
        assert tree.cursor_node == "usr/bin/sh"
        await pilot.press("left")
        assert tree.cursor_node == "usr/bin"
        await pilot.press("h")
        assert not tree.is_expanded("usr/bin")
        await pilot.press("G")
        assert tree.cursor_node == "var"
        await pilot.press("g")
        assert tree.cursor_node == "etc"
        host.take()
        await pilot.press("enter")
        assert [(type(message), message.node) for message in host.take()] == [(FlatTree.Opened, "etc")]


async def test_space_toggles_and_ctrl_space_collapses_everything() -> None:
    tree = small()
    async with hosted(tree) as (pilot, _):
        await pilot.press("space")
        assert visible(tree) == ["etc", "etc/passwd", "usr", "var"]
        await pilot.press("space")
        assert visible(tree) == ["etc", "usr", "var"]
        tree.reveal(("usr", "usr/bin", "usr/bin/sh"))
        await pilot.press("ctrl+@")
        assert visible(tree) == ["etc", "usr", "var"]
        assert tree.cursor_node == "usr"


async def test_a_click_on_the_arrow_toggles_on_the_row_chooses_and_twice_opens() -> None:
    tree = small()
    async with hosted(tree, FlatTree.Opened) as (pilot, host):
        await pilot.click(tree, offset=(0, 1))
        assert tree.is_expanded("usr")
        await pilot.click(tree, offset=(8, 4))
        assert tree.cursor_node == "var"
        await pilot.click(tree, offset=(8, 2), times=2)
        assert [message.node for message in host.take()] == ["usr/bin"]


async def test_rows_show_depth_arrow_label_and_columns_at_the_right_edge() -> None:
    tree = FlatTree(Folders("usr/bin/env", "var"), COLUMNS)
    async with hosted(tree, size=(60, 6)) as (_, __):
        tree.reveal(("usr", "usr/bin", "usr/bin/env"))
        lines = lines_of(tree)
        assert lines[0] == f"{'▾ + usr':<37}   1.2M unowned   ‼ 2"
        assert lines[2].startswith("      + env ")
        assert lines[3].startswith("  + var ")


@pytest.mark.parametrize(
    ("width", "shown"), [(24, ()), (29, (2,)), (39, (1, 2)), (46, (0, 1, 2)), (200, (0, 1, 2))]
)
def test_the_least_important_columns_go_first(width: int, shown: tuple[int, ...]) -> None:
    assert FlatTree(Folders("a"), COLUMNS).shown_columns(width) == shown


async def test_titles_stay_at_the_top_while_rows_scroll() -> None:
    tree = FlatTree(Folders(*(f"n{number:03}" for number in range(100))), (TreeColumn(6, title="size"),))
    async with hosted(tree, size=(40, 10)) as (pilot, _):
        await pilot.press("end")
        lines = lines_of(tree)
        assert lines[0].endswith("size")
        assert "n099" in lines[-1]
        assert "n091" in lines[1]


async def test_four_thousand_nested_folders_are_shown_without_recursion() -> None:
    path = "/".join("d" for _ in range(4000))
    tree = FlatTree(Folders(path))
    async with hosted(tree, size=(60, 10)) as (pilot, _):
        for row in range(3999):
            tree.expand_row(row)
        await pilot.press("G")
        assert tree.row_count == 4000
        assert "⋯3999" in lines_of(tree)[-1]
        tree.refresh_model()
        tree.collapse_row(0)
        assert tree.row_count == 1


class Million:
    """One folder with a million files."""

    def __init__(self) -> None:
        self.names = [f"/usr/lib/file-{number:07}" for number in range(1_000_000)]

    def roots(self) -> Sequence[NodeId]:
        return ("/usr/lib",)

    def children(self, node: NodeId) -> Sequence[NodeId]:
        return self.names

    def has_children(self, node: NodeId) -> bool:
        return node == "/usr/lib"

    def label(self, node: NodeId) -> Styled:
        return str(node)

    def cells(self, node: NodeId) -> Sequence[Styled]:
        return ("1.2M", "unowned", "")


async def test_a_million_rows_are_painted_and_every_key_answered_within_a_tenth_of_a_second() -> None:
    tree = FlatTree(Million(), COLUMNS)
    async with hosted(tree, size=(200, 60)) as (pilot, _):
        took = {
            "expand": quickest(lambda: (tree.expand_row(0), tree.collapse_row(0))),
            "all": quickest(lambda: tree.expand_row(0), 1),
            "paint": quickest(lambda: lines_of(tree)),
            "down": quickest(tree.action_cursor_down),
            "end": quickest(tree.action_cursor_last),
            "page": quickest(tree.action_page_up),
            "parent": quickest(lambda: (tree.action_cursor_last(), tree.action_cursor_left())),
            "reveal": quickest(lambda: tree.reveal(("/usr/lib", "/usr/lib/file-0999990"))),
            "refresh": quickest(tree.refresh_model),
        }
        await pilot.pause()
        assert tree.cursor_node == "/usr/lib/file-0999990"
        assert {name: seconds for name, seconds in took.items() if seconds > 0.1} == {}
