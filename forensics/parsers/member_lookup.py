"""Finds one member of an archive by its name, through archives within archives, and lists members."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from forensics.limits import DEFAULT, Limits
from forensics.model.members import ListedMember, MemberListing
from forensics.parsers.archive_members import PackedMember
from forensics.parsers.archives import OpenedArchive, is_archive, is_content, open_archive
from forensics.parsers.filetype import HEAD_BYTES, file_type
from forensics.parsers.member_names import SEPARATOR, plain_name, single_name
from forensics.parsers.unpacking import METHODS, unpack
from forensics.printable import printable

_SEPARATOR = SEPARATOR.encode()
_MOST_TYPES = 20_000
"""Members whose first bytes are looked at for a listing."""
_MOST_NOTES = 32


class FoundMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member and its bytes: `name` is its full inner name, without the first `!/`."""

    name: bytes
    data: memoryview
    mode: int | None = None
    mtime: float = 0.0
    problem: str = ""
    lost: int = 0


class MemberLookup:
    """Looks into one outer content; what is unpacked on the way counts against `limits.nested_held_bytes`."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._held = 0

    def find(self, content: memoryview, path: bytes, outer: bytes, sha256: str = "") -> FoundMember | None:
        """The member that is called `path`: the last one of this name, or the one with this SHA-256.

        `outer` is the name of the file that holds it. A name that holds `!/` itself is looked for first.
        """
        return self._find(content, path, outer, sha256, 0)

    def listing(self, content: memoryview) -> MemberListing | None:
        """The members of the archive that `content` is; None when it is none."""
        opened = self._opened(content)
        if opened is None:
            return None
        members: list[ListedMember] = []
        complete = True
        for member in opened.walk:
            if len(members) >= self._limits.nested_members:
                complete = False
                break
            members.append(_listed(opened, member, typed=len(members) < _MOST_TYPES, limits=self._limits))
        notes = dict.fromkeys(
            printable(note.name) + ": " * bool(note.name) + note.message for note in opened.notes
        )
        return MemberListing(
            format=opened.format,
            compression=opened.compression,
            members=tuple(members),
            complete=complete,
            notes=tuple(notes)[:_MOST_NOTES],
        )

    def _opened(self, content: memoryview) -> OpenedArchive | None:
        kind = file_type(content, len(content)).id
        if not is_archive(kind, content):
            return None
        opened = open_archive(kind, content, self._room, self._limits)
        self._held += opened.held if opened else 0
        return opened

    @property
    def _room(self) -> int:
        return max(0, self._limits.nested_held_bytes - self._held)

    def _find(
        self, content: memoryview, path: bytes, outer: bytes, sha256: str, depth: int
    ) -> FoundMember | None:
        opened = self._opened(content) if depth < self._limits.nested_depth else None
        if opened is None:
            return None
        exact: PackedMember | None = None
        deeper: FoundMember | None = None
        for member, name in _named(opened, outer, self._limits):
            if _is_called(name, path):
                exact = member
                if sha256:
                    found = self._read(opened, member, name)
                    if hashlib.sha256(found.data).hexdigest() == sha256:
                        return found
            rest = _below(name, path)
            if rest:
                inside = self._read(opened, member, name)
                found_inside = self._find(inside.data, rest, name, sha256, depth + 1)
                if found_inside is not None:
                    whole = name + _SEPARATOR + found_inside.name
                    deeper = msgspec.structs.replace(found_inside, name=whole)
                    if sha256 and hashlib.sha256(deeper.data).hexdigest() == sha256:
                        return deeper
        if exact is not None:
            return self._read(opened, exact, plain_name(exact.name) or single_name(outer))
        return deeper

    def _read(self, opened: OpenedArchive, member: PackedMember, name: bytes) -> FoundMember:
        told = member.stored if member.size is None else member.size
        why = "it is encrypted" if member.encrypted else ""
        if not why and member.method not in METHODS:
            why = f"it is compressed with {printable(member.method)}"
        if why:
            return FoundMember(name=name, data=memoryview(b""), problem=why, lost=told)
        found = opened.read(member, self._room, self._limits)
        if member.method or member.segments:
            self._held += len(found.data)
        lost = max(told - len(found.data), found.lost, 1) if found.code else max(0, told - len(found.data))
        problem = found.message or ("the archive ends before it does" if lost else "")
        return FoundMember(
            name=name,
            data=found.data,
            mode=member.mode,
            mtime=member.mtime,
            problem=problem,
            lost=min(lost, (1 << 63) - 1),
        )


def _named(opened: OpenedArchive, outer: bytes, limits: Limits) -> Iterator[tuple[PackedMember, bytes]]:
    """Every member with content, and what it is called."""
    for number, member in enumerate(opened.walk):
        if number >= limits.nested_members:
            return
        if is_content(member) or not member.size:
            yield member, plain_name(member.name)[: limits.name_bytes] or single_name(outer)


def _is_called(name: bytes, path: bytes) -> bool:
    """Whether a person who wrote `path` means `name`, which may be written as it is shown."""
    return name == path or (b"\\" in path and printable(name).encode() == path)


def _below(name: bytes, path: bytes) -> bytes:
    """What of `path` is left for the members of `name`; empty when it does not lie below it."""
    for spelt in (name, printable(name).encode()):
        if path.startswith(spelt + _SEPARATOR):
            return path[len(spelt) + len(_SEPARATOR) :]
    return b""


def _listed(opened: OpenedArchive, member: PackedMember, *, typed: bool, limits: Limits) -> ListedMember:
    kind = ""
    if typed and is_content(member) and not member.encrypted and member.method in METHODS:
        packed = opened.base[member.data_offset : member.data_offset + member.stored]
        head = unpack(packed, member.method, HEAD_BYTES, limits).data
        kind = file_type(head, member.size or len(head)).id
    return ListedMember(
        name=plain_name(member.name)[: limits.name_bytes],
        size=None if member.size is None else min(member.size, (1 << 63) - 1),
        stored=member.stored,
        offset=member.offset,
        kind=str(member.kind),
        method=member.method,
        type=kind,
        mode=member.mode,
        mtime=member.mtime,
        link=member.link[: limits.name_bytes],
        encrypted=member.encrypted,
        hidden=member.hidden,
    )
