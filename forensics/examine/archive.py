"""Archives: every member is examined like a file, to a bounded depth, and named `outer!/inner`."""

from __future__ import annotations

from collections import Counter

import msgspec

from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._nested import Nested
from forensics.limits import Limits
from forensics.model.facts import ArchiveFacts, ArchiveOddity, FileFacts, MemberFacts
from forensics.model.issues import Issue
from forensics.parsers.archive_members import ArchiveNote, PackedMember
from forensics.parsers.archives import CLOSED, OpenedArchive, is_archive, is_content, open_archive
from forensics.parsers.member_names import SEPARATOR, plain_name
from forensics.parsers.unpacking import METHODS
from forensics.printable import printable

_MOST_ODDITIES = 32
_MOST_ISSUES = 64
_MOST_BYTES = (1 << 63) - 1
_OVERLAY = 4096
_ODD = frozenset(
    {
        "hidden-member",
        "hidden-data",
        "member-mismatch",
        "missing-member",
        "overlap",
        "bad-directory",
        "trailing-data",
        "prepended-data",
    }
)
"""Codes of notes that are oddities: bytes are not lost, but an archive shows them to some programs only."""


class ArchiveExaminer(Examiner):
    """ZIP, tar, cpio, ar, rpm and single compressed files; what a member tells is kept, the rest counted."""

    id = "archive"

    def applies(self, type: str, size: int) -> bool:  # noqa: A002, ARG002
        """Every content: an archive may stand behind a program or a picture."""
        return size > 0

    def examine(self, subject: Subject) -> Learnt | None:
        """The members, within the limits; what these leave out is an issue."""
        nested = subject.nested
        if subject.type in CLOSED:
            message = "an archive of this kind cannot be opened: it was examined as plain bytes"
            return Learnt(value=None, issues=(subject.issue("not-opened", message),))
        if nested is None or not is_archive(subject.type, subject.whole):
            return None
        if nested.depth >= subject.limits.nested_depth:
            message = f"archives are opened to a depth of {nested.depth}: it was examined as plain bytes"
            return Learnt(value=None, issues=(subject.issue("limit", message, len(subject.whole)),))
        opened = open_archive(subject.type, subject.whole, nested.room, subject.limits)
        if opened is None:
            return None
        with nested.holding(opened.held):
            return _Opening(subject, nested, opened).learnt()


class _Opening:
    """One archive while its members are examined."""

    def __init__(self, subject: Subject, nested: Nested, opened: OpenedArchive) -> None:
        self._subject = subject
        self._limits: Limits = subject.limits
        self._nested = nested
        self._opened = opened
        self._notable: list[MemberFacts] = []
        self._issues: list[Issue] = []
        self._left_out: Counter[str] = Counter()
        self._further = 0
        self._members = 0
        self._bytes = 0

    def learnt(self) -> Learnt:
        """Examine every member; the archive's own facts, and the issues of all of it."""
        for member in self._opened.walk:
            self._members += 1
            if not is_content(member):
                continue
            exhausted = self._nested.exhausted
            if exhausted:
                rest = max(0, len(self._opened.base) - member.offset)
                message = f"the members from here on were not examined: {exhausted}"
                self._tell(None, "limit", message, rest)
                break
            self._member(member)
        oddities = self._from_notes(self._opened.notes)
        facts = ArchiveFacts(
            format=self._opened.format,
            compression=self._opened.compression,
            members=self._members,
            bytes=self._bytes,
            notable=tuple(self._notable),
            further=self._further,
            oddities=oddities,
        )
        for code, lost in sorted(self._left_out.items()):
            message = "further members have issues like these"
            self._issues.append(self._subject.issue(code, message, lost))
        return Learnt(value=facts, issues=tuple(self._issues))

    def _member(self, member: PackedMember) -> None:
        name = plain_name(member.name)[: self._limits.name_bytes]
        told = min(member.stored if member.size is None else member.size, _MOST_BYTES)
        if member.encrypted:
            self._tell(name, "encrypted", "it is encrypted: nobody can look at it without the key", told)
            return
        if member.method not in METHODS:
            message = f"it is compressed with {printable(member.method)}, which cannot be unpacked"
            self._tell(name, "not-opened", message, told)
            return
        found = self._opened.read(member, self._nested.room, self._limits)
        unpacked = member.method != "" or bool(member.segments)
        if found.code:
            lost = max(told - len(found.data), found.lost) if found.code != "trailing-data" else found.lost
            self._tell(name, found.code, found.message, lost)
        self._nested.count(len(found.data))
        self._bytes += len(found.data)
        if not len(found.data):
            return
        with self._nested.holding(len(found.data) if unpacked else 0):
            facts = self._nested.examine(found.data, self._opened.format)
        for issue in facts.issues:
            inner = issue.subject if issue.subject.startswith(SEPARATOR) else ""
            self._tell(name, issue.code, issue.message, issue.lost_bytes, inner)
        if not _tells(facts):
            return
        if len(self._notable) >= self._limits.nested_kept:
            self._further += 1
            return
        self._notable.append(
            MemberFacts(name=name, offset=member.offset, facts=facts, mode=member.mode, hidden=member.hidden)
        )

    def _tell(self, name: bytes | None, code: str, message: str, lost: int, inner: str = "") -> None:
        """An issue of a member, or with None of the archive as a whole."""
        if len(self._issues) >= _MOST_ISSUES:
            self._left_out[code] = min(_MOST_BYTES, self._left_out[code] + lost)
            return
        subject = self._subject.sha256 if name is None else f"{SEPARATOR}{printable(name)}{inner}"
        issue = self._subject.issue(code, message, min(lost, _MOST_BYTES))
        self._issues.append(msgspec.structs.replace(issue, subject=subject))

    def _from_notes(self, notes: list[ArchiveNote]) -> tuple[ArchiveOddity, ...]:
        """The oddities among the notes; what they cost becomes issues."""
        oddities = []
        for note in notes:
            if note.code in _ODD:
                oddities.append(
                    ArchiveOddity(
                        code=note.code,
                        offset=note.offset,
                        message=note.message,
                        name=note.name[: self._limits.name_bytes],
                    )
                )
            if note.lost or note.code not in _ODD:
                name = plain_name(note.name)[: self._limits.name_bytes]
                self._tell(name or None, note.code, note.message, note.lost)
        return tuple(oddities[:_MOST_ODDITIES])


def _tells(facts: FileFacts) -> bool:
    """Whether a member has something to tell beyond that it is there."""
    if facts.matches or facts.secrets or facts.issues:
        return True
    elf = facts.elf
    if elf is not None and elf.kind not in ("relocatable", "core"):
        odd = elf.packer or not elf.has_sections or elf.writable_executable
        if odd or elf.overlay > _OVERLAY:
            return True
    archive = facts.archive
    return archive is not None and bool(archive.notable or archive.oddities)


EXAMINER = ArchiveExaminer()
