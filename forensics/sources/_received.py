"""What arrived of an image, byte for byte: one archive, or the files of a layout."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.errors import ImageNotOpened
from forensics.limits import Limits
from forensics.model.acquisition import Acquisition
from forensics.model.image import Blob, Image
from forensics.printable import printable
from forensics.quantities import human_size
from forensics.sources._acquired import ACQUIRED, LAYOUT, RECORD_NAME
from forensics.sources._evidence import Evidence, FolderEvidence, blob_pieces, open_quietly
from forensics.sources._layout import INDEX_NAME, Layout, blob_name
from forensics.sources._opening import Opening

_PIECE = 1 << 20
_DEEPEST = 5
_OF_A_LAYOUT = frozenset({INDEX_NAME, "oci-layout", RECORD_NAME})


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file of a layout: its name from the layout's top, its size, and how to read it."""

    name: str
    size: int
    pieces: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Received:
    """`archive` is the one file that arrived, compressed or not, or a folder packed into one; else `files`
    are those of a layout. `record` is that of a remote source, `roles` say by digest what the layout's blobs
    are (role and media type), and `left_out` is what could not be taken.
    """

    archive: Blob | None = None
    files: tuple[ReceivedFile, ...] = ()
    record: Acquisition | None = None
    roles: dict[str, tuple[str, str]] | None = None
    left_out: tuple[str, ...] = ()


def received_of(image: Image, opening: Opening) -> Received:
    """What arrived when `opening` found `image`. Raises ImageNotOpened when it cannot be told."""
    evidence, record = opening.evidence, opening.acquisition
    if opening.reference.name and record is not None and not record.archive:
        names = ["oci-layout", INDEX_NAME, *(blob_name(content.digest) for content in record.contents)]
        return Received(files=tuple(_held(evidence, names)), record=record)
    if not isinstance(evidence, FolderEvidence):
        return Received(archive=evidence.received, record=record if opening.reference.name else None)
    if image.source not in (LAYOUT, ACQUIRED):
        return Received(archive=image.layers[0].blob)
    found = _FolderFiles(evidence, opening.limits)
    files = tuple(found.files())
    roles = _roles(Layout(evidence, opening.limits, opening.cancel))
    return Received(files=files, roles=roles, left_out=tuple(found.left_out))


def _held(evidence: Evidence, names: list[str]) -> Iterator[ReceivedFile]:
    for name in dict.fromkeys(names):
        blob = evidence.find(name)
        if blob is not None:
            yield ReceivedFile(name, blob.size, lambda blob=blob: blob_pieces(blob))  # type: ignore[misc]


class _FolderFiles:
    """The files of a layout in a folder, in the order of names; links are not followed and not taken.

    What lies beside the layout is no part of it, and is told with its size.
    """

    def __init__(self, evidence: FolderEvidence, limits: Limits) -> None:
        self._root = evidence.descriptor
        self._most = limits.members
        self.left_out: list[str] = []

    def files(self) -> Iterator[ReceivedFile]:
        """The files, without opening them, those below `blobs` last."""
        yield from sorted(self._found(), key=lambda file: (file.name.startswith("blobs/"), file.name))

    def _found(self) -> Iterator[ReceivedFile]:
        waiting: list[tuple[str, ...]] = [()]
        count = 0
        while waiting:
            parts = waiting.pop()
            for name, status in self._entries(parts):
                inner = (*parts, name)
                count += 1
                if count > self._most:
                    self._leave("/".join(inner), f"only the first {self._most:,} files were taken")
                    return
                if stat.S_ISDIR(status.st_mode):
                    if len(inner) < _DEEPEST:
                        waiting.append(inner)
                    else:
                        self._leave("/".join(inner), "it is nested too deeply")
                elif inner[0] != "blobs" and "/".join(inner) not in _OF_A_LAYOUT:
                    self._leave(
                        "/".join(inner), f"it is no part of the layout ({human_size(status.st_size)})"
                    )
                elif stat.S_ISREG(status.st_mode):
                    yield ReceivedFile("/".join(inner), status.st_size, lambda inner=inner: self._read(inner))  # type: ignore[misc]
                else:
                    self._leave("/".join(inner), "it is a link or no file")

    def _entries(self, parts: tuple[str, ...]) -> list[tuple[str, os.stat_result]]:
        try:
            folder = self._open(parts, os.O_DIRECTORY)
        except OSError as error:
            self._leave("/".join(parts), f"it cannot be read: {error.strerror}")
            return []
        try:
            with os.scandir(folder) as entries:
                found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        finally:
            os.close(folder)
        return sorted(found)

    def _open(self, parts: tuple[str, ...], flags: int = 0) -> int:
        here = open_quietly(".", os.O_DIRECTORY, self._root)
        for depth, part in enumerate(parts, 1):
            last = depth == len(parts)
            try:
                deeper = open_quietly(part, os.O_NOFOLLOW | (flags if last else os.O_DIRECTORY), here)
            finally:
                os.close(here)
            here = deeper
        return here

    def _read(self, parts: tuple[str, ...]) -> Iterator[bytes]:
        try:
            descriptor = self._open(parts)
        except OSError as error:
            raise ImageNotOpened(
                f"{printable('/'.join(parts))} cannot be read: {error.strerror}", "check its permissions"
            ) from error
        try:
            offset = 0
            while piece := os.pread(descriptor, _PIECE, offset):
                yield piece
                offset += len(piece)
        finally:
            os.close(descriptor)

    def _leave(self, name: str, why: str) -> None:
        self.left_out.append(f"{printable(name)} was left out: {why}")


def _roles(layout: Layout) -> dict[str, tuple[str, str]]:
    """Role and media type of each blob that some manifest or index names."""
    roles: dict[str, tuple[str, str]] = dict.fromkeys(layout.index_annotations, ("index", ""))
    for manifest in layout.manifests:
        is_image = manifest.is_image
        roles[manifest.digest] = ("manifest" if is_image else "referrer", "")
        if manifest.config.digest:
            roles.setdefault(
                manifest.config.digest, ("config" if is_image else "referrer", manifest.config.media_type)
            )
        for layer in manifest.layers:
            roles.setdefault(layer.digest, ("layer" if is_image else "referrer", layer.media_type))
    return roles
