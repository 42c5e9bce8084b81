"""Walks the headers of a tar archive in memory: ustar, v7, star, GNU and pax, sparse members included.

Sources: POSIX.1-2017 `pax` (ustar and pax interchange formats), the GNU tar manual ("Tar Internals"), and,
where they leave a choice, what Go's `archive/tar` does, because container runtimes unpack layers with it.
Content is never copied. Where the archive is damaged, what came before stays, and a note counts the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from forensics.limits import DEFAULT, KIB, Limits
from forensics.model.files import FileKind
from forensics.parsers._tar_fields import (
    decimal,
    extended_attributes,
    number,
    pax_records,
    seconds,
    text,
)
from forensics.parsers._tar_header import (
    BLOCK,
    CHECKSUM,
    DEVICES,
    EXTENDING,
    HEADER,
    KINDS,
    LONG_NAMES,
    NAME,
    SIZE,
    TYPE,
    WITHOUT_DATA,
    ZEROS,
    Header,
    checksum_agrees,
    is_tar_header,
    prefixed,
)
from forensics.parsers._tar_records import Member, TarNote
from forensics.parsers._tar_slack import Slack, TarRun, next_header
from forensics.parsers._tar_sparse import old_gnu_layout, pax_layout
from forensics.printable import printable

__all__ = ["BLOCK", "Member", "TarNote", "TarRun", "TarWalk", "is_tar_header", "text"]

_OVERRIDES: dict[bytes, tuple[str, Callable[[bytes], Any]]] = {
    b"path": ("name", bytes),
    b"linkpath": ("link", bytes),
    b"uname": ("user", text),
    b"gname": ("group", text),
    b"uid": ("uid", decimal),
    b"gid": ("gid", decimal),
    b"size": ("size", decimal),
    b"mtime": ("mtime", seconds),
}
_REMEMBERED = 4096
_XATTR_NAME_BYTES = 64 * KIB
"""What Linux lists of one file's extended attributes (XATTR_LIST_MAX)."""
_LONGEST_PATH = 4 * KIB
"""What Linux takes for a path (PATH_MAX)."""


class TarWalk:
    """The members of the tar in `buffer`, in archive order; `notes` and `slack` fill while they are read.

    `buffer` is anything that offers its bytes (a memory map, bytes). `end` is the offset behind the last byte
    that a member, a header or the end mark accounts for. `slack` keeps the bytes that no reader shows.
    """

    def __init__(self, buffer: Any, limits: Limits = DEFAULT) -> None:
        self._buffer = buffer
        self._limits = limits
        self.notes: list[TarNote] = []
        self.slack = Slack()
        self.end = 0
        self._numbers: dict[bytes, int] = {}
        self._texts: dict[bytes, str] = {}
        self._forget()

    def _forget(self) -> None:
        """No extended header is waiting for its member."""
        self._start: int | None = None
        self._records: list[tuple[bytes, bytes]] = []
        self._records_at = (0, 0)
        self._long_name = b""
        self._long_link = b""
        self._long_places: dict[bytes, tuple[int, int]] = {}
        self._header_bytes = 0
        self._headers_end = 0

    def __iter__(self) -> Iterator[Member]:
        with memoryview(self._buffer) as view:
            yield from self._members(view)
            if self._start is not None:
                lost = self._header_bytes
                self._note("orphan-header", self._start, "no member follows the last extended header", lost)
                self.slack.look(view, "record", self._start + BLOCK, self._headers_end)
            self.slack.finish(view)
            if self.slack.left_out:
                message = "bytes that no file stands for, in too many places to look at all"
                self._note("limit", self.end, message, self.slack.left_out)

    def _members(self, view: memoryview) -> Iterator[Member]:
        count = 0
        while (header := self._next_header(view)) is not None:
            if header[TYPE] in EXTENDING:
                if not self._extend(view, header):
                    return
                continue
            if count >= self._limits.members:
                self._stop(view, "limit", f"the tar has more than {self._limits.members} members")
                return
            member = self._member(view, header)
            if member is None:
                return
            count += 1
            yield member

    def _note(self, code: str, offset: int, message: str, lost: int = 0, name: bytes = b"") -> None:
        self.notes.append(TarNote(code, offset, message, lost, name))

    def _stop(self, view: memoryview, code: str, message: str) -> None:
        """Give up here: everything from the current member's first header on is lost."""
        start = self.end if self._start is None else self._start
        self._note(code, start, message, len(view) - start)
        if code != "limit":
            following = next_header(view, min(max(start, self.end) + BLOCK, len(view)))
            self.slack.look(view, "damaged", start, len(view) if following is None else following)
            if following is not None:
                self.slack.look(view, "behind-damage", following, len(view))
        self._forget()
        self.end = len(view)

    # ---- headers ---------------------------------------------------------------------------------------

    def _next_header(self, view: memoryview) -> Header | None:
        """The header at `end`, None at the end of the archive or of what can be read."""
        position = self.end
        if position + BLOCK > len(view):
            self._end_without_mark(view, position)
            return None
        header = HEADER.unpack_from(view, position)
        block = view[position : position + BLOCK]
        if not header[NAME][0] and block == ZEROS:
            self._end_mark(view, position)
            return None
        if not checksum_agrees(block, header[CHECKSUM]):
            if position:
                self._stop(view, "bad-header", "what should be the next tar header is none")
            else:
                self._stop(view, "not-a-tar", "this is no tar: it does not begin with a header of one")
            return None
        return header

    def _end_without_mark(self, view: memoryview, position: int) -> None:
        rest = bytes(view[position:])
        if rest.rstrip(b"\0"):
            code, message = (
                ("truncated", "the tar ends within a header")
                if position
                else ("not-a-tar", "this is no tar: it is too short for one")
            )
            self._stop(view, code, message)
        elif position:
            self._note("no-end-mark", position, "the tar has no end mark: members may be missing")
        self.end = len(view)

    def _end_mark(self, view: memoryview, position: int) -> None:
        """Two zero blocks end an archive; the readers in use also stop at one."""
        size = len(view)
        self.end = min(position + 2 * BLOCK, size)
        if view[position + BLOCK : self.end] != ZEROS[: self.end - position - BLOCK]:
            self.end = position + BLOCK
        if self.slack.look(view, "behind-end", self.end, size):
            found = self.slack.runs[-1] if self.slack.runs else None
            at = found.offset if found is not None else self.end
            self._note("trailing-data", at, "data follows the end mark of the tar")
            return
        self.end = size

    def _extend(self, view: memoryview, header: Header) -> bool:
        """Take in an extended header; False when nothing behind it can be read."""
        position, flag = self.end, header[TYPE]
        start, size = position + BLOCK, number(header[SIZE])
        if self._start is None and flag != b"g":
            self._start = position
        if size is None or size < 0:
            self._stop(view, "bad-header", "an extended tar header has no valid size")
            return False
        if start + size > len(view):
            self._stop(view, "truncated", "the tar ends within an extended header")
            return False
        self.slack.header(view, position, header)
        self.end = self._headers_end = min(start + -(-size // BLOCK) * BLOCK, len(view))
        if size % BLOCK:
            self.slack.look(view, "padding", start + size, self.end)
        self._header_bytes += size
        if self._header_bytes > self._limits.header_bytes:
            message = f"extended headers of more than {self._limits.header_bytes} bytes are left out"
            self._note("limit", position, message, size)
        elif flag in LONG_NAMES:
            told = bytes(view[start : start + size]).partition(b"\0")[0]
            self.slack.look(view, "record", start + len(told), start + size)
            self._replace_long_name(view, flag, start, len(told))
            if flag == b"L":
                self._long_name = told
            else:
                self._long_link = told
        else:
            self._take_records(view, flag, start, size)
        return True

    def _replace_long_name(self, view: memoryview, flag: bytes, start: int, size: int) -> None:
        """Take a name that a further header of its kind replaces, and one longer than any path."""
        if replaced := self._long_places.get(flag):
            self.slack.look(view, "record", *replaced)
        self._long_places[flag] = (start, start + size)
        if size > _LONGEST_PATH:
            self.slack.look(view, "record", start, start + size)

    def _take_records(self, view: memoryview, flag: bytes, start: int, size: int) -> None:
        position = start - BLOCK
        records, bad = pax_records(bytes(view[start : start + size]))
        if bad:
            self._note("bad-pax-header", position, "an extended header is not made of records")
            self.slack.look(view, "record", start, start + size)
        else:
            self.slack.records(view, start, size, records)
        if flag == b"x":
            if self._records:
                message = "a member has several extended headers: the last one counts"
                self._note("repeated-header", position, message)
                self.slack.look(view, "record", *self._records_at)
            self._records, self._records_at = records, (start, start + size)
            return
        if self._start is not None:
            message = "a global header parts an extended header from its member, which is read without it"
            self._note("orphan-header", self._start, message)
            self.slack.look(view, "record", self._start + BLOCK, position)
        self._forget()
        told = sorted({text(keyword) for keyword, _ in records} - {"comment"})
        if told:
            message = (
                f"a global header tells {printable(', '.join(told)[:200])} of the members behind it: "
                "container runtimes ignore it, as is done here, other programs obey"
            )
            self._note("global-header", position, message)

    # ---- members ---------------------------------------------------------------------------------------

    def _member(self, view: memoryview, header: Header) -> Member | None:
        """The member whose header is at `end`, which moves behind it; None when it has no valid size."""
        position = self.end
        name, mode, uid, gid, told, mtime, _, flag, link, magic, user, group, major, minor, prefix, _ = header
        values: dict[str, Any] = {
            "name": name.partition(b"\0")[0],
            "kind": KINDS.get(flag, FileKind.OTHER),
            "mode": self._number(mode) & 0o7777,
            "uid": self._number(uid),
            "gid": self._number(gid),
            "user": "",
            "group": "",
            "size": number(told),
            "mtime": float(self._number(mtime)),
            "link": link.partition(b"\0")[0],
            "header_offset": position if self._start is None else self._start,
        }
        if magic[:5] == b"ustar":
            values["user"], values["group"] = self._text(user), self._text(group)
            if flag in DEVICES:
                values["device"] = (self._number(major), self._number(minor))
            if prefix[0]:
                values["name"] = prefixed(header, values["name"])
        if self._start is not None:
            self._apply_extensions(values)
        self.slack.header(view, position, header)
        size = values["size"]
        code, message = "size-without-data", "a link, folder or device tells a size, but has no data"
        folder_by_name = flag == b"\0" and values["name"].endswith(b"/")
        if folder_by_name:
            values["kind"], code = FileKind.DIRECTORY, "folder-with-data"
            message = "a folder by its name tells a size: container runtimes take what follows for members"
        if folder_by_name or flag in WITHOUT_DATA:
            if size:
                self._note(code, position, message, 0, values["name"])
            size = 0
        if size is None or size < 0:
            self._stop(view, "bad-header", "a member of the tar has no valid size")
            return None
        self._place(view, flag, values, size)
        self._forget()
        return Member(**values)

    def _number(self, field: bytes) -> int:
        value = self._numbers.get(field)
        if value is None:
            value = number(field)
            if value is None:
                self._note("bad-number", self.end, "a number in a header is none; it counts as 0")
                return 0
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            self._numbers[field] = value
        return value

    def _text(self, field: bytes) -> str:
        value = self._texts.get(field)
        if value is None:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            value = self._texts[field] = text(field.partition(b"\0")[0])
        return value

    def _apply_extensions(self, values: dict[str, Any]) -> None:
        """Let extended headers override `values`; an empty value tells nothing."""
        told = dict(self._records)
        has_attributes = False
        for keyword, value in told.items():
            known = _OVERRIDES.get(keyword)
            if known is None:
                has_attributes = has_attributes or b"xattr" in keyword
            elif value:
                key, parse = known
                values[key] = self._told(parse(value), values[key])
        values["name"] = self._long_name or values["name"]
        values["link"] = self._long_link or values["link"]
        self._cut_names(values)
        if has_attributes:
            values["xattrs"] = self._attributes(told, values["name"])

    def _cut_names(self, values: dict[str, Any]) -> None:
        most = self._limits.name_bytes
        if len(values["name"]) > most or len(values["link"]) > most:
            lost = max(0, len(values["name"]) - most) + max(0, len(values["link"]) - most)
            values["name"], values["link"] = values["name"][:most], values["link"][:most]
            self._note("limit", self.end, f"a name of more than {most} bytes is cut", lost, values["name"])

    def _told(self, value: Any, otherwise: Any) -> Any:
        if value is None:
            self._note(
                "bad-number", self.end, "a number in an extended header is none; the plain header counts"
            )
            return otherwise
        return value

    def _attributes(self, told: dict[bytes, bytes], name: bytes) -> tuple[tuple[str, bytes], ...]:
        kept: list[tuple[str, bytes]] = []
        room = _XATTR_NAME_BYTES
        found = extended_attributes(told)
        for attribute, value in found:
            room -= len(attribute) + 1
            if room < 0:
                lost = sum(len(dropped) for _, dropped in found[len(kept) :])
                self._note("limit", self.end, "more extended attributes than Linux can list", lost, name)
                break
            kept.append((attribute, value))
        return tuple(kept)

    def _place(self, view: memoryview, flag: bytes, values: dict[str, Any], size: int) -> None:
        """Find the member's data, `size` bytes with the map of a sparse one, and put `end` behind it."""
        start, layout = self.end + BLOCK, None
        if flag == b"S":
            layout = old_gnu_layout(view, self.end, size, self._limits.header_bytes)
        elif self._records and any(keyword.startswith(b"GNU.sparse.") for keyword, _ in self._records):
            layout = pax_layout(view, self._records, start, size, self._limits.header_bytes)
            told = dict(self._records).get(b"GNU.sparse.name")
            if layout is not None and told:
                values["name"] = told
                self._cut_names(values)
        name, offset = values["name"], values["header_offset"]
        if layout is not None:
            start, size = layout.start, layout.stored
        stored = max(0, min(size, len(view) - start))
        if stored < size:
            self._note("truncated", offset, "the data ends early", size - stored, name)
        self.end = min(start + -(-size // BLOCK) * BLOCK, len(view))
        if size % BLOCK:
            self.slack.look(view, "padding", start + size, self.end, name)
        values.update(size=size, stored=stored, data_offset=start)
        if layout is not None:
            for first, behind in layout.unread:
                self.slack.look(view, "map", first, behind, name)
            segments = layout.segments()
            unused = size - sum(segment.size for segment in segments or ())
            if segments is None:
                message = "the sparse map is not valid: the data stands as it is stored"
                self._note("bad-sparse-map", offset, message, 0, name)
            else:
                values.update(size=layout.size, segments=segments, stored=min(stored, size - unused))
                if unused:
                    self._note("bad-sparse-map", offset, "the sparse map leaves data out", 0, name)
                    self.slack.look(view, "map", start + size - unused, start + stored, name)
        if values["kind"] is FileKind.OTHER:
            self._note(
                "unknown-type", offset, f"the tar type {flag!r} is unknown: no file comes of it", 0, name
            )
            self.slack.look(view, "unknown-type", start, start + stored, name)
