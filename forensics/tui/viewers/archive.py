"""The members of an archive: what they are called, how large they are, what they are, which are notable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Label

from forensics.errors import ForensicsError
from forensics.model.facts import ArchiveFacts, FileFacts
from forensics.model.files import FileKind
from forensics.model.members import ListedMember, MemberListing
from forensics.parsers.member_names import single_name
from forensics.printable import told_apart
from forensics.tui.viewers._viewer import NOT_AT_HAND, OpenMember, ViewedFile, Viewer
from forensics.tui.widgets import Below, Column, Styled, VirtualTable, to_content
from forensics.tui.words import size_text

_ARCHIVES = frozenset({"zip", "tar", "cpio", "ar", "deb", "rpm"})
"""Types of members of which the outer archive keeps no facts."""


class ArchiveViewer(Viewer):
    """Lists the members; Enter looks at one, the notable ones stand first."""

    id = "archive"
    title = "Members"

    def priority(self, file: ViewedFile) -> int:
        """For what was found to be an archive, and for a member that looks like one."""
        if file.facts and file.facts.archive:
            return 65
        return 65 if file.type in _ARCHIVES and file.list_members is not None else 0

    def make(self, file: ViewedFile) -> Widget:
        """The list."""
        return ArchivePane(file)


class MemberRows:
    """Members as rows of a table: the notable ones, then the others, each in the archive's order."""

    def __init__(
        self, members: Sequence[ListedMember], notable: Mapping[tuple[bytes, int], FileFacts]
    ) -> None:
        self._notable = notable
        known = [member for member in members if (member.name, member.offset) in notable]
        self.members = (*known, *(one for one in members if (one.name, one.offset) not in notable))

    def count(self) -> int:
        """How many there are."""
        return len(self.members)

    def row(self, index: int) -> Sequence[Styled]:
        """Mark, name, size, type, what is notable."""
        member = self.members[index]
        facts = self._notable.get((member.name, member.offset))
        kind = member.type or (facts.type if facts else "") or member.kind
        words = [
            word for word, there in (("encrypted", member.encrypted), ("hidden", member.hidden)) if there
        ]
        words += _tells(facts) if facts else []
        return (
            (("▸" if facts else " ", "warning"),),
            told_apart(_text(member.name)) if member.name else "(the content)",
            "?" if member.size is None else size_text(member.size),
            ((kind, "muted"),),
            ((", ".join(words), "warning"),),
        )


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _tells(facts: FileFacts) -> list[str]:
    words = [match.rule_id for match in facts.matches[:3]]
    words += ["secret"] if facts.secrets else []
    words += [f"packed with {facts.elf.packer}"] if facts.elf and facts.elf.packer else []
    words += ["something in it"] if facts.archive and facts.archive.notable else []
    return words or (["not all of it examined"] if facts.issues else [])


class ArchivePane(Below):
    """The list, under a sentence about the archive."""

    DEFAULT_CSS = """
    ArchivePane > #archive-sentence {
        width: 1fr; height: auto; max-height: 4; color: $text-muted; background: $panel;
    }
    ArchivePane > #archive-members { height: 1fr; }
    """

    def __init__(self, file: ViewedFile) -> None:
        super().__init__()
        self._file = file
        facts = file.facts.archive if file.facts else None
        self._facts = facts or ArchiveFacts(format="")
        self._notable = {(one.name, one.offset): one.facts for one in self._facts.notable}
        self._rows = MemberRows(_from_facts(self._facts), self._notable)
        self._sentence = Label("", markup=False, id="archive-sentence")
        self._table = VirtualTable(
            self._rows,
            (
                Column("", 1, importance=9),
                Column("name", 20, min_width=20, flexible=True, importance=10, cut="start"),
                Column("size", 8, "right", importance=8),
                Column("type", 10, importance=7),
                Column("tells", 24, importance=6, fitted=True),
            ),
            id="archive-members",
        )

    def compose(self) -> ComposeResult:
        """Sentence and list."""
        yield self._sentence
        yield self._table

    def on_mount(self) -> None:
        """Show what the facts know, and ask for the rest."""
        self._say(NOT_AT_HAND if self._file.list_members is None else "The members are being listed …")
        if self._file.list_members is not None:
            self.run_worker(self._ask, thread=True, exclusive=True, group="members", exit_on_error=False)

    def _ask(self) -> None:
        ask = self._file.list_members
        try:
            listing = ask() if ask else None
        except ForensicsError as error:
            self.app.call_from_thread(self._say, error.message)
            return
        if listing is not None:
            self.app.call_from_thread(self._show, listing)

    def _show(self, listing: MemberListing) -> None:
        self._rows = MemberRows(listing.members, self._notable)
        self._table.refresh_model(self._rows, cursor=0)
        self._say("" if listing.complete else "further members are left out, see the limit nested_members")

    def _say(self, more: str) -> None:
        facts = self._facts
        words = [facts.format, facts.compression, f"{facts.members:,} members", size_text(facts.bytes)]
        oddities = dict.fromkeys(one.message for one in facts.oddities)
        parts: list[tuple[str, str]] = [(" · ".join(word for word in words if word), "strong")]
        parts += [(f"  ! {one}", "warning") for one in list(oddities)[:3]]
        parts += [(f"  {more}", "muted")] if more else []
        self._sentence.update(to_content(tuple(parts)))

    @on(VirtualTable.Highlighted, "#archive-members")
    def _quiet(self, event: VirtualTable.Highlighted) -> None:
        event.stop()

    @on(VirtualTable.Opened, "#archive-members")
    def _open(self, event: VirtualTable.Opened) -> None:
        event.stop()
        member = self._rows.members[event.index]
        if member.stored or member.kind in (FileKind.REGULAR, FileKind.OTHER):
            name = _text(member.name) or single_name(self._file.path)
            facts = self._notable.get((member.name, member.offset))
            self.post_message(OpenMember(name, facts.sha256 if facts else ""))


def _from_facts(facts: ArchiveFacts) -> list[ListedMember]:
    """What is known of the members without reading the archive again."""
    return [
        ListedMember(
            name=one.name,
            size=one.facts.size,
            stored=one.facts.size,
            offset=one.offset,
            kind=str(FileKind.REGULAR),
            type=one.facts.type,
            hidden=one.hidden,
        )
        for one in facts.notable
    ]


VIEWER = ArchiveViewer()
