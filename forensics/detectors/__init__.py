"""From facts to findings, and from findings to the verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

from msgspec.structs import replace

from forensics.detectors._finding import note
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.detectors._verdict import for_review, verdict
from forensics.model.findings import Finding, finding_id, report_order
from forensics.plugins import collect

__all__ = ["MOST_OF_A_RULE", "Detector", "Needs", "Scene", "detect", "detectors", "for_review", "verdict"]

MOST_OF_A_RULE = 1000
"""Findings of one rule that are listed; an image could be made to give millions."""


@cache
def detectors() -> tuple[Detector, ...]:
    """Every detector, in name order."""
    return collect(sys.modules[__name__], "DETECTOR", Detector)


def detect(scene: Scene, needs: Needs) -> tuple[Finding, ...]:
    """The findings of the detectors whose `needs` is exactly this one, in the report's order, each id once.

    Of one rule the worst `MOST_OF_A_RULE` are listed, and one more finding counts the rest. A detector is
    total; an exception out of one is a defect of it and is not hidden.
    """
    found: dict[str, Finding] = {}
    for detector in detectors():
        if detector.needs is needs:
            for finding in detector.detect(scene):
                found.setdefault(finding.id, finding)
    return _bounded(sorted(found.values(), key=report_order))


def _bounded(ordered: Sequence[Finding]) -> tuple[Finding, ...]:
    kept: list[Finding] = []
    counts: dict[str, int] = {}
    first_left: dict[str, Finding] = {}
    for finding in ordered:
        count = counts[finding.rule_id] = counts.get(finding.rule_id, 0) + 1
        if count <= MOST_OF_A_RULE:
            kept.append(finding)
        else:
            first_left.setdefault(finding.rule_id, finding)
    kept += [_rest(finding, counts[rule_id] - MOST_OF_A_RULE) for rule_id, finding in first_left.items()]
    return tuple(sorted(kept, key=report_order))


def _rest(finding: Finding, count: int) -> Finding:
    """A finding of the image that stands for `count` more like `finding`."""
    return replace(
        finding,
        id=finding_id(finding.rule_id, None, None, "not listed"),
        title=f"{finding.title.partition(': ')[0]}: {count} more",
        layer=None,
        instruction="",
        path=None,
        path_base64=None,
        state=None,
        changed_by_layer=None,
        sha256=None,
        package=None,
        evidence=(note(f"{count} more findings of this rule are not listed"),),
    )
