"""The tree that an overlay grows: places, the version seen at each, and walks that follow symbolic links."""

from __future__ import annotations

import msgspec

from forensics.limits import Limits
from forensics.model.files import Change, Content, Entry, FileKind, FileState, FileVersion

LONGEST_LINK = 4095
"""Characters of a link that can be followed: Linux has no longer paths (PATH_MAX)."""

_MOST_STEPS = 2_000_000
"""Components of link targets that may be walked to lay all layers of an image."""

_DIRECTORY, _SYMLINK = FileKind.DIRECTORY, FileKind.SYMLINK


class NoRoom(Exception):
    """The tree has as many places as it may have."""


class Draft(msgspec.Struct, gc=False, eq=False):
    """A file version while its fate is not yet known."""

    path: str
    layer: int
    entry: Entry
    content: Content | None = None
    state: FileState = FileState.VISIBLE
    change: Change = Change.ADDED
    changed_by: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether others can lie in it."""
        return self.entry.kind is _DIRECTORY

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


class Node(msgspec.Struct, gc=False, eq=False):
    """One place: the version seen there, None where only its children tell of it, and what lies in it."""

    seen: Draft | None = None
    children: dict[str, Node] | None = None


class Room:
    """How many places all trees of an image may still have together, and how far links may still lead.

    A name of a few kilobytes can ask for thousands of folders, so members alone do not bound them; and the
    name of a link that leads over forty others asks for as many steps as all their targets have.
    """

    def __init__(self, places: int, steps: int = _MOST_STEPS) -> None:
        self.places = places
        self.steps = steps

    def take(self) -> None:
        """Use one; raises NoRoom when there is none."""
        if self.places <= 0:
            raise NoRoom
        self.places -= 1

    @property
    def has_steps(self) -> bool:
        """Whether links may still be followed."""
        return self.steps > 0

    def walk(self, link: str) -> list[str]:
        """The components of a link that is followed, the last one first; they are counted."""
        found = components(link)[::-1]
        self.steps -= len(found)
        return found

    def give_back(self, places: int) -> None:
        """Free some that are not used any more."""
        self.places += places


def components(path: str) -> list[str]:
    """The components of a path or link target that say something."""
    return [component for component in path.split("/") if component and component != "."]


def child(node: Node, name: str, room: Room) -> Node:
    """The place `name` in `node`, made where it is missing; raises NoRoom."""
    if node.children is None:
        node.children = {}
    found = node.children.get(name)
    if found is None:
        room.take()
        found = node.children[name] = Node()
    return found


def clear(node: Node, room: Room) -> list[Draft]:
    """Take away everything below `node`; what was seen there."""
    lost: list[Draft] = []
    waiting = [node]
    while waiting:
        emptied = waiting.pop()
        children, emptied.children = emptied.children, None
        if not children:
            continue
        room.give_back(len(children))
        for below in children.values():
            if below.seen is not None:
                lost.append(below.seen)
            waiting.append(below)
    return lost


def seen_at(root: Node, path: str) -> Draft | None:
    """What is seen at this very path, links not followed."""
    node: Node | None = root
    for name in components(path):
        node = node.children.get(name) if node is not None and node.children else None
    return node.seen if node is not None else None


def find(root: Node, path: str, limits: Limits, room: Room) -> Draft | None:
    """What is seen at `path`, symbolic links in its folders followed, the last component not."""
    pending = components(path)[::-1]
    nodes, hops = [root], 0
    while pending:
        name = pending.pop()
        if name == "..":
            del nodes[max(1, len(nodes) - 1) :]
            continue
        node = (nodes[-1].children or {}).get(name)
        if node is None:
            return None
        link = link_at(node, room) if pending else ""
        if link:
            hops += 1
            if hops > limits.link_hops:
                return None
            pending.extend(room.walk(link))
            if link.startswith("/"):
                del nodes[1:]
            continue
        nodes.append(node)
    return nodes[-1].seen


def link_at(node: Node, room: Room) -> str:
    """The target of the symbolic link at this place, empty when there is none that can be followed."""
    if not room.has_steps or node.seen is None or node.seen.entry.kind is not _SYMLINK:
        return ""
    link = node.seen.entry.link
    return link if can_follow(link) else ""


def can_follow(link: str) -> bool:
    """Whether Linux would follow a symbolic link with this target."""
    return 0 < len(link) <= LONGEST_LINK
