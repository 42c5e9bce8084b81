"""The findings as they come in: in report order, by id, by layer, filtered and sorted for the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from forensics.model.findings import Confidence, Finding, Severity, report_order
from forensics.tui.queries import Field, compile_query

_CONFIDENCE_RANKS = {confidence.value: rank for rank, confidence in enumerate(Confidence)}

FINDING_FIELDS: dict[str, Field[Finding]] = {
    "severity": Field(
        lambda finding: finding.severity.value,
        lambda finding: finding.severity.rank,
        lambda text: Severity(text.lower()).rank,
        " ".join(Severity),
    ),
    "confidence": Field(
        lambda finding: finding.confidence.value,
        lambda finding: _CONFIDENCE_RANKS[finding.confidence.value],
        lambda text: _CONFIDENCE_RANKS[text.lower()],
        " ".join(Confidence),
    ),
    "layer": Field(
        lambda finding: "none" if finding.layer is None else str(finding.layer),
        lambda finding: -1 if finding.layer is None else finding.layer,
        float,
    ),
    "category": Field(lambda finding: finding.category.value),
    "rule": Field(lambda finding: finding.rule_id),
    "path": Field(lambda finding: finding.path or ""),
    "state": Field(lambda finding: finding.state.value if finding.state else "none"),
    "package": Field(lambda finding: finding.package or ""),
    "sha256": Field(lambda finding: finding.sha256 or ""),
    "attack": Field(lambda finding: " ".join(finding.attack)),
    "evidence": Field(lambda finding: "\n".join(piece.text for piece in finding.evidence)),
}
"""What the list of findings can be filtered by."""

SORTS: dict[str, Callable[[Finding], Any]] = {
    "severity": report_order,
    "rule": lambda finding: (finding.rule_id, report_order(finding)),
    "layer": lambda finding: (-1 if finding.layer is None else finding.layer, report_order(finding)),
    "path": lambda finding: (finding.path or "", report_order(finding)),
    "state": lambda finding: (finding.state or "", report_order(finding)),
}
"""The orders of the list, by the name of its column."""


def first_bytes(finding: Finding) -> tuple[int | None, int]:
    """Offset and length of the first place in the bytes that a finding points to; None without one."""
    for piece in finding.evidence:
        if piece.offset is not None:
            return piece.offset, piece.length or 1
    return None, 0


def finding_words(finding: Finding) -> str:
    """What a word in the filter is looked for in."""
    return f"{finding.rule_id}\n{finding.title}\n{finding.path or ''}\n{finding.category.value}"


class FindingsBook:
    """Every finding once, worst first."""

    def __init__(self) -> None:
        self.ordered: list[Finding] = []
        self._by_id: dict[str, Finding] = {}
        self._worst: dict[int | None, tuple[Severity, int]] = {}

    def __len__(self) -> int:
        return len(self.ordered)

    def add(self, findings: Iterable[Finding]) -> None:
        """Take new findings in; one that is known stays as it is."""
        for finding in findings:
            if finding.id in self._by_id:
                continue
            self._by_id[finding.id] = finding
            severity, count = self._worst.get(finding.layer, (finding.severity, 0))
            worst = max(severity, finding.severity, key=lambda each: each.rank)
            self._worst[finding.layer] = (worst, count + 1)
        self.ordered = sorted(self._by_id.values(), key=report_order)

    def by_id(self, identifier: str) -> Finding | None:
        """The finding with this id."""
        return self._by_id.get(identifier)

    def worst(self) -> tuple[Severity | None, int]:
        """The worst severity of all and how many findings there are."""
        return (self.ordered[0].severity if self.ordered else None, len(self.ordered))

    def worst_in_layer(self, layer: int | None) -> tuple[Severity | None, int]:
        """The worst severity in a layer and how many findings it has; layer None: those about the image."""
        return self._worst.get(layer, (None, 0))

    def listed(self, query: str, sort: str = "severity", *, descending: bool = False) -> Sequence[Finding]:
        """The findings a filter leaves, in the order asked for; raises QueryError."""
        test = compile_query(query, FINDING_FIELDS, finding_words)
        kept = [finding for finding in self.ordered if test is None or test(finding)]
        if sort != "severity":
            kept.sort(key=SORTS[sort])
        if descending:
            kept.reverse()
        return kept
