"""Finds the versions of files by path, across all layers, following links the way the image would."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from forensics.layers import ImageView
from forensics.limits import DEFAULT, Limits
from forensics.model.files import FileKind, FileState, FileVersion
from forensics.model.issues import Issue
from forensics.printable import printable

_FILES_OF_FULL_LENGTH = 16
"""So many files of the greatest length are read as settings; genuine images have less than one megabyte."""
_READABLE = (FileKind.REGULAR, FileKind.HARDLINK)


class Files:
    """Every version of every path of a view, in path order and then in layer order."""

    def __init__(self, view: ImageView, limits: Limits = DEFAULT) -> None:
        self._view = view
        self._most = limits.settings_bytes
        self._room = _FILES_OF_FULL_LENGTH * limits.settings_bytes
        self._read: dict[tuple[int, int], tuple[FileVersion, int]] = {}
        self._versions = sorted(view.all_versions(), key=_path_order)
        self._paths = [version.path for version in self._versions]
        self._names: dict[str, list[FileVersion]] | None = None
        self._contents: dict[str, list[FileVersion]] | None = None

    def __iter__(self) -> Iterator[FileVersion]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    @property
    def names(self) -> dict[str, list[FileVersion]]:
        """Every last component of a path, with its versions in path order."""
        if self._names is None:
            self._names = {}
            for version in self._versions:
                self._names.setdefault(version.path.rpartition("/")[2], []).append(version)
        return self._names

    @property
    def contents(self) -> dict[str, list[FileVersion]]:
        """Every distinct content by its SHA-256 hex digest, with its versions in path order."""
        if self._contents is None:
            self._contents = {}
            for version in self._versions:
                if version.content is not None and version.content.sha256:
                    self._contents.setdefault(version.content.sha256, []).append(version)
        return self._contents

    def at(self, path: str) -> tuple[FileVersion, ...]:
        """Every version of exactly this path, lowest layer first."""
        begin = bisect_left(self._paths, path)
        end = begin
        while end < len(self._paths) and self._paths[end] == path:
            end += 1
        return tuple(self._versions[begin:end])

    def below(self, *directories: str) -> Iterator[FileVersion]:
        """Every version of every path below the directories, and below where links at their places lead.

        A folder of jobs or units can be a link to an innocent place: both sides of it are looked at.
        """
        seen: set[tuple[int, int]] = set()
        for directory in self._with_targets(directories):
            begin = bisect_left(self._paths, f"{directory}/")
            for version in self._versions[begin:]:
                if not version.path.startswith(f"{directory}/"):
                    break
                if version.key not in seen:
                    seen.add(version.key)
                    yield version

    def readable(self, *directories: str) -> Iterator[tuple[FileVersion, FileVersion]]:
        """Each version below the directories that has content, with the version that carries the content."""
        for version in self.below(*directories):
            yield from self.with_content(version)

    def read_at(self, *paths: str) -> Iterator[tuple[FileVersion, FileVersion]]:
        """Each version of exactly these paths that has content, with the version that carries the content."""
        for path in paths:
            for version in self.at(path):
                yield from self.with_content(version)

    def text(self, version: FileVersion) -> str:
        """The content up to `limits.settings_bytes`, one character a byte: offsets are those of the file.

        All files together have some room too. `issues` tells how much of which file was not read.
        """
        size = version.content.size if version.content else 0
        if version.key not in self._read:
            read = min(size, self._most, self._room)
            self._room -= read
            self._read[version.key] = (version, read)
        return self.head(version, self._read[version.key][1])

    def head(self, version: FileVersion, most: int) -> str:
        """The first bytes of the content, at most `most`, when no more are of interest."""
        return self._view.read(version, 0, most).decode("latin-1")

    @property
    def issues(self) -> tuple[Issue, ...]:
        """The files that were read as settings or scripts, but not to their end."""
        return tuple(
            Issue(
                stage="detect",
                code="limit",
                subject=f"layer {version.layer}:{printable(version.path)}",
                message=f"only the first {read} bytes were read as settings; the signatures saw all",
                lost_bytes=version.content.size - read,
            )
            for _, (version, read) in sorted(self._read.items())
            if version.content is not None and read < version.content.size
        )

    def with_content(self, version: FileVersion) -> Iterator[tuple[FileVersion, FileVersion]]:
        """The version with the one that carries its content, which is another for a link; nothing without."""
        if version.entry.kind in _READABLE and version.content is not None:
            yield version, version
        elif version.entry.kind is FileKind.SYMLINK:
            top = None if version.state is FileState.VISIBLE else version.layer
            target = self._view.resolve(version.path, top)
            if target is not None and target.content is not None:
                yield version, target

    def _with_targets(self, directories: tuple[str, ...]) -> list[str]:
        places = list(directories)
        for directory in directories:
            target = self._view.canonical(f"{directory}/x").rpartition("/")[0]
            if target and target not in places:
                places.append(target)
        return places


def _path_order(version: FileVersion) -> tuple[str, int, int]:
    return (version.path, version.layer, version.entry.header_offset)
