"""One word for the whole image. See docs/detectors.md, "The verdict"."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from forensics.model.findings import Confidence, Finding, Severity, report_order
from forensics.model.report import Verdict

MOST_REASONS = 10

_LEVELS = {"clean": (0, 19), "review": (20, 49), "suspicious": (50, 89), "malicious": (90, 100)}
_WEIGHTS = {Severity.INFO: 0, Severity.LOW: 1, Severity.MEDIUM: 3, Severity.HIGH: 6, Severity.CRITICAL: 10}


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Level, score and reasons.

    A critical finding of medium or high confidence makes the image `malicious`; a critical one of low
    confidence or any high one `suspicious`; a medium one `review`; otherwise it is `clean`. The score lies
    in the level's range (0-19, 20-49, 50-89, 90-100), and within it grows with the number of different
    rules that spoke, so that it never outweighs the level. The reasons are the worst findings, one a rule.
    """
    ordered = sorted(findings, key=report_order)
    worst: dict[str, Finding] = {}
    counts: dict[str, int] = {}
    for finding in ordered:
        worst.setdefault(finding.rule_id, finding)
        counts[finding.rule_id] = counts.get(finding.rule_id, 0) + 1
    level = _level(ordered)
    low, high = _LEVELS[level]
    weight = sum(_WEIGHTS[finding.severity] for finding in worst.values())
    telling = [finding for finding in worst.values() if finding.severity.rank >= Severity.MEDIUM.rank]
    reasons = [_reason(finding, counts[finding.rule_id]) for finding in telling[:MOST_REASONS]]
    if len(telling) > MOST_REASONS:
        reasons.append(f"and {len(telling) - MOST_REASONS} more rules")
    return Verdict(level=level, score=min(high, low + weight), reasons=tuple(reasons))


def for_review(verdict: Verdict) -> Verdict:
    """The same verdict, with `review` in the place of `clean`: for an image of which parts are not there."""
    if verdict.level != "clean":
        return verdict
    low, high = _LEVELS["review"]
    return msgspec.structs.replace(verdict, level="review", score=min(high, low + verdict.score))


def _level(findings: list[Finding]) -> str:
    level = "clean"
    for finding in findings:
        if finding.severity is Severity.CRITICAL:
            if finding.confidence is not Confidence.LOW:
                return "malicious"
            level = "suspicious"
        elif finding.severity is Severity.HIGH:
            level = "suspicious"
        elif finding.severity is Severity.MEDIUM and level == "clean":
            level = "review"
    return level


def _reason(finding: Finding, count: int) -> str:
    place = finding.path or ("" if finding.layer is None else f"layer {finding.layer}")
    text = f"{finding.severity}: {finding.title}" + (f" ({place})" if place else "")
    return text if count == 1 else f"{text}, and {count - 1} more"
