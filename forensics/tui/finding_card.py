"""A finding in full: what was seen, where exactly, why it matters, what else it could be, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.model.findings import Evidence, Finding
from forensics.tui.widgets import Blank, Fact, Heading, Item, Paragraph, Part
from forensics.tui.words import instruction_text, severity_part, state_text


@dataclass(frozen=True, slots=True)
class GoToFinding:
    """What a line of the card leads to: the finding's file, at a place in its bytes when there is one."""

    finding: Finding
    offset: int | None = None
    length: int = 0


def finding_card(finding: Finding, *, reviewed: bool) -> list[Item]:
    """The lines of the card."""
    head: list[Part] = [severity_part(finding.severity), "  ", (finding.title, "strong")]
    if reviewed:
        head.append(("  ✓ reviewed", "success"))
    return [
        Heading(head),
        Paragraph(
            (
                (
                    f"{finding.rule_id} · {finding.category.value} · confidence {finding.confidence.value}",
                    "muted",
                ),
            )
        ),
        Blank(),
        *_with_space(_place(finding)),
        *_evidence(finding),
        *_reading("Why it matters", finding.explanation),
        *_reading("What else it could be", finding.alternatives),
        *_reading("What to do", finding.remediation),
        *_sources(finding),
    ]


def _place(finding: Finding) -> Iterator[Item]:
    if finding.path is not None:
        yield Fact("file", finding.path, payload=GoToFinding(finding))
    if finding.layer is not None:
        yield Fact("layer", str(finding.layer))
    if finding.state is not None:
        yield Fact("state", state_text(finding.state, finding.changed_by_layer))
    if finding.instruction:
        yield Fact("made by", instruction_text(finding.instruction), copy=finding.instruction)
    if finding.package:
        yield Fact("package", finding.package)
    if finding.sha256:
        yield Fact("sha256", finding.sha256)


def _with_space(items: Iterator[Item]) -> list[Item]:
    """The items with an empty line behind them, if there are any."""
    listed = list(items)
    return [*listed, Blank()] if listed else []


def _evidence(finding: Finding) -> Iterator[Item]:
    if not finding.evidence:
        return
    yield Heading("Evidence")
    for piece in finding.evidence:
        yield _piece(finding, piece)
    yield Blank()


def _piece(finding: Finding, piece: Evidence) -> Item:
    if piece.offset is None:
        return Paragraph(((f"{piece.kind}  ", "muted"), piece.text), indent=1)
    where = (f"0x{piece.offset:08x}  ", "accent")
    payload = GoToFinding(finding, piece.offset, piece.length or 0) if finding.path else None
    return Paragraph((where, (f"{piece.kind}  ", "muted"), piece.text), indent=1, payload=payload)


def _reading(title: str, text: str) -> Iterator[Item]:
    if text:
        yield Heading(title)
        yield Paragraph(text, indent=1)
        yield Blank()


def _sources(finding: Finding) -> Iterator[Item]:
    if finding.attack:
        yield Fact("ATT&CK", ", ".join(finding.attack))
    for number, reference in enumerate(finding.references):
        yield Fact("" if number else "see", reference)
    yield Fact("finding id", finding.id)
