"""Members of archives as they are listed and read on demand."""

from __future__ import annotations

import msgspec


class ListedMember(msgspec.Struct, frozen=True, kw_only=True):
    """One member of an archive. `name` is the archive's bytes; empty for what is compressed alone.

    `size` is what the archive tells, None where it tells nothing; `stored` the bytes that hold it, packed
    with `method` (empty: as it is). `type` is an id of `parsers.filetype`, empty when it was not looked at.
    `kind` is a word of `FileKind`. `hidden` says that ordinary programs do not list it.
    """

    name: bytes
    size: int | None
    stored: int
    offset: int
    kind: str
    method: str = ""
    type: str = ""
    mode: int | None = None
    mtime: float = 0.0
    link: bytes = b""
    encrypted: bool = False
    hidden: bool = False


class MemberListing(msgspec.Struct, frozen=True, kw_only=True):
    """The members of one archive in its order. `complete` is false when a limit left some out.

    `notes` are sentences about what is odd or lost, in the archive's order.
    """

    format: str
    compression: str = ""
    members: tuple[ListedMember, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()


class WrittenMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member whose bytes were written out: its full inner name, size, digest, and what is wrong with it.

    `problem` is empty when all of it is there, else one sentence; `lost` bytes are then missing.
    """

    name: bytes
    size: int
    sha256: str
    mode: int | None = None
    mtime: float = 0.0
    problem: str = ""
    lost: int = 0
