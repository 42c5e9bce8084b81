"""The members of an archive inside the image, for people and as JSON."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from forensics.cli._terminal import say, write_json, write_lines
from forensics.model.files import FileKind
from forensics.model.members import ListedMember
from forensics.parsers.member_names import SEPARATOR, single_name
from forensics.printable import exact_base64, printable, told_apart

if TYPE_CHECKING:
    from forensics.model.files import FileVersion
    from forensics.pipeline import Session

_TYPE_BITS = {
    FileKind.REGULAR: stat.S_IFREG,
    FileKind.HARDLINK: stat.S_IFREG,
    FileKind.DIRECTORY: stat.S_IFDIR,
    FileKind.SYMLINK: stat.S_IFLNK,
    FileKind.CHAR_DEVICE: stat.S_IFCHR,
    FileKind.BLOCK_DEVICE: stat.S_IFBLK,
    FileKind.FIFO: stat.S_IFIFO,
}


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `ls --json` for `PATH!/`, every key there.

    `size` is what the archive tells, null where it tells nothing; `stored` the bytes that hold it; `offset`
    where it stands in the archive (the unpacked one, where all of it is compressed).
    """

    path: str
    path_base64: str | None
    name: str
    kind: str
    size: int | None
    stored: int
    method: str
    type: str
    mode: int | None
    mtime: float
    link: str
    offset: int
    encrypted: bool
    hidden: bool


def list_members(session: Session, place: tuple[FileVersion, str], *, as_json: bool) -> None:
    """Write the members of the archive at `place` to standard output, and what is odd to standard error."""
    version, inner = place
    listing = session.members.listing(version, inner)
    outer = f"{version.path}{SEPARATOR}{inner}" if inner else version.path
    rows = (_row(outer, member) for member in listing.members)
    if as_json:
        write_json(rows)
    else:
        write_lines(map(_line, rows))
    for note in listing.notes:
        say(f"note: {note}")
    if not listing.complete:
        say("note: further members are left out, see the limit nested_members")


def _row(outer: str, member: ListedMember) -> MemberRow:
    name = member.name.decode("utf-8", "surrogateescape") or single_name(outer)
    path = f"{outer}{SEPARATOR}{name}"
    return MemberRow(
        path=printable(path),
        path_base64=exact_base64(path),
        name=printable(name),
        kind=member.kind,
        size=member.size,
        stored=member.stored,
        method=printable(member.method),
        type=member.type,
        mode=member.mode,
        mtime=member.mtime,
        link=printable(member.link),
        offset=member.offset,
        encrypted=member.encrypted,
        hidden=member.hidden,
    )


def _line(row: MemberRow) -> str:
    kind = _TYPE_BITS.get(FileKind(row.kind), 0)
    mode = "-" if row.mode is None else stat.filemode(kind | row.mode)
    marks = " ".join(word for word, there in (("encrypted", row.encrypted), ("hidden", row.hidden)) if there)
    size = "?" if row.size is None else str(row.size)
    arrow = f" -> {told_apart(row.link)}" if row.link else ""
    what = marks or row.type or row.kind
    return (
        f"{mode:<10} {size:>11} {row.stored:>11} {_time(row.mtime)} {what:<12} {told_apart(row.name)}{arrow}"
    )


def _time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}" if seconds else f"{'-':<16}"
    except (OverflowError, ValueError, OSError):
        return "????-??-?? ??:??"
