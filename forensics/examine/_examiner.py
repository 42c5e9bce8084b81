"""What an examiner is: one field of `FileFacts`, learnt from the bytes of contents of certain types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import msgspec

from forensics.examine._clues import Clues
from forensics.examine._nested import Nested
from forensics.examine._scan import Scanner
from forensics.limits import Limits
from forensics.model.facts import RuleMatch
from forensics.model.issues import Issue


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One content under examination: its bytes, its type and what the first pass over it hinted at.

    `clues` is None when that pass did not finish: then everything has to be looked for. `content` is at most
    the first `limits.scan_bytes` of `whole`. `nested` examines what an archive holds.
    """

    content: memoryview
    sha256: str
    type: str
    clues: Clues | None
    limits: Limits
    scanner: Scanner
    whole: memoryview = memoryview(b"")
    nested: Nested | None = None

    @property
    def container(self) -> str:
        """The format of the archive that the content is a member of; empty for a file of the image."""
        return self.nested.container if self.nested else ""

    def issue(self, code: str, message: str, lost_bytes: int = 0) -> Issue:
        """An issue about this content."""
        return Issue(stage="examine", code=code, subject=self.sha256, message=message, lost_bytes=lost_bytes)


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What an examiner brings: the value of its field, signatures that matched what it decoded, issues."""

    value: Any
    matches: tuple[RuleMatch, ...] = ()
    issues: tuple[Issue, ...] = ()


class Examiner(ABC):
    """Fills one field of `FileFacts`. `id` is the field's name and the module's.

    An examiner keeps no state: it serves many contents, in any order, in several processes.
    """

    id: str
    for_members = True
    """Whether members of archives are for it too, of which only what tells something is kept."""

    @abstractmethod
    def applies(self, type: str, size: int) -> bool:  # noqa: A002 - the field's name
        """Whether contents of this type and size, in bytes, are for this examiner."""

    @abstractmethod
    def examine(self, subject: Subject) -> Learnt | None:
        """What the bytes say, None for nothing; ParseError when they are not what they begin as."""
