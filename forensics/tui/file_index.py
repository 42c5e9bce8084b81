"""Every version of every path of one image, to be looked up: the same for a live view and a saved report."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter

from forensics.model.files import Change, Content, Entry, FileKind, FileState, FileVersion
from forensics.model.findings import Finding
from forensics.model.report import ReportFile
from forensics.printable import printable


class FileIndex:
    """Looks file versions up by key, by path and by layer.

    `versions_in` stands oldest layer first; every list handed out is in path order, versions of one path
    oldest first. Whiteouts are not versions: what a layer removed is known from `changed_by_layer`.
    """

    def __init__(self, versions_in: Iterable[FileVersion], layer_count: int) -> None:
        self.versions: list[FileVersion] = sorted(versions_in, key=attrgetter("path"))
        self.paths: list[str] = [version.path for version in self.versions]
        self._by_key = {version.key: version for version in self.versions}
        self._in_layer: list[list[FileVersion]] = [[] for _ in range(layer_count)]
        self._removed_by: list[list[FileVersion]] = [[] for _ in range(layer_count)]
        for version in self.versions:
            if 0 <= version.layer < layer_count:
                self._in_layer[version.layer].append(version)
            remover = version.changed_by_layer
            if (
                version.state is FileState.DELETED
                and remover is not None
                and remover < layer_count
                and remover != version.layer
            ):
                self._removed_by[remover].append(version)

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def layer_count(self) -> int:
        """How many layers the image has."""
        return len(self._in_layer)

    def by_key(self, key: tuple[int, int]) -> FileVersion | None:
        """The version with this `FileVersion.key`."""
        return self._by_key.get(key)

    def of_path(self, path: str) -> Sequence[FileVersion]:
        """Every version of exactly this path, oldest first."""
        start = bisect_left(self.paths, path)
        end = start
        while end < len(self.paths) and self.paths[end] == path:
            end += 1
        return self.versions[start:end]

    def find_shown(self, path: str, layer: int | None = None) -> FileVersion | None:
        """The version whose path reads like `path` on the screen: of a layer, or else the newest."""
        found = self.of_path(path)
        if not found and "\\" in path:
            found = [version for version in self.versions if printable(version.path) == path]
        if layer is not None:
            found = [version for version in found if version.layer == layer]
        visible = [version for version in found if version.state is FileState.VISIBLE]
        chosen = visible or found
        return chosen[-1] if chosen else None

    def in_layer(self, layer: int) -> Sequence[FileVersion]:
        """What this layer carries."""
        return self._in_layer[layer] if 0 <= layer < len(self._in_layer) else ()

    def removed_by(self, layer: int) -> Sequence[FileVersion]:
        """What lower layers carried and this layer deleted."""
        return self._removed_by[layer] if 0 <= layer < len(self._removed_by) else ()

    def change_counts(self, layer: int) -> tuple[int, int, int]:
        """How many paths the layer added, modified and deleted."""
        own = self.in_layer(layer)
        added = sum(1 for version in own if version.change is Change.ADDED)
        modified = sum(1 for version in own if version.change is Change.MODIFIED)
        return added, modified, len(self.removed_by(layer))

    def of_finding(self, finding: Finding) -> FileVersion | None:
        """The file version a finding speaks of; for something inside an archive, the archive."""
        path = exact_path(finding.path, finding.path_base64)
        if path is None or finding.layer is None:
            return None
        candidates = self.of_path(path) or self.of_path(path.partition("!/")[0])
        there = [version for version in candidates if version.layer == finding.layer]
        same = [version for version in there if finding.sha256 and version.sha256 == finding.sha256]
        found = same or there
        return found[-1] if found else None


def exact_path(path: str | None, encoded: str | None) -> str | None:
    """The path with its exact bytes: `encoded` is their base64 where `path` had to be made printable."""
    if not encoded:
        return path
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return path


def visible_under(version: FileVersion, top: int) -> bool:
    """Whether this version is what one would see if the layers above `top` did not exist."""
    changed = version.changed_by_layer
    return version.layer <= top and (changed is None or changed > top)


def version_of_row(row: ReportFile) -> FileVersion:
    """The file version a row of a saved report speaks of; its bytes are not there."""
    kind = FileKind(row.kind)
    content = Content(row.layer, row.offset, row.size, (), row.sha256) if row.sha256 else None
    entry = Entry(
        path=exact_path(row.path, row.path_base64) or row.path,
        kind=kind,
        size=row.size,
        mode=row.mode,
        uid=row.uid,
        gid=row.gid,
        mtime=row.mtime,
        link=row.link,
        header_offset=row.offset,
        sha256=row.sha256 if kind is FileKind.REGULAR else "",
    )
    return FileVersion(
        path=entry.path,
        layer=row.layer,
        entry=entry,
        state=FileState(row.state),
        change=Change(row.change),
        changed_by_layer=row.changed_by_layer,
        content=content,
    )
