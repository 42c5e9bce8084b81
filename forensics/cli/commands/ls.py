"""`forensics ls`: the files of the finished image, of one layer, or of all layers."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import click
import msgspec

from forensics.cli._parameters import image_argument, image_options, layer_option
from forensics.cli._passed_over import say_what_was_passed_over
from forensics.cli._progress import progress
from forensics.cli._terminal import say, write_json, write_lines
from forensics.model.files import Change, Entry, FileKind, FileVersion
from forensics.printable import exact_base64, printable, told_apart

if TYPE_CHECKING:
    from forensics.pipeline import Options

_TYPE_BITS = {
    FileKind.REGULAR: stat.S_IFREG,
    FileKind.HARDLINK: stat.S_IFREG,
    FileKind.DIRECTORY: stat.S_IFDIR,
    FileKind.SYMLINK: stat.S_IFLNK,
    FileKind.CHAR_DEVICE: stat.S_IFCHR,
    FileKind.BLOCK_DEVICE: stat.S_IFBLK,
    FileKind.FIFO: stat.S_IFIFO,
}


class ListedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `ls --json`: the words of the report's `files`, every key there.

    `xattrs` are in hexadecimal. A `whiteout` or `opaque` marker of a layer has no `state`.
    """

    path: str
    path_base64: str | None
    layer: int
    offset: int
    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    mtime: float
    link: str
    device: tuple[int, int] | None
    xattrs: dict[str, str]
    state: str = ""
    change: str = ""
    changed_by_layer: int | None = None
    sha256: str = ""


@click.command("ls")
@image_argument
@click.argument("path", default="/")
@layer_option("The files of this layer alone, and what it deletes.")
@click.option("--all-versions", is_flag=True, help="Overwritten and deleted versions too.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one element a line.")
@image_options
def ls(
    *,
    reference: str,
    options: Options,
    path: str,
    layer: int | None,
    all_versions: bool,
    as_json: bool,
) -> None:
    """List the files of IMAGE at and below PATH.

    Symbolic links in PATH are followed, for a layer as they were in it. The columns are: mode, owner, size,
    time, state, layer, path. PATH!/ lists the members of the archive PATH: mode, size, packed size, time,
    type, name.
    """
    from forensics.cli._image_files import ImageFiles, wanted_path
    from forensics.cli._member_list import list_members
    from forensics.pipeline import Session

    with Session(reference, options) as session:
        with progress() as listen:
            view = session.index(listen)
        say_what_was_passed_over(session.open())
        files = ImageFiles(view, layer, all_versions=all_versions)
        place = files.member(path)
        if place is not None:
            list_members(session, place, as_json=as_json)
            return
        versions, marks = files.below(path), files.whiteouts(path)
        if not versions and not marks and wanted_path(path) != "/":
            raise files.nothing_at(path)
        places = files.led_to(path, versions)
        if places:
            say(f"note: {printable(wanted_path(path))} leads to {', '.join(map(told_apart, places))}")
        rows = chain(map(_listed, versions), (_listed_mark(layer or 0, mark) for mark in marks))
        if as_json:
            write_json(rows)
        else:
            write_lines(map(_line, rows))


def _listed(version: FileVersion) -> ListedFile:
    row = _row(version.layer, version.entry)
    return msgspec.structs.replace(
        row,
        size=version.content.size if version.content else row.size,
        state=str(version.state),
        change=str(version.change),
        changed_by_layer=version.changed_by_layer,
        sha256=version.sha256,
    )


def _listed_mark(layer: int, mark: Entry) -> ListedFile:
    return msgspec.structs.replace(_row(layer, mark), change=str(Change.DELETED))


def _row(layer: int, entry: Entry) -> ListedFile:
    return ListedFile(
        path=printable(entry.path),
        path_base64=exact_base64(entry.path),
        layer=layer,
        offset=entry.header_offset,
        kind=str(entry.kind),
        size=entry.size,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        user=printable(entry.user),
        group=printable(entry.group),
        mtime=entry.mtime,
        link=printable(entry.link),
        device=entry.device,
        xattrs={printable(name): value.hex() for name, value in entry.xattrs},
    )


def _line(row: ListedFile) -> str:
    """One file for people: every text in it is printable already, but may look like another."""
    kind = FileKind(row.kind)
    mode = stat.filemode(_TYPE_BITS.get(kind, 0) | row.mode)
    size = f"{row.device[0]}, {row.device[1]}" if row.device else str(row.size)
    arrow = {FileKind.SYMLINK: " -> ", FileKind.HARDLINK: " link to "}.get(kind, "")
    state = row.state if row.changed_by_layer is None else f"{row.state}:{row.changed_by_layer}"
    owner = f"{row.uid}:{row.gid}"
    return (
        f"{mode} {owner:<9} {size:>11} {_time(row.mtime)} {state or row.kind:<14} {row.layer:>3}"
        f" {told_apart(row.path)}{arrow}{told_apart(row.link) if arrow else ''}"
    )


def _time(seconds: float) -> str:
    """Date and time in UTC; a time no calendar has is shown as question marks."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "????-??-?? ??:??"


COMMAND = ls
