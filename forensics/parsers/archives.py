"""Opens what kind of archive a content is, as its bytes say, and gives the bytes of its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.limits import DEFAULT, Limits
from forensics.model.files import FileKind
from forensics.parsers import unpacking
from forensics.parsers.ar import ArWalk
from forensics.parsers.archive_members import ArchiveNote, MemberWalk, PackedMember, slack
from forensics.parsers.cpio import MAGICS, CpioWalk, ListedFile
from forensics.parsers.rpm import read_rpm
from forensics.parsers.tar import BLOCK, TarWalk, is_tar_header
from forensics.parsers.zip import ZipWalk, find_end, has_end_mark

COMPRESSED = frozenset({"gzip", "zstd", "xz", "bzip2"})
"""Types of `parsers.filetype` that are one compressed content, or a packed archive."""
CLOSED = frozenset({"7z", "rar", "lz4", "squashfs"})
"""Types of archives and packed file systems that there is no reader for."""
_WITH_ARCHIVE_BEHIND = frozenset(
    {"elf", "pe", "macho", "data", "png", "jpeg", "gif", "bmp", "webp", "pdf", "icon", "linux-kernel"}
)
"""Types of contents behind which an archive with a comment is looked for; behind all others, one without."""
_MOST = (1 << 63) - 1


@dataclass
class OpenedArchive:
    """An archive: what it is, the bytes its members lie in, and the walk over them.

    `format` is `zip`, `tar`, `cpio`, `ar`, `rpm` or `compressed`; `held` bytes of memory were needed to open
    it. `notes` are what opening met; those of the walk fill while it goes on.
    """

    format: str
    base: memoryview
    walk: MemberWalk
    compression: str = ""
    held: int = 0
    opening: list[ArchiveNote] = field(default_factory=list)

    @property
    def notes(self) -> list[ArchiveNote]:
        """What was met so far."""
        return [*self.opening, *self.walk.notes]

    def read(self, member: PackedMember, most: int, limits: Limits = DEFAULT) -> unpacking.Unpacked:
        """The bytes of a member, at most `most` where they have to be unpacked."""
        if member.segments:
            return _assembled(self.base, member, most)
        packed = self.base[member.data_offset : member.data_offset + member.stored]
        if member.method == "":
            return unpacking.Unpacked(data=packed, consumed=len(packed))
        return unpacking.unpack(packed, member.method, most, limits)


def is_archive(kind: str, view: memoryview) -> bool:
    """Whether a content of this type may be an archive; cheap, as every content is asked."""
    if kind in _OPENERS:
        return True
    if has_end_mark(view):
        return True
    if kind == "data":
        head = view[:BLOCK]
        return unpacking.is_lzma_alone(head) or is_tar_header(bytes(head)) or _zip_behind(view)
    return kind in _WITH_ARCHIVE_BEHIND and _zip_behind(view)


def open_archive(kind: str, view: memoryview, most: int, limits: Limits = DEFAULT) -> OpenedArchive | None:
    """The archive that a content of this type is, None when it is none after all.

    At most `most` bytes are unpacked to get at the members.
    """
    opener = _OPENERS.get(kind)
    if opener is not None:
        return opener(kind, view, most, limits)
    if kind == "data" and unpacking.is_lzma_alone(view[:BLOCK]):
        opened = _compressed("lzma", view, most, limits)
        return opened if len(opened.base) else None
    if kind == "data" and is_tar_header(bytes(view[:BLOCK])):
        return OpenedArchive("tar", view, TarMembers(view, limits))
    end = find_end(view)
    if end is not None and end.entries:
        return OpenedArchive("zip", view, ZipWalk(view, limits, plain=False))
    return None


def _zip_behind(view: memoryview) -> bool:
    end = find_end(view)
    return end is not None and end.entries > 0


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
    opened = _unpacked(compression, payload, most, limits, package.files)
    opened.format = "rpm"
    opened.opening.extend(package.notes)
    return opened


def _compressed(kind: str, view: memoryview, most: int, limits: Limits) -> OpenedArchive:
    return _unpacked(kind, view, most, limits)


def _unpacked(
    compression: str, view: memoryview, most: int, limits: Limits, listed: tuple[ListedFile, ...] = ()
) -> OpenedArchive:
    """What a compressed content holds: a tar, a cpio archive, or one member without a name."""
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
    opened = OpenedArchive(form, data, walk, compression, held)
    if found.code == "trailing-data":
        # It is part of the outer content, whose bytes are examined as they are.
        opened.opening.append(ArchiveNote("trailing-data", found.consumed, found.message))
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


class TarMembers:
    """The members of a tar, and what follows its end as one more."""

    def __init__(self, view: memoryview, limits: Limits = DEFAULT) -> None:
        self._view = view
        self._walk = TarWalk(view, limits)

    @property
    def notes(self) -> list[ArchiveNote]:
        """What the walk met, but not that an archive in a file has no end mark: many have none."""
        return [
            ArchiveNote(note.code, note.offset, note.message, note.lost, note.name)
            for note in self._walk.notes
            if note.code not in _TAR_MANNERS
        ]

    def __iter__(self) -> Iterator[PackedMember]:
        for member in self._walk:
            yield PackedMember(
                name=member.name,
                size=member.size,
                offset=member.header_offset,
                data_offset=member.data_offset,
                stored=member.stored,
                kind=member.kind,
                mode=member.mode,
                mtime=member.mtime,
                link=member.link,
                segments=member.segments,
            )
        for note in tuple(self._walk.notes):
            if note.code in {"trailing-data", "bad-header"}:
                rest = slack(self._view, note.offset, len(self._view))
                if rest is not None:
                    yield rest


_TAR_MANNERS = frozenset({"no-end-mark", "size-without-data", "repeated-header", "global-header"})


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
    """Whether a member has bytes to examine, whatever the archive calls it."""
    return member.kind in (FileKind.REGULAR, FileKind.OTHER) and (member.stored > 0 or bool(member.segments))
