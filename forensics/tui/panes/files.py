"""The file tree of what was chosen: one layer, the image after it, or the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.worker import get_current_worker

from forensics.model.files import Change, FileKind, FileState
from forensics.printable import told_apart
from forensics.tui.file_fields import file_fields, file_words
from forensics.tui.file_index import FileIndex
from forensics.tui.listing_marks import ListingMarks
from forensics.tui.panes._pane import ChooseFile, Pane, PaneKind, focus_now, open_bar
from forensics.tui.queries import QueryError, compile_query, remark
from forensics.tui.scopes import ALL_CHANGES, FileListing, Node, Scope, ancestors, list_files
from forensics.tui.store import Store, Topic, early_layer
from forensics.tui.widgets import FilterBar, FlatTree, NodeId, Part, Styled, TreeColumn
from forensics.tui.words import (
    CHANGE_SIGNS,
    SIGN_CELLS,
    UNKNOWN,
    change_part,
    size_text,
    status_part,
)

_COLUMNS = (
    TreeColumn(5, importance=1),
    TreeColumn(9, "left", importance=3),
    TreeColumn(5, "left", importance=5),
    TreeColumn(18, "left", importance=0),
)
_OPENED_WHOLE = 80
"""A listing of so few rows is shown with every folder open."""
_OPENED_FOLDERS = 200
"""So many folders are opened at most to show what a filter leaves or where findings are."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A listing with its marks: everything the tree draws from.

    `problem` is what is wrong with the filter; one that cannot be understood takes nothing away.
    """

    scope: Scope
    listing: FileListing
    marks: ListingMarks
    total: int
    filtered: bool
    problem: str = ""


class _FileTree:
    """The nodes of a listing; a node's id is its path."""

    def __init__(self, store: Store, listed: Listed) -> None:
        self._store = store
        self.listed = listed
        self._nodes: dict[str, Node] = {}
        self._children: dict[str, tuple[str, ...]] = {}

    def node(self, node: NodeId) -> Node | None:
        """The node with this id, if its folder was listed."""
        return self._nodes.get(str(node))

    def roots(self) -> Sequence[NodeId]:
        """What lies in `/`."""
        return self.children("/")

    def children(self, node: NodeId) -> Sequence[NodeId]:
        """What lies in a folder."""
        folder = str(node)
        known = self._children.get(folder)
        if known is None:
            nodes = self.listed.listing.children(folder)
            self._nodes.update((each.path, each) for each in nodes)
            known = self._children[folder] = tuple(each.path for each in nodes)
        return known

    def has_children(self, node: NodeId) -> bool:
        """Whether something of the listing lies below."""
        known = self._nodes[str(node)]
        return known.folder and self.listed.listing.count_below(known.path) > 0

    def label(self, node: NodeId) -> Styled:
        """Mark, name, and where a link leads."""
        known = self._nodes[str(node)]
        name = told_apart(known.name)
        if known.folder:
            return (self._mark(known), " ", (name, "folder"))
        row = known.row
        if row is None:
            return name
        entry = row.version.entry
        tone = "deleted" if row.change is Change.DELETED else ""
        parts: list[Part] = [self._mark(known), " ", (name, tone)]
        if entry.kind is FileKind.SYMLINK:
            parts.append((f" → {told_apart(entry.link)}", "link"))
        elif entry.kind is FileKind.HARDLINK:
            parts.append((" ⇒ " + told_apart(entry.link), "muted"))
        elif entry.kind is not FileKind.REGULAR:
            parts.append((f" ({entry.kind.value})", "muted"))
        return parts

    def cells(self, node: NodeId) -> Sequence[Styled]:
        """Size, status, worst finding, and what became of it."""
        known = self._nodes[str(node)]
        marks = self.listed.marks
        severity, count = marks.finding(known.path)
        finding: Styled = ((f"{severity.sign:<{SIGN_CELLS}}{count:>3}", severity.value),) if severity else ""
        if known.folder:
            size = size_text(self.listed.listing.size_below(known.path))
            return (((size, "muted"),), self._folder_status(known), finding, "")
        if known.row is None:
            return ("", "", finding, "")
        version = known.row.version
        size = size_text(version.entry.size) if version.entry.kind is FileKind.REGULAR else ""
        fate: Styled = ""
        if self.listed.listing.certain and version.state is not FileState.VISIBLE:
            fate = ((f"{version.state.value} by {version.changed_by_layer}", "muted"),)
        return (size, (status_part(marks.status(version.key)),), finding, fate)

    def _mark(self, node: Node) -> Part:
        if not self.listed.listing.certain:
            return (UNKNOWN, "muted")
        if node.folder:
            return change_part(self.listed.listing.folder_change(node))
        return change_part(node.row.change) if node.row else " "

    def _folder_status(self, node: Node) -> Styled:
        found = self.listed.marks.folder_status(node.path)
        if found is None:
            return ""
        status, _ = found
        return (status_part(status),)


class FilesPane(Pane):
    """The second column of the drill-down; listings are made in a thread, the last one stays meanwhile."""

    topics = frozenset({Topic.FILES, Topic.STATUSES, Topic.FINDINGS})

    class Made(Message):
        """A listing from the thread; None for a layer not read yet."""

        def __init__(self, made: Listed | None) -> None:
            super().__init__()
            self.made = made

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.scope = Scope()
        self.changes = ALL_CHANGES
        self._query = ""
        self._wanted: tuple[str, tuple[int, int] | None] | None = None
        self._listed: Listed | None = None
        self.problem = ""
        self._before_filter: str | None = None
        self._outside = False

    def compose(self) -> ComposeResult:
        """The tree and its filter."""
        empty = Listed(self.scope, FileListing([]), ListingMarks(FileListing([]), None, (), {}), 0, False)
        yield FlatTree(_FileTree(self.store, empty), _COLUMNS, id="file-tree")
        yield FilterBar(
            "/", "words, status:unowned, finding>=high, type:elf, size>1M, -word excludes", id="file-filter"
        )

    # -- what the screen asks ---------------------------------------------------------------------------

    @property
    def file_tree(self) -> FlatTree:
        """The tree."""
        return self.query_one(FlatTree)

    @property
    def chosen(self) -> Node | None:
        """The node under the cursor."""
        node = self.file_tree.cursor_node
        model = self.file_tree.model
        return model.node(node) if node is not None and isinstance(model, _FileTree) else None

    @property
    def listed(self) -> Listed | None:
        """What is shown, None before the first listing is made."""
        return self._listed

    def show_scope(self, scope: Scope, path: str | None = None, key: tuple[int, int] | None = None) -> None:
        """List a scope; then put the cursor on a path, on the version with this key if it is there."""
        self._wanted = (path, key) if path else None
        if self._listed is not None and scope == self.scope and self._listed.scope == scope:
            self._reveal_wanted()
            return
        self.scope = scope
        self._load()

    def toggle_change(self, change: Change) -> None:
        """List the rows with this change, or do not; the last kind that is listed stays."""
        changes = self.changes ^ {change}
        if changes:
            self.changes = changes
            self._load()

    def open_filter(self) -> None:
        """Let the person type a filter."""
        open_bar(self.query_one(FilterBar), self._query)

    def draw(self) -> None:
        """Make the listing again from what is known now."""
        self._load()

    # -- making a listing -------------------------------------------------------------------------------

    def _load(self) -> None:
        self._entitle()
        if not self.is_mounted:
            return
        scope, changes, query = self.scope, self.changes, self._query
        self.run_worker(
            lambda: self._make(scope, changes, query),
            thread=True,
            exclusive=True,
            group="listing",
            exit_on_error=False,
        )

    def _make(self, scope: Scope, changes: frozenset[Change], query: str) -> None:
        worker = get_current_worker()
        made = self._list(scope, changes, query)
        if not worker.is_cancelled:
            self.post_message(self.Made(made))

    def _list(self, scope: Scope, changes: frozenset[Change], query: str) -> Listed | None:
        """The listing, or None when the layer is not read yet."""
        store = self.store
        files, certain = store.files, True
        if files is None:
            files, certain = self._early(scope), False
        if files is None:
            return None
        try:
            fields = file_fields(store)
            keep, problem = compile_query(query, fields, file_words), remark(query, fields)
        except QueryError as error:
            keep, problem = None, str(error)
        whole = list_files(files, scope, certain=certain)
        narrowed = whole.narrowed(changes, keep)
        marks = ListingMarks(whole, store.files, tuple(store.findings.ordered), store.verdicts)
        return Listed(scope, narrowed, marks, len(whole), filtered=keep is not None, problem=problem)

    def _early(self, scope: Scope) -> FileIndex | None:
        layer = scope.layer
        if layer is None:
            return None
        known = self.store.early.get(layer)
        index = self.store.indexes.get(layer)
        if known is None and index is not None:
            known = early_layer(index, len(self.store.image_layers))
            self.store.accept_early(layer, known)
        return known.index if known else None

    @on(Made)
    def _listing_made(self, event: Made) -> None:
        event.stop()
        made = event.made
        self.problem = made.problem if made is not None else ""
        if made is not None:
            fresh = self._listed is None or self._listed.scope != made.scope or made.filtered
            chosen = self.chosen
            self._listed = made
            self.file_tree.refresh_model(_FileTree(self.store, made))
            if fresh:
                self._open_folders(made)
            if made.filtered and self.has_focus_within:
                self._choose_what_is_left(made, chosen)
            self._reveal_wanted()
        else:
            self._listed = None
            nothing = FileListing([])
            empty = Listed(self.scope, nothing, ListingMarks(nothing, None, (), {}), 0, filtered=False)
            self.file_tree.refresh_model(_FileTree(self.store, empty))
        self._entitle()
        self.query_one(FilterBar).answer(self._count_text(), self.problem)

    def _open_folders(self, made: Listed) -> None:
        """Open the folders of a short listing, those a filter leaves, or those with something to look at."""
        paths = made.listing.paths
        if len(paths) > _OPENED_WHOLE and not made.filtered:
            paths = [path for path in made.marks.flagged() if made.listing.row_of(path)]
        folders: dict[str, None] = {}
        for path in paths:
            folders.update(dict.fromkeys(ancestors(path)))
            if len(folders) > _OPENED_FOLDERS:
                break
        if folders:
            self.file_tree.expand_to(folders)

    def _choose_what_is_left(self, made: Listed, chosen: Node | None) -> None:
        """The filter that is typed took away what was chosen: the first file that it leaves is chosen.

        With none left the screen is told too, which then shows no file.
        """
        listing = made.listing
        if chosen is not None and (listing.row_of(chosen.path) or listing.count_below(chosen.path)):
            return
        first = next((row for row in listing.rows if row.version.entry.kind is not FileKind.DIRECTORY), None)
        if first is not None:
            self._wanted = (first.version.path, first.version.key)
        elif not listing.rows:
            self.post_message(ChooseFile(""))

    def _reveal_wanted(self) -> None:
        if self._wanted is None or self._listed is None:
            return
        path, _ = self._wanted
        self._wanted = None
        self._outside = not self.file_tree.reveal((*reversed(tuple(ancestors(path))), path))
        self._entitle()

    # -- words ------------------------------------------------------------------------------------------

    def _entitle(self) -> None:
        hidden = "".join(CHANGE_SIGNS[change] for change in Change if change not in self.changes)
        note = "the file shown is not listed here  " if self._outside else ""
        note += f"without {hidden}  " if hidden else ""
        title: tuple[Part, ...] = ("Files · ", (self.scope.title(), "strong"))
        waiting = self._listed is None or self._listed.scope != self.scope
        self.entitle(title, note + (UNKNOWN if waiting else self._count_text()))

    def _count_text(self) -> str:
        if self._listed is None:
            return UNKNOWN
        shown, total = len(self._listed.listing), self._listed.total
        return f"{total:,}" if shown == total else f"{shown:,} of {total:,}"

    # -- what the person does ---------------------------------------------------------------------------

    @on(FlatTree.Highlighted)
    def _highlighted(self, event: FlatTree.Highlighted) -> None:
        event.stop()
        self._tell(deeper=False)

    @on(FlatTree.Opened)
    def _opened(self, event: FlatTree.Opened) -> None:
        event.stop()
        node = self.chosen
        if node is not None and node.folder:
            self.file_tree.toggle(self.file_tree.cursor)
        else:
            self._tell(deeper=True)

    def _tell(self, *, deeper: bool) -> None:
        node = self.chosen
        if node is None or not (deeper or self.has_focus_within):
            return
        if self._outside:
            self._outside = False
            self._entitle()
        key = node.row.version.key if node.row else None
        self.post_message(ChooseFile(node.path, key, deeper=deeper))

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        if not self._query:
            self._before_filter = self.chosen.path if self.chosen else None
        self._query = event.value
        self._load()

    @on(FilterBar.Submitted)
    def _filter_submitted(self, event: FilterBar.Submitted) -> None:
        event.stop()
        focus_now(self.file_tree)

    @on(FilterBar.Closed)
    def _filter_closed(self, event: FilterBar.Closed) -> None:
        event.stop()
        self._query = ""
        if self.chosen is None and self._before_filter is not None:
            self._wanted = (self._before_filter, None)
        self._load()
        focus_now(self.file_tree)


def with_layer(scope: Scope, layer: int | None) -> Scope:
    """The scope moved to another layer, alone or accumulated as before."""
    return replace(scope, layer=layer)


PANE = PaneKind("files", "Files", FilesPane)
