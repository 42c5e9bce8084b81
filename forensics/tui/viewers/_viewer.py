"""What a viewer is, what it looks at, and what it can ask of the screen around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from textual.message import Message
from textual.widget import Widget

from forensics.model.facts import FileFacts
from forensics.model.files import FileKind
from forensics.model.findings import Finding
from forensics.model.members import MemberListing
from forensics.model.report import ReportFile
from forensics.parsers.filetype import TEXT_TYPES
from forensics.parsers.member_names import SEPARATOR
from forensics.tui.widgets import ByteSource, Highlight, ReadableBytes

Read = Callable[[int, int], bytes]
"""Reads (offset, length) of one content; short where bytes are not there."""

NOT_AT_HAND = (
    "The bytes are not at hand: this report was opened without its image. Open the image to see them."
)


@dataclass(frozen=True, kw_only=True)
class ViewedFile:
    """One version of one path, and everything known of it.

    `path` is printable. `row` is its line in the report and `versions` are the lines of all versions of the
    path, oldest first; `instructions` gives the build instruction of a layer by its index. `facts` is None
    where nothing was examined or the report does not carry it. `read` reads this version's bytes,
    `read_version` gives a reader for another version by its key, `list_members` the members of an archive
    (it waits for a worker and raises ForensicsError); all are None when the image is not at hand.
    """

    path: str
    row: ReportFile
    facts: FileFacts | None = None
    findings: tuple[Finding, ...] = ()
    versions: tuple[ReportFile, ...] = ()
    instructions: Mapping[int, str] = field(default_factory=dict)
    read: Read | None = None
    read_version: Callable[[tuple[int, int]], Read | None] | None = None
    list_members: Callable[[], MemberListing] | None = None

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.row.size

    @property
    def type(self) -> str:
        """The id of the content's type; empty when it is not known yet."""
        return self.facts.type if self.facts else self.row.type

    @property
    def kind(self) -> str:
        """Which files it is looked at like: those of its type, and any text like a script."""
        return "text" if self.type in TEXT_TYPES else self.type

    @property
    def has_bytes(self) -> bool:
        """Whether it is a file with content at all (also when the image is not at hand)."""
        return self.row.kind in (FileKind.REGULAR, FileKind.HARDLINK)

    def source(self) -> ByteSource | None:
        """The content to look at; None when it cannot be read."""
        return ReadableBytes(self.size, self.read) if self.read and self.has_bytes else None

    def highlights(self) -> tuple[Highlight, ...]:
        """The places that the findings and the facts point to, each once."""
        places: dict[tuple[int, int], Highlight] = {}
        for finding in self.findings:
            if (finding.path or "").startswith(self.path + SEPARATOR):
                continue  # its offsets are those in a member
            for evidence in finding.evidence:
                if evidence.kind == "bytes" and evidence.offset is not None:
                    place = (evidence.offset, evidence.length or 1)
                    places.setdefault(place, Highlight(*place, finding.title))
        if self.facts:
            for match in self.facts.matches:
                for string in match.strings:
                    place = (string.offset, max(1, string.length))
                    places.setdefault(place, Highlight(*place, match.rule_id))
            for secret in self.facts.secrets:
                place = (secret.offset, max(1, secret.length))
                places.setdefault(place, Highlight(*place, secret.identifier))
        return tuple(sorted(places.values()))


class Viewer(ABC):
    """One way to look at a file. Its `id` is the name of its module."""

    id: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def priority(self, file: ViewedFile) -> int:
        """How well it suits the file, from 1 to 100; 0 when it does not offer itself."""

    @abstractmethod
    def make(self, file: ViewedFile) -> Widget:
        """A new widget that shows the file."""


class JumpToOffset(Message):
    """Show the bytes `offset` … `offset + length` of the file that is looked at."""

    def __init__(self, offset: int, length: int = 0) -> None:
        super().__init__()
        self.offset = offset
        self.length = length


class OpenMember(Message):
    """Look at a member of the archive that is looked at; with `sha256` at the one that has it."""

    def __init__(self, member: str, sha256: str = "") -> None:
        super().__init__()
        self.member = member
        self.sha256 = sha256


class ShowVersion(Message):
    """Look at the version with the key `key` of the same path."""

    def __init__(self, key: tuple[int, int]) -> None:
        super().__init__()
        self.key = key
