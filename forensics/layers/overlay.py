"""Replays the layers one on top of the other: which version of every path is there, and what hid the others.

What container runtimes that mount layers with overlayfs show decides where the specification (OCI image
specification, layer.md) leaves a choice:

- Whiteouts and opaque markers hide lower layers only, wherever they stand in the tar.
- A directory over a directory merges with it; anything else replaces what was there with all that is below.
- Within one layer, members land where unpacking them in order would put them: below a symbolic link that
  the same layer brought, at the place the link leads to. A link of a *lower* layer is not followed: the
  layer then has a directory of its own there, which hides the link.
- The last of several members with one path counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.layers._issue_log import IssueLog
from forensics.limits import Limits
from forensics.model.files import Change, Content, Entry, FileKind, FileState, FileVersion, LayerIndex
from forensics.model.issues import Issue

_DIRECTORY, _SYMLINK, _HARDLINK = FileKind.DIRECTORY, FileKind.SYMLINK, FileKind.HARDLINK
_REGULAR, _WHITEOUT, _OPAQUE = FileKind.REGULAR, FileKind.WHITEOUT, FileKind.OPAQUE
_NO_FILES = frozenset((_WHITEOUT, _OPAQUE, FileKind.OTHER))
LONGEST_LINK = 4095
"""Characters of a link that can be followed: Linux has no longer paths (PATH_MAX)."""


class Draft:
    """A file version while its fate is not yet known. `below` is what the lower layers had at its path."""

    __slots__ = ("below", "change", "changed_by", "content", "entry", "layer", "path", "state")

    def __init__(self, path: str, layer: int, entry: Entry, below: Draft | None) -> None:
        self.path = path
        self.layer = layer
        self.entry = entry
        self.below = below
        self.state = FileState.VISIBLE
        self.change = Change.ADDED
        self.changed_by: int | None = None
        self.content: Content | None = None

    def end(self, state: FileState, layer: int) -> None:
        """It is not seen any more, because of `layer`."""
        self.state, self.changed_by = state, layer

    def version(self) -> FileVersion:
        """The record, once everything about it is known."""
        return FileVersion(
            path=self.path,
            layer=self.layer,
            entry=self.entry,
            state=self.state,
            change=self.change,
            changed_by_layer=self.changed_by,
            content=self.content,
        )


class Node:
    """One place in the tree: the version seen there now, and what lies below it."""

    __slots__ = ("children", "seen")

    def __init__(self) -> None:
        self.seen: Draft | None = None
        self.children: dict[str, Node] | None = None


class NoRoom(Exception):
    """The tree has as many places as it may have."""


class Tree:
    """All places; it makes those that are missing, up to `room` of them.

    A name of a few kilobytes can ask for thousands of folders, so members alone do not bound the tree.
    """

    def __init__(self, room: int) -> None:
        self.root = Node()
        self.room = room

    def child(self, node: Node, name: str) -> Node:
        """The place `name` below `node`; raises NoRoom when it is one too many."""
        if node.children is None:
            node.children = {}
        found = node.children.get(name)
        if found is None:
            if self.room <= 0:
                raise NoRoom
            self.room -= 1
            found = node.children[name] = Node()
        return found


def overlay(
    layers: Sequence[LayerIndex], limits: Limits
) -> tuple[list[list[FileVersion]], tuple[Issue, ...]]:
    """The versions that each layer brings, in archive order, and what was odd; one element a layer."""
    tree = Tree(limits.members)
    drafts: list[list[Draft]] = []
    issues: list[Issue] = []
    for layer in layers:
        replay = LayerReplay(tree, layer, limits)
        drafts.append(replay.run())
        issues += replay.log.issues()
    return [[draft.version() for draft in of_layer] for of_layer in drafts], tuple(issues)


class LayerReplay:
    """Puts one layer on top of the tree that the layers below it left."""

    def __init__(self, tree: Tree, layer: LayerIndex, limits: Limits) -> None:
        self._tree = tree
        self._layer = layer
        self._index = layer.index
        self._limits = limits
        self.log = IssueLog(layer.index)
        self._drafts: list[Draft] = []
        self._gone: dict[str, Draft] = {}
        self._folders: dict[str, tuple[Node, str]] = {}
        self._aufs: dict[str, Entry] = {}
        self._late_links: list[Draft] = []

    def run(self) -> list[Draft]:
        """Replay the layer; its own versions in archive order."""
        entries = self._layer.entries
        for entry in entries:
            if entry.kind is _WHITEOUT or entry.kind is _OPAQUE:
                self._hide(entry)
            elif entry.kind is FileKind.OTHER and entry.sha256:
                self._aufs[entry.path] = entry
        for entry in entries:
            if entry.kind in _NO_FILES:
                continue
            try:
                self._add(entry)
            except NoRoom:
                message = "the image names more files and folders than can be shown"
                self.log.add("limit", message, path=entry.path, lost=entry.stored)
        self._link_late()
        for draft in self._drafts:
            if draft.below is not None:
                draft.change = Change.UNCHANGED if _same(draft, draft.below) else Change.MODIFIED
                draft.below = None
        return self._drafts

    # ---- what lower layers lose ------------------------------------------------------------------------

    def _hide(self, entry: Entry) -> None:
        """Obey a whiteout or an opaque marker, both of which speak of lower layers."""
        node: Node = self._tree.root
        above: Node | None = None
        name = ""
        for name in _components(entry.path):
            above, found = node, (node.children or {}).get(name)
            if found is None:
                return
            node = found
        self._remove_below(node)
        if entry.kind is _WHITEOUT and above is not None and above.children is not None:
            self._remove(node, entry.path)
            del above.children[name]
            self._tree.room += 1

    def _remove(self, node: Node, path: str) -> None:
        """The version seen at `node` is gone with this layer."""
        seen = node.seen
        if seen is None:
            return
        node.seen = None
        seen.end(FileState.DELETED, self._index)
        lower = seen.below if seen.layer == self._index else seen
        if lower is not None:
            lower.end(FileState.DELETED, self._index)
            self._gone[path] = lower

    def _remove_below(self, node: Node) -> None:
        """Everything below `node` is gone with this layer, and its places with it."""
        waiting = [node]
        while waiting:
            children, emptied = waiting[-1].children, waiting.pop()
            emptied.children = None
            self._tree.room += len(children or ())
            for child in (children or {}).values():
                if child.seen is not None:
                    self._remove(child, child.seen.path)
                waiting.append(child)

    # ---- what this layer brings ------------------------------------------------------------------------

    def _add(self, entry: Entry) -> None:
        node, path = self._place(entry.path)
        seen = node.seen
        if seen is None:
            below = self._gone.pop(path, None)
        else:
            below = seen.below if seen.layer == self._index else seen
            seen.end(FileState.OVERWRITTEN, self._index)
        if below is not None:
            below.end(FileState.OVERWRITTEN, self._index)
        if entry.kind is not _DIRECTORY and node.children:
            self._remove_below(node)
            self._folders.clear()
        elif seen is not None and seen.entry.kind is _SYMLINK:
            self._folders.clear()
        draft = Draft(path, self._index, entry, below)
        if entry.kind is _REGULAR:
            draft.content = _content(self._index, entry)
        elif entry.kind is _HARDLINK:
            self._link(draft)
        node.seen = draft
        self._drafts.append(draft)

    def _place(self, path: str) -> tuple[Node, str]:
        """Where a member of this layer lands: the node, and its path."""
        folder, _, name = path.rpartition("/")
        if not name:
            return self._tree.root, "/"
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._enter(folder)
        node, real = known
        return self._tree.child(node, name), path if real == folder else f"{real}/{name}"

    def _enter(self, folder: str) -> tuple[Node, str]:
        """The node of a folder that members of this layer lie in, and its path ("" for the root).

        It follows the symbolic links of this layer; whatever else is no folder makes way for one.
        """
        pending = _components(folder)[::-1]
        nodes, names = [self._tree.root], [""]
        hops = 0
        while pending:
            name = pending.pop()
            if name == "..":
                if len(nodes) > 1:
                    nodes.pop()
                    names.pop()
                continue
            node = self._tree.child(nodes[-1], name)
            seen = node.seen
            if seen is not None and seen.entry.kind is not _DIRECTORY:
                link = seen.entry.link
                if seen.layer == self._index and seen.entry.kind is _SYMLINK and self._follows(link, hops):
                    hops += 1
                    pending.extend(_components(link)[::-1])
                    if link.startswith("/"):
                        del nodes[1:], names[1:]
                    continue
                self._make_way(node, "/".join((*names, name)))
            nodes.append(node)
            names.append(name)
        return nodes[-1], folder if not hops else "/".join(names)

    def _follows(self, link: str, hops: int) -> bool:
        return hops < self._limits.link_hops and 0 < len(link) <= LONGEST_LINK

    def _make_way(self, node: Node, path: str) -> None:
        """A member lies below what is no folder: a folder takes its place, as overlayfs shows it."""
        self._remove(node, path)
        message = "a member below it makes a folder of it, which hides what it was"
        self.log.add("implied-folder", message, path=path)

    # ---- hard links ------------------------------------------------------------------------------------

    def _link(self, draft: Draft) -> None:
        """Give a hard link the content of its target, if this layer has it already."""
        target = self._find(draft.entry.link)
        if target is not None and target.layer == self._index:
            draft.content = target.content
        elif draft.entry.link in self._aufs:
            draft.content = _content(self._index, self._aufs[draft.entry.link])
        if draft.content is None:
            self._late_links.append(draft)

    def _link_late(self) -> None:
        """Hard links whose target comes later in this layer, or lies in a lower one."""
        dead: set[int] = set()
        for draft in self._late_links:
            if draft.content is None and id(draft) not in dead:
                self._link_chain(draft, dead)

    def _link_chain(self, draft: Draft, dead: set[int]) -> None:
        """Follow hard links to hard links up to a content and give it to all of them."""
        chain, members = [draft], {id(draft)}
        target = self._find(draft.entry.link)
        while target is not None and target.entry.kind is _HARDLINK and target.content is None:
            if id(target) in members or id(target) in dead or target.layer != self._index:
                target = None
                break
            chain.append(target)
            members.add(id(target))
            target = self._find(target.entry.link)
        for link in chain:
            if target is not None and target.content is not None:
                link.content = target.content
                continue
            dead.add(id(link))
            if target is None or target.entry.kind is _DIRECTORY:
                message = "a hard link whose target is not there: it has no content"
                self.log.add("hard-link-without-target", message, path=link.path)

    def _find(self, path: str) -> Draft | None:
        """What is seen at `path` now, symbolic links in its folders followed."""
        pending = _components(path)[::-1]
        nodes = [self._tree.root]
        hops = 0
        while pending:
            name = pending.pop()
            if name == "..":
                del nodes[max(1, len(nodes) - 1) :]
                continue
            node = (nodes[-1].children or {}).get(name)
            if node is None:
                return None
            if pending and node.seen is not None and node.seen.entry.kind is _SYMLINK:
                link = node.seen.entry.link
                if not self._follows(link, hops):
                    return None
                hops += 1
                pending.extend(_components(link)[::-1])
                if link.startswith("/"):
                    del nodes[1:]
                continue
            nodes.append(node)
        return nodes[-1].seen


def _components(path: str) -> list[str]:
    return [component for component in path.split("/") if component and component != "."]


def _content(layer: int, entry: Entry) -> Content:
    return Content(layer, entry.data_offset, entry.size, entry.segments, entry.sha256)


def _same(new: Draft, old: Draft) -> bool:
    """Whether a version says again what lower layers had: all but times and the names of the owners."""
    one, other = new.entry, old.entry
    if (one.mode, one.uid, one.gid, one.xattrs, one.device) != (
        other.mode,
        other.uid,
        other.gid,
        other.xattrs,
        other.device,
    ):
        return False
    if new.content is not None and old.content is not None:
        mine, theirs = new.content, old.content
        return mine.size == theirs.size and mine.sha256 == theirs.sha256 != ""
    return one.kind is other.kind and one.link == other.link and new.content is old.content
