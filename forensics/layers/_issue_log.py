"""Collects a layer's issues, a bounded number of each kind: a hostile layer can raise one a member."""

from __future__ import annotations

from forensics.model.issues import Issue
from forensics.printable import printable

_KEPT = 100
_SHOWN = 240


class IssueLog:
    """The issues of one layer, in the order they came; more of one code than `_KEPT` are summed up in one."""

    def __init__(self, layer: int) -> None:
        self._layer = layer
        self._issues: list[Issue] = []
        self._counts: dict[str, int] = {}
        self._further_bytes: dict[str, int] = {}

    def add(self, code: str, message: str, *, path: str = "", lost: int = 0) -> None:
        """Note one issue about the layer, or about one of its paths."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count > _KEPT:
            self._further_bytes[code] = self._further_bytes.get(code, 0) + lost
            return
        subject = f"layer {self._layer}"
        if path:
            shown = printable(path)
            subject += ":" + (shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…")
        self._issues.append(
            Issue(stage="layer", code=code, subject=subject, message=message, lost_bytes=lost)
        )

    def issues(self) -> tuple[Issue, ...]:
        """Everything noted, sums of what was too much at the end."""
        sums = [
            Issue(
                stage="layer",
                code=code,
                subject=f"layer {self._layer}",
                message=f"{self._counts[code] - _KEPT} more of the same",
                lost_bytes=lost,
            )
            for code, lost in self._further_bytes.items()
        ]
        return (*self._issues, *sums)
