"""Lays the layers one upon the other: which version of every path is there, and what hid the others.

Where the specification (OCI image specification, layer.md) leaves a choice, a container that mounts its
layers with overlayfs decides:

- Each layer is unpacked alone. The last of several members with one path counts. A member below a symbolic
  link that the same layer brought lands where the link leads; links of lower layers are not followed.
- Whiteouts and opaque markers hide lower layers only, wherever they stand in the tar.
- A directory upon a directory merges with it. Anything else replaces what was there, with all that was in it.
- A directory that no member tells of, because only members in it do, merges with a directory, and deletes
  whatever else was there.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.layers._issue_log import IssueLog
from forensics.layers._tree import Draft, Node, Room, clear, components, find, seen_at
from forensics.layers._unpacking import Unpacking
from forensics.limits import Limits
from forensics.model.files import Change, Entry, FileKind, FileState, FileVersion, LayerIndex
from forensics.model.issues import Issue


def overlay(
    layers: Sequence[LayerIndex], limits: Limits
) -> tuple[list[list[FileVersion]], tuple[Issue, ...]]:
    """The versions that each layer brings, in archive order, and what was odd; one element a layer."""
    root, room = Node(), Room(limits.members)
    drafts: list[list[Draft]] = []
    issues: list[Issue] = []
    for layer in layers:
        laying = _Laying(root, room, layer, limits)
        drafts.append(laying.run())
        issues += laying.log.issues()
    return [[draft.version() for draft in of_layer] for of_layer in drafts], tuple(issues)


class _Laying:
    """Lays one layer upon the tree that the layers below it left."""

    def __init__(self, root: Node, room: Room, layer: LayerIndex, limits: Limits) -> None:
        self._root = root
        self._room = room
        self._layer = layer
        self._index = layer.index
        self._limits = limits
        self._gone: dict[str, Draft] = {}
        self.log = IssueLog(layer.index)

    def run(self) -> list[Draft]:
        """Lay the layer; its own versions in archive order."""
        for entry in self._layer.entries:
            if entry.kind is FileKind.WHITEOUT or entry.kind is FileKind.OPAQUE:
                self._hide(entry)
        own = Unpacking(self._index, self._room, self._limits, self.log)
        own.unpack(self._layer.entries)
        self._lay(own.root)
        self._link(own.links)
        if not self._room.has_steps:
            self.log.add("limit", "links lead through so many folders that not all of them are followed")
        for draft in own.drafts:
            below = self._gone.get(draft.path)
            if below is None and draft.changed_by is not None:
                below = seen_at(self._root, draft.path)
            if below is None or below.layer == self._index:
                continue
            draft.change = Change.UNCHANGED if _same(draft, below) else Change.MODIFIED
            if draft.changed_by is None:
                below.end(FileState.OVERWRITTEN, self._index)
        return own.drafts

    def _hide(self, entry: Entry) -> None:
        """Obey a whiteout or an opaque marker."""
        node, above, name = self._root, self._root, ""
        for name in components(entry.path):
            found = (node.children or {}).get(name)
            if found is None:
                return
            above, node = node, found
        self._delete(clear(node, self._room))
        if entry.kind is FileKind.WHITEOUT and above.children is not None:
            if node.seen is not None:
                self._delete([node.seen])
            del above.children[name]
            self._room.give_back(1)

    def _delete(self, lost: Sequence[Draft]) -> None:
        """These versions of lower layers are gone with this layer."""
        for draft in lost:
            draft.end(FileState.DELETED, self._index)
            self._gone[draft.path] = draft

    def _lay(self, own_root: Node) -> None:
        """Merge what this layer unpacked into the tree; places that are new move as they are."""
        waiting = [(own_root, self._root)]
        while waiting:
            own, node = waiting.pop()
            lower = node.seen
            if own.seen is not None:
                if lower is not None:
                    self._delete([lower])
                if not own.seen.is_folder:
                    self._delete(clear(node, self._room))
                node.seen = own.seen
            elif lower is not None and not lower.is_folder:
                self._delete([lower])
                node.seen = None
                message = "members of this layer lie below it, so a folder takes its place"
                self.log.add("implied-folder", message, path=lower.path)
            if not own.children:
                continue
            if node.children is None:
                node.children = own.children
                continue
            for name, place in own.children.items():
                there = node.children.setdefault(name, place)
                if there is not place:
                    self._room.give_back(1)
                    waiting.append((place, there))

    # ---- hard links ------------------------------------------------------------------------------------

    def _link(self, links: Sequence[Draft]) -> None:
        """Find the content of hard links whose target comes later in this layer, or lies in a lower one."""
        dead: set[int] = set()
        for link in links:
            if link.content is None and id(link) not in dead:
                self._link_chain(link, dead)

    def _link_chain(self, first: Draft, dead: set[int]) -> None:
        """Follow hard links to hard links up to a content, and give it to all of them."""
        chain, members = [first], {id(first)}
        target = find(self._root, first.entry.link, self._limits, self._room)
        while target is not None and target.entry.kind is FileKind.HARDLINK and target.content is None:
            if id(target) in members or id(target) in dead or target.layer != self._index:
                target = None
                break
            chain.append(target)
            members.add(id(target))
            target = find(self._root, target.entry.link, self._limits, self._room)
        for link in chain:
            if target is not None and target.content is not None:
                link.content = target.content
                continue
            dead.add(id(link))
            if target is None or target.is_folder:
                message = "a hard link whose target is not there: it has no content"
                self.log.add("hard-link-without-target", message, path=link.path)


def _same(new: Draft, old: Draft) -> bool:
    """Whether a version says again what lower layers had: all but times and the names of the owners."""
    one, two = new.entry, old.entry
    if (one.mode, one.uid, one.gid) != (two.mode, two.uid, two.gid):
        return False
    if one.xattrs != two.xattrs or one.device != two.device:
        return False
    if new.content is not None and old.content is not None:
        mine, theirs = new.content, old.content
        return mine.size == theirs.size and mine.sha256 == theirs.sha256 != ""
    return one.kind is two.kind and one.link == two.link and new.content is old.content
