"""Sizes and counts as people read them."""

from __future__ import annotations

import pytest

from forensics.model.findings import Severity
from forensics.quantities import counted, human_size
from forensics.reports._words import severity_counts


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (3_549_999, "3.5 MB"),
        (99_940_000, "99.9 MB"),
        (99_960_000, "100 MB"),
        (999_600_000, "1.0 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_size(size: int, shown: str) -> None:
    assert human_size(size) == shown


def test_counted() -> None:
    assert [counted(0, "file"), counted(1, "file"), counted(1200, "file")] == [
        "0 files",
        "1 file",
        "1,200 files",
    ]
    assert counted(2, "entry", "entries") == "2 entries"


def test_severities_are_counted_worst_first() -> None:
    assert severity_counts([Severity.LOW, Severity.CRITICAL, Severity.LOW]) == "1 critical · 2 low"
    assert severity_counts([]) == "none"
