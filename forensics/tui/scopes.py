"""What the file tree lists: one layer alone, the image as it stood after a layer, or the whole image.

A listing is a list in path order. A folder's content is then a slice, found by bisection, and sums over it
are differences of running totals: nothing is built per folder before somebody opens it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from forensics.model.files import Change, FileKind, FileState, FileVersion
from forensics.tui.file_index import FileIndex, visible_under

ALL_CHANGES = frozenset(Change)
_AFTER_SLASH = "0"
"""The character behind `/`: `prefix + "/"` up to `prefix + "0"` is exactly what lies below `prefix`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which files are listed.

    `layer` None is the whole image, compared with its first layer. Otherwise `accumulated` false lists what
    the layer carries and removes, true the image as it stood after it, marked with what this layer did.
    """

    layer: int | None = None
    accumulated: bool = False

    def title(self) -> str:
        """A phrase for the head of the tree."""
        if self.layer is None:
            return "whole image"
        return f"image after layer {self.layer}" if self.accumulated else f"layer {self.layer} alone"


class Row(NamedTuple):
    """One file version in a listing, and what the listing's layer did to its path."""

    version: FileVersion
    change: Change


class Node(NamedTuple):
    """One line of the tree. `row` is None for a folder that no layer of the listing has an entry for."""

    path: str
    name: str
    folder: bool
    row: Row | None


class FileListing:
    """The rows of one scope in path order, and the folders they imply.

    `certain` is False while the other layers are unknown, and with them what this one changed.
    """

    def __init__(self, rows: Sequence[Row], base: FileListing | None = None, *, certain: bool = True) -> None:
        self.rows = rows
        self.certain = certain
        self.paths = [row.version.path for row in rows]
        self._base = base
        sizes = (_own_size(row) for row in rows)
        self._sizes = list(accumulate(sizes, initial=0))
        changed = (row.change is not Change.UNCHANGED for row in rows)
        self._changed = list(accumulate(changed, initial=0))

    def __len__(self) -> int:
        return len(self.rows)

    def children(self, folder: str) -> list[Node]:
        """The nodes directly below a folder (`/` is the root), in name order; of one path twice, the last."""
        prefix = _prefix(folder)
        at, end = self._range(prefix)
        nodes: list[Node] = []
        folders: set[str] = set()
        while at < end:
            path = self.paths[at]
            name, slash, _ = path[len(prefix) :].partition("/")
            below = prefix + name
            if slash:
                if below not in folders:
                    folders.add(below)
                    nodes.append(Node(below, name, True, self._folder_row(below)))
                at = bisect_left(self.paths, below + _AFTER_SLASH, at, end)
                continue
            row = self.rows[at]
            at += 1
            if at < end and self.paths[at] == path:
                continue
            folder_here = row.version.entry.kind is FileKind.DIRECTORY
            if name and below not in folders:
                nodes.append(Node(below, name, folder_here, row))
                if folder_here:
                    folders.add(below)
        return nodes

    def size_below(self, folder: str) -> int:
        """Bytes of the regular files below a folder that this listing has and did not delete."""
        start, end = self._range(_prefix(folder))
        return self._sizes[end] - self._sizes[start]

    def count_below(self, folder: str) -> int:
        """How many rows lie below a folder."""
        start, end = self._range(_prefix(folder))
        return end - start

    def changed_below(self, folder: str) -> int:
        """How many of the rows below a folder are not unchanged."""
        start, end = self._range(_prefix(folder))
        return self._changed[end] - self._changed[start]

    def folder_change(self, node: Node) -> Change:
        """What the layer did to a folder: to itself, or else to anything below it."""
        if node.row is not None and node.row.change in (Change.ADDED, Change.DELETED):
            return node.row.change
        if self.changed_below(node.path) or (node.row and node.row.change is Change.MODIFIED):
            return Change.MODIFIED
        return Change.UNCHANGED

    def row_of(self, path: str, key: tuple[int, int] | None = None) -> Row | None:
        """The row at a path; with several, the one with this key, or else the last."""
        found: Row | None = None
        at = bisect_left(self.paths, path)
        while at < len(self.paths) and self.paths[at] == path:
            found = self.rows[at]
            if found.version.key == key:
                break
            at += 1
        return found

    def narrowed(self, changes: frozenset[Change], keep: Callable[[FileVersion], bool] | None) -> FileListing:
        """The rows with one of these changes that `keep` accepts; folders stay where something is below."""
        if changes == ALL_CHANGES and keep is None:
            return self
        rows = [row for row in self.rows if row.change in changes and (keep is None or keep(row.version))]
        return FileListing(rows, self._base or self, certain=self.certain)

    def _folder_row(self, path: str) -> Row | None:
        row = (self._base or self).row_of(path)
        return row if row is not None and row.version.entry.kind is FileKind.DIRECTORY else None

    def _range(self, prefix: str) -> tuple[int, int]:
        start = bisect_left(self.paths, prefix)
        return start, bisect_left(self.paths, prefix[:-1] + _AFTER_SLASH, start)


def list_files(files: FileIndex, scope: Scope, *, certain: bool = True) -> FileListing:
    """The listing of a scope; takes time in proportion to the number of versions it looks at."""
    if not certain and scope.layer is not None:
        return FileListing(_alone(files, scope.layer), certain=False)
    if scope.layer is None:
        return FileListing(list(_whole_image(files)))
    if scope.accumulated:
        return FileListing(_accumulated(files, scope.layer))
    return FileListing(_alone(files, scope.layer))


def scope_with(scope: Scope, version: FileVersion) -> Scope:
    """The scope itself when it lists this very version, or else the layer that carries it."""
    if scope.layer is None:
        listed = version.state is FileState.VISIBLE
    elif scope.accumulated:
        listed = visible_under(version, scope.layer)
    else:
        listed = version.layer == scope.layer
    return scope if listed else Scope(version.layer, accumulated=scope.accumulated)


def ancestors(path: str) -> Iterator[str]:
    """Every folder above a path, the nearest first, without the root."""
    end = path.rfind("/")
    while end > 0:
        path = path[:end]
        yield path
        end = path.rfind("/")


def _alone(files: FileIndex, layer: int) -> list[Row]:
    rows = [Row(version, version.change) for version in files.in_layer(layer)]
    own = {row.version.path for row in rows}
    rows += [Row(version, Change.DELETED) for version in files.removed_by(layer) if version.path not in own]
    rows.sort(key=_row_path)
    return rows


def _accumulated(files: FileIndex, layer: int) -> list[Row]:
    rows: list[Row] = []
    for version in files.versions:
        if visible_under(version, layer):
            row = Row(version, version.change if version.layer == layer else Change.UNCHANGED)
        elif (
            version.state is FileState.DELETED and version.changed_by_layer == layer and version.layer < layer
        ):
            row = Row(version, Change.DELETED)
        else:
            continue
        if rows and rows[-1].change is Change.DELETED and rows[-1].version.path == version.path:
            rows.pop()
        rows.append(row)
    return rows


def _whole_image(files: FileIndex) -> Iterator[Row]:
    """The newest version of every path, compared with the first layer."""
    at, count = 0, len(files.versions)
    paths = files.paths
    while at < count:
        first, path = at, paths[at]
        at += 1
        while at < count and paths[at] == path:
            at += 1
        yield _against_first_layer(files.versions[first:at])


def _against_first_layer(versions: Sequence[FileVersion]) -> Row:
    newest = next(
        (version for version in reversed(versions) if version.state is FileState.VISIBLE), versions[-1]
    )
    if newest.state is not FileState.VISIBLE:
        return Row(newest, Change.DELETED)
    if newest.layer == 0:
        return Row(newest, Change.UNCHANGED)
    if versions[0].layer == 0:
        return Row(newest, Change.UNCHANGED if newest.change is Change.UNCHANGED else Change.MODIFIED)
    return Row(newest, Change.ADDED)


def _own_size(row: Row) -> int:
    counted = row.change is not Change.DELETED and row.version.entry.kind is FileKind.REGULAR
    return row.version.entry.size if counted else 0


def _row_path(row: Row) -> str:
    return row.version.path


def _prefix(folder: str) -> str:
    return folder if folder.endswith("/") else folder + "/"
