"""What is read from a tar archive: its members, and what is odd about it."""

from __future__ import annotations

import msgspec

from forensics.model.files import FileKind, Segment


class TarNote(msgspec.Struct, frozen=True, gc=False):
    """Something odd or lost in a tar: a stable `code`, where, one sentence, and the bytes nobody can read.

    `name` is the member it is about, empty when it is about the archive. Codes: `not-a-tar`, `bad-header`,
    `truncated`, `no-end-mark`, `trailing-data`, `limit`, `bad-number`, `bad-pax-header`, `bad-sparse-map`,
    `unknown-type`, `size-without-data`, `folder-with-data`, `global-header`, `repeated-header`,
    `orphan-header`.
    """

    code: str
    offset: int
    message: str
    lost: int = 0
    name: bytes = b""


class Member(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One member, extended headers applied. Names are the archive's bytes.

    `size` is the logical size of the content, `stored` the bytes of it that the archive holds, from
    `data_offset` (in `segments` where it is sparse). `header_offset` is where its first header begins,
    extended ones included.
    """

    name: bytes
    kind: FileKind
    size: int
    stored: int
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    mtime: float
    link: bytes
    header_offset: int
    data_offset: int
    segments: tuple[Segment, ...] = ()
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] | None = None
