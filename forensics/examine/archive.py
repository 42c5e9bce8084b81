"""Archives: every member is examined like a file, to a bounded depth, and named `outer!/inner`."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter

import msgspec

from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._nested import Nested
from forensics.examine._notable import Notable, tells
from forensics.limits import Limits
from forensics.model.facts import ArchiveFacts, ArchiveOddity, MemberFacts
from forensics.model.issues import Issue
from forensics.parsers.archive_members import SLACK, ArchiveNote, PackedMember
from forensics.parsers.archives import CLOSED, OpenedArchive, is_archive, is_content, open_archive
from forensics.parsers.member_names import SEPARATOR, plain_name
from forensics.parsers.unpacking import METHODS
from forensics.printable import printable

_MOST_ODDITIES = 32
_MOST_ISSUES = 64
_MOST_BYTES = (1 << 63) - 1
_PIECE = 1 << 16
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
        closed: tuple[Issue, ...] = ()
        if subject.type in CLOSED:
            message = "an archive of this kind cannot be opened: it was examined as plain bytes"
            closed = (subject.issue("not-opened", message),)
        if nested is None or not is_archive(subject.type, subject.whole):
            return Learnt(value=None, issues=closed) if closed else None
        if nested.depth >= subject.limits.nested_depth:
            message = f"archives are opened to a depth of {nested.depth}: it was examined as plain bytes"
            return Learnt(value=None, issues=(*closed, subject.issue("limit", message, len(subject.whole))))
        opened = open_archive(subject.type, subject.whole, nested.room, subject.limits)
        if opened is None:
            return None
        with nested.holding(opened.held):
            learnt = _Opening(subject, nested, opened).learnt()
        return msgspec.structs.replace(learnt, issues=closed + learnt.issues)


class _Opening:
    """One archive while its members are examined."""

    def __init__(self, subject: Subject, nested: Nested, opened: OpenedArchive) -> None:
        self._subject = subject
        self._limits: Limits = subject.limits
        self._nested = nested
        self._opened = opened
        self._notable = Notable(subject.limits.nested_kept)
        self._issues: list[Issue] = []
        self._left_out: Counter[str] = Counter()
        self._behind: list[ArchiveNote] = []
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
        if self._notable.lost:
            message = (
                f"{self._notable.dropped} members that tell something are not kept, those that tell least"
            )
            self._tell(None, "limit", message, self._notable.lost)
        oddities = self._from_notes([*self._opened.notes, *self._behind])
        facts = ArchiveFacts(
            format=self._opened.format,
            compression=self._opened.compression,
            members=self._members,
            bytes=self._bytes,
            notable=self._notable.members,
            further=self._notable.dropped,
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
        if found.code == "trailing-data":
            self._behind_packed(member, found.consumed)
        elif found.code:
            self._tell(name, found.code, found.message, max(told - len(found.data), found.lost))
        self._content(member, name, found.data, held=len(found.data) if unpacked else 0)

    def _behind_packed(self, member: PackedMember, consumed: int) -> None:
        """Bytes of a member that its decoder does not ask for are examined as they are."""
        packed = msgspec.structs.replace(member, method="")
        rest = self._opened.read(packed, self._nested.room, self._limits).data[consumed:]
        if not bytes(rest[:_PIECE]).strip(b"\0") and len(rest) <= _PIECE:
            return
        place = member.data_offset + consumed
        name = SLACK % place
        message = "data follows what a member's decoder asks for"
        self._behind.append(ArchiveNote("trailing-data", place, message, 0, member.name))
        self._content(msgspec.structs.replace(member, offset=place, hidden=True), name, rest)

    def _content(self, member: PackedMember, name: bytes, data: memoryview, held: int = 0) -> None:
        """Examine the bytes of a member, of which `held` are a copy; keep what tells something."""
        self._nested.count(len(data))
        self._bytes += len(data)
        if not len(data):
            return
        with self._nested.holding(held):
            facts = self._nested.examine(data, self._opened.format)
        for issue in facts.issues:
            inner = issue.subject if issue.subject.startswith(SEPARATOR) else ""
            self._tell(name, issue.code, issue.message, issue.lost_bytes, inner)
        if tells(facts):
            mode, hidden = member.mode, member.hidden
            self._notable.add(
                MemberFacts(name=name, offset=member.offset, facts=facts, mode=mode, hidden=hidden)
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
        return _of_all_kinds(oddities)


def _of_all_kinds(oddities: list[ArchiveOddity]) -> tuple[ArchiveOddity, ...]:
    """So many as may be kept, in their order: the first of each code before the second of any."""
    counts: Counter[str] = Counter()
    ranked = []
    for number, oddity in enumerate(oddities):
        ranked.append((counts[oddity.code], number))
        counts[oddity.code] += 1
    return tuple(oddities[number] for _, number in sorted(sorted(ranked)[:_MOST_ODDITIES], key=itemgetter(1)))


EXAMINER = ArchiveExaminer()
