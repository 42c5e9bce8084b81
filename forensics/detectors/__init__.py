"""From facts to findings, and from findings to the verdict."""

from __future__ import annotations

import sys
from functools import cache

from forensics.detectors._scene import Detector, Needs, Scene
from forensics.detectors._verdict import verdict
from forensics.model.findings import Finding, report_order
from forensics.plugins import collect

__all__ = ["Detector", "Needs", "Scene", "detect", "detectors", "verdict"]


@cache
def detectors() -> tuple[Detector, ...]:
    """Every detector, in name order."""
    return collect(sys.modules[__name__], "DETECTOR", Detector)


def detect(scene: Scene, needs: Needs) -> tuple[Finding, ...]:
    """The findings of the detectors whose `needs` is exactly this one, in the report's order, each id once.

    A detector is total; an exception out of one is a defect of it and is not hidden.
    """
    found: dict[str, Finding] = {}
    for detector in detectors():
        if detector.needs is needs:
            for finding in detector.detect(scene):
                found.setdefault(finding.id, finding)
    return tuple(sorted(found.values(), key=report_order))
