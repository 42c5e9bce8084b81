"""The listings behind the file tree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.layers import ImageView
from forensics.model.files import Change
from forensics.tui.file_index import FileIndex
from forensics.tui.scopes import FileListing, Row, Scope, ancestors, list_files, scope_with
from tests.layered_images import DIRECTORY, GONE, Link, open_image_of

BASE = {
    "/etc": DIRECTORY,
    "/etc/a": "one",
    "/etc/a-b": "dash",
    "/etc/b/c": "deep",
    "/usr/bin/tool": "tool",
    "/lib": Link("usr/lib"),
}
SECOND = {"/etc/a": "another", "/etc/new": "n", "/usr/bin": GONE}
THIRD = {"/etc/b": GONE, "/usr/bin/tool": "again"}


@pytest.fixture
def view() -> Iterator[ImageView]:
    with open_image_of(BASE, SECOND, THIRD) as opened:
        yield opened


@pytest.fixture
def files(view: ImageView) -> FileIndex:
    return FileIndex(view.all_versions(), len(view.image_layers))


def shown(listing: FileListing) -> dict[str, Change]:
    """Path -> mark, directories that only lead somewhere left out."""
    return {row.version.path: row.change for row in listing.rows}


def walk(listing: FileListing, folder: str = "/") -> list[str]:
    """Every path the tree would show, folders with a slash at the end."""
    found = []
    for node in listing.children(folder):
        found.append(node.path + ("/" if node.folder else ""))
        if node.folder:
            found += walk(listing, node.path)
    return found


def test_a_layer_alone_lists_what_it_carries_and_what_it_removes(files: FileIndex) -> None:
    assert shown(list_files(files, Scope(1))) == {
        "/etc/a": Change.MODIFIED,
        "/etc/new": Change.ADDED,
        "/usr/bin/tool": Change.DELETED,
    }


def test_accumulated_is_the_image_after_the_layer(files: FileIndex, view: ImageView) -> None:
    listing = shown(list_files(files, Scope(1, accumulated=True)))
    visible = {path for path, change in listing.items() if change is not Change.DELETED}
    assert visible == {version.path for version in view.merged(1)}
    assert listing["/etc/a"] is Change.MODIFIED
    assert listing["/etc/new"] is Change.ADDED
    assert listing["/etc/a-b"] is Change.UNCHANGED
    assert listing["/usr/bin/tool"] is Change.DELETED


def test_the_whole_image_is_compared_with_its_first_layer(files: FileIndex, view: ImageView) -> None:
    listing = shown(list_files(files, Scope()))
    visible = {path for path, change in listing.items() if change is not Change.DELETED}
    assert visible == {version.path for version in view.merged()}
    assert listing["/etc/a"] is Change.MODIFIED
    assert listing["/etc/new"] is Change.ADDED
    assert listing["/etc/b/c"] is Change.DELETED
    assert listing["/usr/bin/tool"] is Change.MODIFIED
    assert listing["/lib"] is Change.UNCHANGED


def test_the_tree_shows_every_row_once_and_the_folders_between(files: FileIndex) -> None:
    assert walk(list_files(files, Scope())) == [
        "/etc/",
        "/etc/a",
        "/etc/a-b",
        "/etc/b/",
        "/etc/b/c",
        "/etc/new",
        "/lib",
        "/usr/",
        "/usr/bin/",
        "/usr/bin/tool",
    ]


def test_a_folder_tells_size_count_and_change_of_what_is_below(files: FileIndex) -> None:
    listing = list_files(files, Scope(1, accumulated=True))
    assert listing.count_below("/etc") == 4
    assert listing.size_below("/etc") == len("another") + len("dash") + len("n") + len("deep")
    assert listing.changed_below("/etc") == 2
    nodes = {node.path: node for node in listing.children("/")}
    assert listing.folder_change(nodes["/etc"]) is Change.MODIFIED
    assert listing.size_below("/usr") == 0
    assert listing.size_below("/") == listing.size_below("/etc")


def test_a_narrowed_listing_keeps_the_folders_that_lead_to_what_is_left(files: FileIndex) -> None:
    listing = list_files(files, Scope(1, accumulated=True))
    added = listing.narrowed(frozenset({Change.ADDED}), None)
    assert walk(added) == ["/etc/", "/etc/new"]
    nodes = added.children("/")
    assert nodes[0].row is not None, "the folder's own entry is still known"
    named = listing.narrowed(frozenset(Change), lambda version: version.path.endswith("-b"))
    assert walk(named) == ["/etc/", "/etc/a-b"]


def test_of_two_members_with_one_name_the_last_is_listed() -> None:
    with open_image_of({"/a": "1", "/b": "2"}) as view:
        first, second = view.all_versions()
        rows = [Row(first, Change.ADDED), Row(first, Change.MODIFIED), Row(second, Change.ADDED)]
        listing = FileListing(rows)
        assert [(node.path, node.row.change) for node in listing.children("/") if node.row] == [
            ("/a", Change.MODIFIED),
            ("/b", Change.ADDED),
        ]


def test_a_scope_stays_when_it_lists_the_version_and_moves_when_not(files: FileIndex) -> None:
    old, new = files.of_path("/etc/a")
    assert scope_with(Scope(), new) == Scope()
    assert scope_with(Scope(), old) == Scope(0)
    assert scope_with(Scope(1), new) == Scope(1)
    assert scope_with(Scope(2), new) == Scope(1)
    assert scope_with(Scope(2, accumulated=True), new) == Scope(2, accumulated=True)
    assert scope_with(Scope(2, accumulated=True), old) == Scope(0, accumulated=True)


def test_before_the_other_layers_are_known_nothing_is_certain(view: ImageView) -> None:
    alone = FileIndex(ImageView(view.image_layers[1:2]).all_versions(), 3)
    listing = list_files(alone, Scope(1), certain=False)
    assert not listing.certain
    assert set(shown(listing)) == {"/etc/a", "/etc/new"}


names = st.text(alphabet="ab-.! 0~é", min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.dictionaries(paths, st.just("x"), min_size=1, max_size=25))
def test_whatever_the_names_the_tree_holds_exactly_the_files(wanted: dict[str, str]) -> None:
    """No path hides another: those that are also folders of others are left out first."""
    folders = {folder for path in wanted for folder in ancestors(path)}
    kept = {path: text for path, text in wanted.items() if path not in folders}
    with open_image_of(kept) as view:
        files = FileIndex(view.all_versions(), 1)
        listing = list_files(files, Scope(0))
        found = walk(listing)
    assert sorted(path for path in found if not path.endswith("/")) == sorted(kept)
    assert len(found) == len(set(found))
    assert {path.rstrip("/") for path in found if path.endswith("/")} == {
        folder for path in kept for folder in ancestors(path)
    }


def test_the_folders_above_a_path_the_nearest_first() -> None:
    assert list(ancestors("/a/b/c")) == ["/a/b", "/a"]
    assert list(ancestors("/a")) == []
