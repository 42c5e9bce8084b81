"""Collects what a source met, without letting a hostile document fill the memory with complaints."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.model.issues import Issue
from forensics.printable import printable

_MOST = 500
_MOST_BYTES = (1 << 63) - 1
"""Documents may claim any size, and many of them together more than readers of JSON can count."""


class IssueLog:
    """Issues in the order they were met, each said once; at most 500, and then one that counts the rest."""

    def __init__(self) -> None:
        self._issues: dict[Issue, None] = {}
        self._left_out = 0
        self._left_out_bytes = 0

    def add(self, code: str, subject: str, message: str, lost_bytes: int = 0) -> None:
        """Record one; `subject` and `message` may quote the image, and are made printable here."""
        issue = Issue(
            stage="source",
            code=code,
            subject=printable(subject),
            message=printable(message),
            lost_bytes=min(lost_bytes, _MOST_BYTES),
        )
        if issue in self._issues:
            return
        if len(self._issues) >= _MOST:
            self._left_out += 1
            self._left_out_bytes += lost_bytes
            return
        self._issues[issue] = None

    def extend(self, issues: Iterable[Issue]) -> None:
        """Record issues that were met before."""
        for issue in issues:
            self.add(issue.code, issue.subject, issue.message, issue.lost_bytes)

    def collected(self) -> tuple[Issue, ...]:
        """Everything recorded so far, as records."""
        if not self._left_out:
            return tuple(self._issues)
        rest = Issue(
            stage="source",
            code="limit",
            subject="image",
            message=f"{self._left_out} more issues of the source are not listed",
            lost_bytes=min(self._left_out_bytes, _MOST_BYTES),
        )
        return (*self._issues, rest)
