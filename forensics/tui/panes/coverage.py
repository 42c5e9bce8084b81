"""What was looked at, and above all what was not: every issue with the bytes it cost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forensics.model.issues import Issue
from forensics.tui.panes._pane import PaneKind, ShowPath
from forensics.tui.panes._records import RecordsPane
from forensics.tui.progress_words import has_ended, none_so_far, unfinished
from forensics.tui.queries import SIZE, Field, size_in_bytes
from forensics.tui.store import Topic
from forensics.tui.widgets import Column, Fact, Heading, Item, Paragraph, Styled
from forensics.tui.words import UNKNOWN, share_text, size_text, size_words

_FILE_SUBJECT = re.compile(r"layer (\d+):(/.*)", re.DOTALL)


class CoveragePane(RecordsPane[Issue]):
    """The issues, under the sums."""

    topics = frozenset({Topic.COVERAGE, Topic.RUN, Topic.PROGRESS})
    columns = (
        Column("lost", 6, "right", importance=8),
        Column("stage", 9, importance=5),
        Column("code", 24, importance=7, fitted=True),
        Column("subject", 34, min_width=16, flexible=True, importance=9, fitted=True, cut="start"),
        Column("what happened", 40, min_width=16, flexible=True, importance=6),
    )
    fields = {
        "stage": Field(lambda issue: issue.stage),
        "code": Field(lambda issue: issue.code),
        "subject": Field(lambda issue: issue.subject),
        "lost": Field(
            lambda issue: str(issue.lost_bytes), lambda issue: issue.lost_bytes, size_in_bytes, SIZE
        ),
    }
    heading = "What could not be examined"
    hint = "words, lost>0, stage:layer, code:truncated"

    def records(self) -> Sequence[Issue] | None:
        """The issues, those that cost most first."""
        if not self.store.issues and not has_ended(self.store):
            return None
        return sorted(self.store.issues, key=lambda issue: (-issue.lost_bytes, issue))

    def cells(self, record: Issue) -> Sequence[Styled]:
        """One issue in words."""
        lost = ((size_text(record.lost_bytes), "error"),) if record.lost_bytes else (("0", "muted"),)
        return (lost, record.stage, record.code, record.subject, record.message)

    def words(self, record: Issue) -> str:
        """Subject, code and message."""
        return f"{record.subject}\n{record.code}\n{record.message}"

    def summary(self) -> Sequence[Item]:
        """How much was examined."""
        coverage, share = self.store.coverage, self.store.examined_share
        shown = UNKNOWN if share is None else share_text(share)
        if coverage is None:
            return self._unfinished()
        lost = sum(issue.lost_bytes for issue in coverage.issues)
        return [
            Fact("examined", f"{shown} of {coverage.bytes:,} bytes ({size_words(coverage.bytes)})"),
            Fact("files", f"{coverage.examined_files:,} of {coverage.files:,} examined from start to end"),
            Fact("not looked at", ((f"{lost:,} bytes", "error" if lost else "success"),)),
        ]

    def _unfinished(self) -> Sequence[Item]:
        """How much was examined of an image whose analysis goes on, or ended too early."""
        share, clause = self.store.examined_share, unfinished(self.store)
        if not has_ended(self.store):
            return [
                Fact("examined", f"{UNKNOWN if share is None else share_text(share)} of the bytes so far")
            ]
        shown = "none" if share is None else share_text(share)
        rest = "the rest was not looked at; " if share is None or share < 1 else ""
        sentence = f"{clause} before its end: {rest}findings and issues are those found so far."
        return [
            Fact("examined", f"{shown} of the bytes"),
            Paragraph(((sentence[0].upper() + sentence[1:], "warning"),)),
        ]

    def card(self, record: Issue) -> Sequence[Item]:
        """The whole sentence."""
        leads = record if _FILE_SUBJECT.fullmatch(record.subject) else None
        return [
            Heading(record.code),
            Paragraph(record.message),
            Fact("subject", record.subject, payload=leads),
            Fact("stage", record.stage),
            Fact("lost", f"{record.lost_bytes:,} bytes that nobody looked at"),
        ]

    def nothing(self) -> str:
        """Why the list is empty."""
        if self._query:
            return "No issue answers the filter."
        coverage = self.store.coverage
        whole = coverage is not None and coverage.examined_bytes >= coverage.bytes
        told = "Everything was examined." if whole else "No issue says why not everything was examined."
        return none_so_far(self.store, "issue", told)

    def unknown(self) -> str:
        """While the analysis goes on and met no issue."""
        return self.nothing()

    def open_record(self, record: Issue) -> None:
        """To the file, where the issue is about one."""
        self.follow(record)

    def follow(self, payload: object) -> None:
        """To the file, where the issue is about one."""
        found = _FILE_SUBJECT.fullmatch(payload.subject) if isinstance(payload, Issue) else None
        if found:
            self.post_message(ShowPath(found.group(2), int(found.group(1))))


PANE = PaneKind("coverage", "Coverage", CoveragePane, tab=8)
