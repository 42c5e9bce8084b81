"""Opens what kind of archive a content is, as its bytes say, and gives the bytes of its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from forensics.limits import DEFAULT, Limits
from forensics.parsers import unpacking
from forensics.parsers._stubs import payload_at
from forensics.parsers._zip_end import ends_a_zip, find_end
from forensics.parsers.ar import ArWalk
from forensics.parsers.archive_members import SLACK, ArchiveNote, MemberWalk, PackedMember, slack
from forensics.parsers.cpio import MAGICS, CpioWalk, ListedFile
from forensics.parsers.filetype import HEAD_BYTES
from forensics.parsers.rpm import read_rpm
from forensics.parsers.tar import BLOCK, is_tar_header
from forensics.parsers.tar_members import TarMembers
from forensics.parsers.zip import ZipWalk

COMPRESSED = frozenset({"gzip", "zstd", "xz", "bzip2", "lzip"})
"""Types of `parsers.filetype` that are one compressed content, or a packed archive."""
CLOSED = frozenset({"7z", "rar", "lz4", "lzop", "compress", "squashfs"})
"""Types of archives and packed file systems that there is no reader for."""
_LZMA_USUAL = 0x5D
_NOTHING = memoryview(b"")
_MOST = (1 << 63) - 1


@dataclass
class OpenedArchive:
    """An archive: what it is, the bytes its members lie in, and the walk over them.

    `format` is `zip`, `tar`, `cpio`, `ar`, `rpm`, `compressed` or, for a script that carries its data behind
    its text, `appended`; `held` bytes of memory were needed to open it. `opening` is what opening met; the
    notes of the walk fill while it goes on. Offsets beyond `base` lie in `tail`: the packed bytes of what was
    unpacked to get at the members, of which `behind` are those that follow it.
    """

    format: str
    base: memoryview
    walk: MemberWalk
    compression: str = ""
    held: int = 0
    tail: memoryview = field(default=_NOTHING)
    opening: list[ArchiveNote] = field(default_factory=list)
    behind: PackedMember | None = None

    @property
    def notes(self) -> list[ArchiveNote]:
        """What was met so far."""
        return [*self.opening, *self.walk.notes]

    def read(self, member: PackedMember, most: int, limits: Limits = DEFAULT) -> unpacking.Unpacked:
        """The bytes of a member, at most `most` where they have to be unpacked."""
        if member.segments:
            return _assembled(self.base, member, most)
        base, start = self.base, member.data_offset
        if start >= len(base):
            base, start = self.tail, start - len(base)
        packed = base[start : start + member.stored]
        if member.method == "":
            return unpacking.Unpacked(data=packed, consumed=len(packed))
        return unpacking.unpack(packed, member.method, most, limits)


def is_archive(kind: str, view: memoryview) -> bool:
    """Whether a content of this type may be an archive; cheap, as every content is asked."""
    if kind in _OPENERS or ends_a_zip(view):
        return True
    if kind == "data":
        head = view[:BLOCK]
        return unpacking.is_lzma_alone(head) or is_tar_header(bytes(head))
    return _may_carry(kind, view) and payload_at(view) is not None


def _may_carry(kind: str, view: memoryview) -> bool:
    """Whether packed data may stand behind a text: of a short one the type has seen every byte."""
    return kind == "script" or (kind == "text" and len(view) > HEAD_BYTES)


def open_archive(kind: str, view: memoryview, most: int, limits: Limits = DEFAULT) -> OpenedArchive | None:
    """The archive that a content of this type is, None when it is none after all.

    At most `most` bytes are unpacked to get at the members, of which `behind` are those that follow it.
    """
    opened = _opened(kind, view, most, limits)
    if kind == "zip":
        return opened
    if opened is None:
        return OpenedArchive("zip", view, ZipWalk(view, limits, plain=False)) if ends_a_zip(view) else None
    opened.walk = _AndBehind(opened, view, limits)
    return opened


def _opened(kind: str, view: memoryview, most: int, limits: Limits) -> OpenedArchive | None:
    opener = _OPENERS.get(kind)
    if opener is not None:
        return opener(kind, view, most, limits)
    if kind == "data" and unpacking.is_lzma_alone(view[:BLOCK]):
        opened = _compressed("lzma", view, most, limits)
        return opened if len(opened.base) and (view[0] == _LZMA_USUAL or not opened.opening) else None
    if kind == "data" and is_tar_header(bytes(view[:BLOCK])):
        return OpenedArchive("tar", view, TarMembers(view, limits))
    start = payload_at(view) if _may_carry(kind, view) else None
    if start is None:
        return None
    member = PackedMember(
        name=SLACK % start, size=len(view) - start, offset=start, data_offset=start, stored=len(view) - start
    )
    return OpenedArchive("appended", view, Members((member,)))


class _AndBehind:
    """The members of an archive, what follows its packed bytes, and a ZIP archive that ends behind them all.

    `view` is the content; where that is packed, its bytes lie behind those that were unpacked. A ZIP archive
    that begins behind the members is in the bytes that follow them, and is found in these.
    """

    def __init__(self, opened: OpenedArchive, view: memoryview, limits: Limits) -> None:
        self._walk = opened.walk
        self._view = view
        self._limits = limits
        self._behind = opened.behind
        self._shift = len(opened.base) if len(opened.tail) else 0
        self._zip: ZipWalk | None = None

    @property
    def notes(self) -> list[ArchiveNote]:
        """What all walks met so far."""
        return [*self._walk.notes, *(self._zip.notes if self._zip else ())]

    def __iter__(self) -> Iterator[PackedMember]:
        end = 0
        for member in self._walk:
            if not member.hidden:
                end = max(end, member.data_offset + member.stored)
            yield member
        if self._behind is not None:
            yield self._moved(self._behind)
            end = self._behind.offset
        elif self._shift:
            return
        found = find_end(self._view) if ends_a_zip(self._view) else None
        if found is not None and found.position >= end > found.shift:
            self._zip = ZipWalk(self._view, self._limits, plain=False)
            for member in self._zip:
                yield self._moved(member)

    def _moved(self, member: PackedMember) -> PackedMember:
        return replace(member, data_offset=member.data_offset + self._shift, hidden=True)


def _zip(_kind: str, view: memoryview, _most: int, limits: Limits) -> OpenedArchive:
    return OpenedArchive("zip", view, ZipWalk(view, limits))


def _tar(_kind: str, view: memoryview, _most: int, limits: Limits) -> OpenedArchive:
    return OpenedArchive("tar", view, TarMembers(view, limits))


def _cpio(_kind: str, view: memoryview, _most: int, limits: Limits) -> OpenedArchive:
    return OpenedArchive("cpio", view, CpioWalk(view, limits))


def _ar(_kind: str, view: memoryview, _most: int, limits: Limits) -> OpenedArchive:
    return OpenedArchive("ar", view, ArWalk(view, limits))


def _rpm(_kind: str, view: memoryview, most: int, limits: Limits) -> OpenedArchive:
    package = read_rpm(view, limits)
    if package is None:
        opened = OpenedArchive("rpm", view, Members(()))
        opened.opening.append(
            ArchiveNote("bad-header", 0, "the headers of the package lead nowhere", len(view))
        )
        return opened
    payload = view[package.payload :]
    compression = _compression(payload[:16]) or ("lzma" if package.compressor == "lzma" else "")
    opened = _unpacked(compression, payload, most, limits, package.files, view)
    opened.format = "rpm"
    return opened


def _compressed(kind: str, view: memoryview, most: int, limits: Limits) -> OpenedArchive:
    return _unpacked(kind, view, most, limits)


def _unpacked(
    compression: str,
    view: memoryview,
    most: int,
    limits: Limits,
    listed: tuple[ListedFile, ...] = (),
    whole: memoryview | None = None,
) -> OpenedArchive:
    """What a compressed content holds: a tar, a cpio archive, or one member without a name.

    `whole` is the content at the end of which it stands, itself where there is none.
    """
    found = unpacking.unpack(view, compression, most, limits)
    data, held = found.data, len(found.data) if compression else 0
    walk: MemberWalk
    if is_tar_header(bytes(data[:BLOCK])):
        form, walk = "tar", TarMembers(data, limits)
    elif bytes(data[:6]) in MAGICS:
        form, walk = "cpio", CpioWalk(data, limits, listed)
    else:
        member = PackedMember(name=b"", size=len(data), offset=0, data_offset=0, stored=len(data))
        form, walk = "compressed", Members((member,) if len(data) else ())
    whole = view if whole is None else whole
    tail = whole if compression or len(whole) > len(view) else _NOTHING
    opened = OpenedArchive(form, data, walk, compression, held, tail)
    if found.code == "trailing-data":
        place = len(whole) - len(view) + found.consumed
        opened.opening.append(ArchiveNote("trailing-data", place, found.message))
        opened.behind = slack(whole, place, len(whole))
    elif found.code:
        opened.opening.append(ArchiveNote(found.code, found.consumed, found.message, max(found.lost, 1)))
    return opened


def _compression(head: memoryview) -> str:
    start = bytes(head)
    for method, magic in (
        ("gzip", b"\x1f\x8b\x08"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("xz", b"\xfd7zXZ\0"),
        ("bzip2", b"BZh"),
        ("lzip", b"LZIP"),
    ):
        if start.startswith(magic):
            return method
    return ""


_OPENERS = {
    "zip": _zip,
    "tar": _tar,
    "cpio": _cpio,
    "ar": _ar,
    "deb": _ar,
    "rpm": _rpm,
    **dict.fromkeys(COMPRESSED, _compressed),
}


class Members:
    """A walk over members that are known already."""

    def __init__(self, members: tuple[PackedMember, ...]) -> None:
        self._members = members
        self.notes: list[ArchiveNote] = []

    def __iter__(self) -> Iterator[PackedMember]:
        return iter(self._members)


def _assembled(base: memoryview, member: PackedMember, most: int) -> unpacking.Unpacked:
    """A sparse member with its holes as zeros."""
    size = member.size or 0
    content = bytearray(min(size, most))
    for segment in member.segments:
        room = len(content) - segment.logical_offset
        if room > 0:
            data = base[segment.data_offset : segment.data_offset + min(segment.size, room)]
            content[segment.logical_offset : segment.logical_offset + len(data)] = data
    code = "limit" if size > most else ""
    message = "a sparse member is larger than what is held at one time" if code else ""
    return unpacking.Unpacked(
        data=memoryview(content),
        consumed=member.stored,
        code=code,
        message=message,
        lost=min(size - len(content), _MOST),
    )


def is_content(member: PackedMember) -> bool:
    """Whether a member has bytes to examine, whatever the archive calls it.

    There are programs that run what a link holds.
    """
    return member.stored > 0 or bool(member.segments)
