"""A finding about the file that is looked at: what was seen, and how to read it."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.findings import Evidence, Finding
from forensics.tui.viewers._sheet import Place
from forensics.tui.widgets import Blank, Fact, Item, Paragraph
from forensics.tui.words import severity_part


def finding_items(finding: Finding) -> Iterator[Item]:
    """The lines about one finding; evidence with an offset leads to its bytes."""
    evidence = [_evidence(piece) for piece in finding.evidence]
    first = next((line.payload for line in evidence if line.payload is not None), None)
    headline = (severity_part(finding.severity), "  ", (finding.title, "strong"))
    yield Paragraph(headline, payload=first)
    named = f"{finding.rule_id} · {finding.category.value} · confidence {finding.confidence.value}"
    yield Paragraph(((named, "muted"),), indent=2)
    yield from evidence
    for title, text in (
        ("why it matters", finding.explanation),
        ("what else it could be", finding.alternatives),
        ("what to do", finding.remediation),
    ):
        if text:
            yield Paragraph(((f"{title}  ", "heading"), text), indent=2)
    if finding.attack:
        yield Fact("  ATT&CK", ", ".join(finding.attack))
    for number, reference in enumerate(finding.references):
        yield Fact("" if number else "  see", reference)
    yield Blank()


def _evidence(evidence: Evidence) -> Paragraph:
    kind = "" if evidence.kind == "bytes" else f"{evidence.kind}  "
    if evidence.offset is None:
        return Paragraph(((kind, "muted"), evidence.text), indent=2)
    return Paragraph(
        ((f"0x{evidence.offset:08x}  ", "accent"), (kind, "muted"), evidence.text),
        indent=2,
        payload=Place(evidence.offset, evidence.length or 0),
    )
