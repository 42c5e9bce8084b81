"""The whole image at once: every version of every path, the merged file system, and the bytes."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter

from forensics.layers._tree import can_follow
from forensics.layers.hidden import hidden_beside
from forensics.layers.overlay import overlay
from forensics.limits import DEFAULT, MIB, Limits
from forensics.model.files import (
    Content,
    FileKind,
    FileState,
    FileVersion,
    LayerIndex,
    behind_layer,
    beside_layers,
)
from forensics.model.image import Blob, Leftover

_BEHIND_SLASH = chr(ord("/") + 1)
_LAYER = attrgetter("layer")
_PATH = attrgetter("path")
_PIECE = MIB
_ADOPTED = -(1 << 40)
_REMEMBERED = 32 * MIB
"""Characters of paths of directories and links whose resolution is kept."""


class ImageView:
    """The layers of an image, overlaid. Paths are absolute; every order is that of the paths as text.

    `top` limits a question to the layers up to that index, as if those above did not exist; None means the
    finished image. The view may be asked from several threads at once. It reads the layers' bytes through the
    file descriptors in their blobs, which must stay open. `issues` are what the overlay met, `hidden` the
    bytes that no file stands for: of the archive (its `leftovers`), then of each layer.
    """

    def __init__(
        self,
        image_layers: Sequence[LayerIndex],
        limits: Limits = DEFAULT,
        leftovers: Sequence[Leftover] = (),
    ) -> None:
        self.image_layers = tuple(sorted(image_layers, key=attrgetter("index")))
        self._limits = limits
        drafts, self.issues = overlay(self.image_layers, limits)
        self._of_layer: dict[int, tuple[FileVersion, ...]] = {}
        self._by_path: dict[str, tuple[FileVersion, ...]] = {}
        self._shadowed: dict[str, list[FileVersion]] = {}
        self._removed: dict[int, list[FileVersion]] = {}
        self._blobs = {layer.index: layer.blob for layer in self.image_layers}
        self._blobs |= {behind_layer(one.index): one.behind for one in self.image_layers if one.behind}
        self._blobs |= {beside_layers(number): one.blob for number, one in enumerate(leftovers)}
        self.hidden = (
            *hidden_beside(leftovers),
            *(one for layer in self.image_layers for one in layer.hidden),
        )
        for layer, versions in zip(self.image_layers, drafts, strict=True):
            self._take_in(layer.index, versions)
        self._paths = sorted(self._by_path)
        for removed in self._removed.values():
            removed.sort(key=_PATH)
        self._by_offset: dict[int, dict[int, FileVersion]] = {}
        self._folders: dict[int | None, dict[str, tuple[str, int] | None]] = {}
        self._links: dict[int | None, dict[str, tuple[str, int] | None]] = {}
        self._remembered = 0

    def _take_in(self, index: int, versions: list[FileVersion]) -> None:
        for version in versions:
            if version.changed_by_layer == index:
                self._shadowed.setdefault(version.path, []).append(version)
            else:
                self._by_path[version.path] = (*self._by_path.get(version.path, ()), version)
            if version.state is FileState.DELETED and version.changed_by_layer is not None:
                self._removed.setdefault(version.changed_by_layer, []).append(version)
        versions.sort(key=_PATH)
        self._of_layer[index] = tuple(versions)

    # ---- versions --------------------------------------------------------------------------------------

    def versions(self, path: str) -> tuple[FileVersion, ...]:
        """Every version of this very path, oldest first."""
        versions = self._by_path.get(path, ())
        if path in self._shadowed:
            return tuple(sorted([*versions, *self._shadowed[path]], key=attrgetter("key")))
        return versions

    def visible(self, path: str, top: int | None = None) -> FileVersion | None:
        """The version of this very path that is seen, links not followed."""
        versions = self._by_path.get(path)
        return _seen(versions, top) if versions else None

    def in_layer(self, index: int) -> tuple[FileVersion, ...]:
        """What this layer brings, in path order."""
        return self._of_layer.get(index, ())

    def removed_by(self, index: int) -> tuple[FileVersion, ...]:
        """Versions of lower layers that this layer deletes, in path order."""
        return tuple(version for version in self._removed.get(index, ()) if version.layer != index)

    def all_versions(self) -> Iterator[FileVersion]:
        """Everything, in layer order, then path order."""
        for layer in self.image_layers:
            yield from self._of_layer[layer.index]

    def by_key(self, key: tuple[int, int]) -> FileVersion | None:
        """The version with this `FileVersion.key`."""
        layer, offset = key
        known = self._by_offset.get(layer)
        if known is None:
            known = {version.entry.header_offset: version for version in self._of_layer.get(layer, ())}
            self._by_offset[layer] = known
        return known.get(offset)

    # ---- the merged file system ------------------------------------------------------------------------

    def merged(self, top: int | None = None) -> Iterator[FileVersion]:
        """Everything that is seen."""
        return self._between(0, len(self._paths), top)

    def under(self, directory: str, top: int | None = None) -> Iterator[FileVersion]:
        """Everything that is seen below this very directory, itself excluded."""
        plain = directory.rstrip("/")
        first = bisect_left(self._paths, plain + "/")
        if not plain and first < len(self._paths) and self._paths[first] == "/":
            first += 1
        return self._between(first, bisect_left(self._paths, plain + _BEHIND_SLASH), top)

    def _between(self, first: int, end: int, top: int | None) -> Iterator[FileVersion]:
        for position in range(first, end):
            version = _seen(self._by_path[self._paths[position]], top)
            if version is not None:
                yield version

    def resolve(self, path: str, top: int | None = None) -> FileVersion | None:
        """What `path` leads to, every symbolic link in it followed within the image.

        None when nothing is there, or when it takes more than `limits.link_hops` links.
        """
        folder, _, name = path.rpartition("/")
        parent = self._folder(folder, top)
        found = self._walk(name, top, *parent) if parent else None
        return self.visible(found[0] or "/", top) if found else None

    def canonical(self, path: str, top: int | None = None) -> str:
        """`path` with symbolic links in its parent directories resolved, its last component kept.

        Paths that lead nowhere are resolved by name; a loop of links stays as it is.
        """
        folder, _, name = path.rpartition("/")
        if not folder:
            return path
        found = self._folder(folder, top)
        return f"{found[0]}/{name}" if found else path

    def _folder(self, folder: str, top: int | None) -> tuple[str, int] | None:
        """The real path of a directory ("" for the root) and the links it took; None for a loop."""
        if self._remembered > _REMEMBERED:
            self._folders, self._links, self._remembered = {}, {}, 0
        known = self._folders.setdefault(top, {})
        rest: list[str] = []
        found: tuple[str, int] | None = ("", 0)
        while folder:
            if folder in known:
                found = known[folder]
                break
            folder, _, name = folder.rpartition("/")
            rest.append(name)
        while rest:
            name = rest.pop()
            folder = f"{folder}/{name}"
            found = known[folder] = self._walk(name, top, *found) if found else None
            self._remembered += len(folder)
        return found

    def _walk(self, path: str, top: int | None, real: str = "", hops: int = 0) -> tuple[str, int] | None:
        """The real path that `path`, as seen from the directory `real`, leads to, and the links it took.

        Where a link leads is found once: a chain of links would otherwise be walked anew from each of them.
        """
        known = self._links.setdefault(top, {})
        walks = [_Walk("", path, real, hops)]
        under_way: set[str] = set()
        while True:
            walk = walks[-1]
            if walk.pending:
                link = self._step(walk, top, known, under_way)
                if link is not None:
                    under_way.add(link.at)
                    walks.append(link)
                continue
            walks.pop()
            found = (walk.real, walk.hops) if walk.hops <= self._limits.link_hops else None
            if not walks:
                return found
            under_way.discard(walk.at)
            known[walk.at] = found
            self._remembered += len(walk.at)
            walks[-1].arrive(found, self._limits.link_hops)

    def _step(
        self,
        walk: _Walk,
        top: int | None,
        known: dict[str, tuple[str, int] | None],
        under_way: set[str],
    ) -> _Walk | None:
        """Take one component; the walk of a link that has to be followed first, None where there is none."""
        name = walk.pending.pop()
        if name in {"", "."}:
            return None
        if name == "..":
            walk.real = walk.real.rpartition("/")[0]
            return None
        there = f"{walk.real}/{name}"
        version = self.visible(there, top)
        if version is None or version.entry.kind is not FileKind.SYMLINK:
            walk.real = there
        elif there in known:
            walk.arrive(known[there], self._limits.link_hops)
        elif there in under_way or not can_follow(version.entry.link):
            walk.arrive(None, self._limits.link_hops)
        else:
            return _Walk(there, version.entry.link, walk.real, 1)
        return None

    # ---- bytes -----------------------------------------------------------------------------------------

    def adopt(self, blob: Blob) -> int:
        """What `Content.layer` is from now on for further bytes to read, such as a member of an archive."""
        number = _ADOPTED - len(self._blobs)
        self._blobs[number] = blob
        return number

    def read(self, what: FileVersion | Content, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes of a content; fewer where the archive ends early, none where there is no content.

        With `length` None everything from `offset` on, but of a sparse file at most `limits.scan_bytes`: its
        size is only a claim. `pieces` gives all of it.
        """
        content = what.content if isinstance(what, FileVersion) else what
        if content is None or offset < 0 or offset >= content.size:
            return b""
        wanted = content.size - offset if length is None else min(length, content.size - offset)
        if content.segments:
            return self._read_sparse(content, offset, min(wanted, self._limits.scan_bytes))
        return self._stored(content.layer, content.data_offset + offset, wanted)

    def pieces(self, what: FileVersion | Content, size: int = _PIECE) -> Iterator[bytes]:
        """The bytes of a content, holes as zeros, in pieces of `size` bytes; up to its `readable_size`."""
        offset, end = 0, self.readable_size(what)
        while piece := self.read(what, offset, min(size, end - offset)):
            yield piece
            offset += len(piece)

    def readable_size(self, what: FileVersion | Content) -> int:
        """How far a content may be read to its end: holes beyond `limits.scan_bytes` are only a claim."""
        content = what.content if isinstance(what, FileVersion) else what
        if content is None:
            return 0
        held = sum(segment.size for segment in content.segments) if content.segments else content.size
        return content.size if content.size - held <= self._limits.scan_bytes else self._limits.scan_bytes

    def _stored(self, layer: int, offset: int, length: int) -> bytes:
        """Bytes of a layer's tar; fewer at its end."""
        blob = self._blobs[layer]
        left = min(length, blob.size - offset)
        found: list[bytes] = []
        while left > 0:
            piece = os.pread(blob.fd, min(left, 1 << 30), blob.offset + offset)
            if not piece:
                break
            found.append(piece)
            offset, left = offset + len(piece), left - len(piece)
        return found[0] if len(found) == 1 else b"".join(found)

    def _read_sparse(self, content: Content, offset: int, length: int) -> bytes:
        end = offset + length
        found = bytearray()
        position = max(0, bisect_right(content.segments, offset, key=attrgetter("logical_offset")) - 1)
        for segment in content.segments[position:]:
            start = max(offset + len(found), segment.logical_offset)
            stop = min(end, segment.logical_offset + segment.size)
            if segment.logical_offset >= end:
                break
            if start >= stop:
                continue
            found += bytes(start - offset - len(found))
            data = segment.data_offset + start - segment.logical_offset
            piece = self._stored(content.layer, data, stop - start)
            found += piece
            if len(piece) < stop - start:
                return bytes(found)
        return bytes(found) + bytes(length - len(found))


class _Walk:
    """A path on its way: what is left of it, where it came to, over how many links; `at` is a link's."""

    __slots__ = ("at", "hops", "pending", "real")

    def __init__(self, at: str, path: str, real: str, hops: int) -> None:
        self.at = at
        self.pending = path.split("/")[::-1]
        self.real = "" if path.startswith("/") else real
        self.hops = hops

    def arrive(self, found: tuple[str, int] | None, most: int) -> None:
        """Go on from where a link led to; nowhere, when it led nowhere or over too many others."""
        real, hops = found or ("", most + 1)
        self.real = real
        self.hops += hops
        if self.hops > most:
            self.pending.clear()


def _seen(versions: tuple[FileVersion, ...], top: int | None) -> FileVersion | None:
    """The version of one path that is seen below and including layer `top`."""
    if top is None:
        last = versions[-1]
        return last if last.changed_by_layer is None else None
    position = bisect_right(versions, top, key=_LAYER)
    if not position:
        return None
    last = versions[position - 1]
    changed = last.changed_by_layer
    return last if changed is None or changed > top else None
