"""One layer unpacked alone, in memory: where each of its members lands, and which of them are left."""

from __future__ import annotations

from forensics.layers._issue_log import IssueLog
from forensics.layers._tree import Draft, Node, NoRoom, Room, child, clear, components, find, link_at
from forensics.limits import Limits
from forensics.model.files import Content, Entry, FileKind, FileState

_NO_FILES = frozenset((FileKind.WHITEOUT, FileKind.OPAQUE, FileKind.OTHER))
_SYMLINK = FileKind.SYMLINK


class Unpacking:
    """Unpacks the members of one layer in archive order below `root`, as a container runtime does.

    `drafts` are its file versions in archive order; `links` the hard links whose content is not yet known,
    because their target comes later or lies in a lower layer.
    """

    def __init__(self, layer: int, room: Room, limits: Limits, log: IssueLog) -> None:
        self.root = Node()
        self.drafts: list[Draft] = []
        self.links: list[Draft] = []
        self._layer = layer
        self._room = room
        self._limits = limits
        self._log = log
        self._folders: dict[str, tuple[Node, str]] = {}
        self._aufs: dict[str, Entry] = {}

    def unpack(self, entries: tuple[Entry, ...]) -> None:
        """Unpack every member that is a file, in the widest sense."""
        for entry in entries:
            if entry.kind is FileKind.OTHER and entry.sha256:
                self._aufs[entry.path] = entry
        for entry in entries:
            if entry.kind in _NO_FILES:
                continue
            try:
                self._add(entry)
            except NoRoom:
                message = "the image names more files and folders than can be shown"
                self._log.add("limit", message, path=entry.path, lost=entry.stored)
        self._folders.clear()

    def _add(self, entry: Entry) -> None:
        node, path = self._place(entry.path)
        draft = Draft(path, self._layer, entry)
        if entry.kind is FileKind.REGULAR:
            draft.content = content_of(self._layer, entry)
        elif entry.kind is FileKind.HARDLINK:
            self._link(draft)
        seen = node.seen
        if seen is not None:
            seen.end(FileState.OVERWRITTEN, self._layer)
        if node.children and not draft.is_folder:
            for lost in clear(node, self._room):
                lost.end(FileState.DELETED, self._layer)
            self._folders.clear()
        elif seen is not None and seen.entry.kind is _SYMLINK:
            self._folders.clear()
        node.seen = draft
        self.drafts.append(draft)

    def _place(self, path: str) -> tuple[Node, str]:
        """Where a member lands: the node, and its path."""
        folder, _, name = path.rpartition("/")
        if not name:
            return self.root, "/"
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._enter_from_above(folder) or self._enter(folder)
        node, real = known
        return child(node, name, self._room), path if real == folder else f"{real}/{name}"

    def _enter_from_above(self, folder: str) -> tuple[Node, str] | None:
        """The node and path of a folder whose own folder was entered before; None where it takes a walk."""
        above, _, name = folder.rpartition("/")
        known = self._folders.get(above)
        if known is None:
            return None
        above_node, real = known
        node = child(above_node, name, self._room)
        if link_at(node, self._room):
            return None
        self._make_way(node)
        return node, folder if real == above else f"{real}/{name}"

    def _enter(self, folder: str, *, follow: bool = True) -> tuple[Node, str]:
        """The node of a folder that members lie in, and its path ("" for the root).

        It follows symbolic links, unless they go round in a loop; what else is no folder makes way for one.
        """
        pending = components(folder)[::-1]
        nodes, names, hops = [self.root], [""], 0
        while pending:
            name = pending.pop()
            if name == "..":
                del nodes[max(1, len(nodes) - 1) :], names[max(1, len(names) - 1) :]
                continue
            node = child(nodes[-1], name, self._room)
            link = link_at(node, self._room) if follow else ""
            if link:
                hops += 1
                if hops > self._limits.link_hops:
                    return self._enter(folder, follow=False)
                pending.extend(self._room.walk(link))
                if link.startswith("/"):
                    del nodes[1:], names[1:]
                continue
            self._make_way(node)
            nodes.append(node)
            names.append(name)
        return nodes[-1], "/".join(names) if hops else folder

    def _make_way(self, node: Node) -> None:
        seen = node.seen
        if seen is None or seen.is_folder:
            return
        seen.end(FileState.DELETED, self._layer)
        node.seen = None
        self._folders.clear()
        message = "a member of the same layer lies below it, so a folder takes its place"
        self._log.add("implied-folder", message, path=seen.path)

    def _link(self, draft: Draft) -> None:
        """Give a hard link the content of its target, if the target is there already."""
        target = find(self.root, draft.entry.link, self._limits, self._room)
        if target is not None:
            draft.content = target.content
        elif draft.entry.link in self._aufs:
            draft.content = content_of(self._layer, self._aufs[draft.entry.link])
        if draft.content is None:
            self.links.append(draft)


def content_of(layer: int, entry: Entry) -> Content:
    """Where the bytes of a regular file lie."""
    return Content(layer, entry.data_offset, entry.size, entry.segments, entry.sha256)
