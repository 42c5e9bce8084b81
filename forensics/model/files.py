"""Files as layers carry them: one entry a tar member, one version a path in a layer."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from forensics.model.image import Blob
from forensics.model.issues import Issue

_BESIDE = -(1 << 40)


class FileKind(StrEnum):
    """What a tar member is."""

    REGULAR = "regular"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    CHAR_DEVICE = "char-device"
    BLOCK_DEVICE = "block-device"
    FIFO = "fifo"
    WHITEOUT = "whiteout"
    OPAQUE = "opaque"
    OTHER = "other"


class FileState(StrEnum):
    """What became of a file version in the finished image."""

    VISIBLE = "visible"
    OVERWRITTEN = "overwritten"
    DELETED = "deleted"


class Change(StrEnum):
    """What a layer did to a path, compared with the layers below it."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    UNCHANGED = "unchanged"


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One stored run of a sparse file: `size` bytes for `logical_offset`, found at `data_offset`."""

    logical_offset: int
    data_offset: int
    size: int


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    r"""One member of a layer's tar.

    `path` is absolute and normalised (`/usr/bin/env`), a str whose undecodable bytes are surrogates
    (`surrogateescape`), so that it holds the archive's bytes exactly. For a whiteout it is the path
    that is hidden, for an opaque marker the directory that is emptied. `raw_name` is the name as the
    archive spells it when that differs by more than a leading `./`, `/` or trailing `/`.
    Offsets are in the uncompressed layer; sizes in bytes; `mode` is the twelve permission bits;
    `mtime` seconds since the epoch. `link` is a symbolic link's target verbatim, or the normalised
    path of a hard link's target. `segments` is empty unless the member is sparse. `stored` is how
    many bytes of data the archive holds for it (equal to `size` unless sparse or truncated).
    `sha256` is the hex digest of a regular file's logical content, empty for all else.
    """

    path: str
    kind: FileKind
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    user: str = ""
    group: str = ""
    mtime: float = 0.0
    link: str = ""
    header_offset: int = 0
    data_offset: int = 0
    stored: int = 0
    segments: tuple[Segment, ...] = ()
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] | None = None
    raw_name: str = ""
    sha256: str = ""


class Content(msgspec.Struct, frozen=True, gc=False):
    """Where a file's bytes lie: in which layer's uncompressed tar, and at which offset of it."""

    layer: int
    data_offset: int
    size: int
    segments: tuple[Segment, ...] = ()
    sha256: str = ""


DAMAGED = frozenset({"damaged", "behind-damage"})
"""Kinds of hidden bytes in which files may be that nobody sees: an issue tells them as lost."""


def behind_layer(layer: int) -> int:
    """What `Content.layer` is for bytes that stand behind a layer's compressed data, or in its headers."""
    return -1 - layer


def beside_layers(number: int) -> int:
    """What `Content.layer` is for the bytes of the archive with this number, which are in no layer."""
    return _BESIDE - number


class HiddenBytes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that no file stands for and that are not all zero: of a layer, or of the archive (layer None).

    `kind` says where they stand: what `TarRun` tells, `marker` (data of a whiteout or another member that is
    no file), `behind-compression` or `compression-header` (of a compressed layer), `unreferenced` (a blob of
    the archive). `offset` is that of the first byte in the uncompressed tar; in the stored blob for what
    compression hides. `content` is where they are read; several runs of one kind may be its segments.
    `head` are the first bytes, `member` the path that they belong to, if any. `name` begins with `!` and is
    unique within its layer. `places` are offset and length of several runs where the segments do not tell.
    """

    layer: int | None
    kind: str
    offset: int
    content: Content
    name: str
    head: bytes = b""
    member: str = ""
    places: tuple[tuple[int, int], ...] = ()

    @property
    def path(self) -> str:
        """What stands for a path where one is asked for."""
        return f"/{self.name}"

    @property
    def subject(self) -> str:
        """How people are told of it: `layer 3!slack@0x5400`."""
        where = "archive" if self.layer is None else f"layer {self.layer}"
        return where + self.name.removeprefix("!archive")

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """Offset and length of every run, the offsets as in `offset`."""
        if self.places:
            return self.places
        segments = self.content.segments
        if not segments:
            return ((self.offset, self.content.size),)
        return tuple((run.data_offset, run.size) for run in segments)


class FileVersion(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One path as one layer carries it, and what became of it.

    `key` identifies it within the image. `content` is set for regular files and for hard links whose
    target was found (then it is the target's). `changed_by_layer` is the layer that overwrote or
    deleted it, None while it is visible; the own layer for a duplicate member of one tar.
    """

    path: str
    layer: int
    entry: Entry
    state: FileState
    change: Change
    changed_by_layer: int | None = None
    content: Content | None = None

    @property
    def key(self) -> tuple[int, int]:
        """(layer index, header offset): unique within an image, also for duplicate members."""
        return (self.layer, self.entry.header_offset)

    @property
    def sha256(self) -> str:
        """Hex digest of the content, empty when there is none."""
        return self.content.sha256 if self.content else ""


class LayerIndex(msgspec.Struct, frozen=True, kw_only=True):
    """A layer after it was decompressed, verified and indexed.

    `blob` is the uncompressed tar. `digest` and `diff_id` are what was *computed* (`sha256:…`).
    `digest_agrees`/`diff_id_agrees` are None where nothing was declared. `compression` is what the bytes
    are (empty, `gzip`, `zstd`, `xz`, `bzip2`). Whiteouts and opaque markers are among `entries`, which stand
    in archive order. `hidden` are bytes that belong to no entry; `behind` is where those lie that its
    compression hides (contents of the layer `behind_layer(index)`), None where there are none.
    """

    index: int
    blob: Blob
    digest: str = ""
    diff_id: str = ""
    digest_agrees: bool | None = None
    diff_id_agrees: bool | None = None
    compression: str = ""
    compressed_size: int = 0
    size: int = 0
    entries: tuple[Entry, ...] = ()
    hidden: tuple[HiddenBytes, ...] = ()
    behind: Blob | None = None
    issues: tuple[Issue, ...] = ()
