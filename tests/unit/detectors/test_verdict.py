"""The verdict: its level is that of the worst findings, its score stays within the level."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.detectors import for_review, verdict
from forensics.model.findings import Category, Confidence, Finding, Severity

LEVELS = ("clean", "review", "suspicious", "malicious")


def finding(
    severity: Severity, confidence: Confidence = Confidence.HIGH, rule: str = "a/b", path: str | None = "/x"
) -> Finding:
    return Finding(
        id=f"{rule}{path}", rule_id=rule, category=Category.MINER, severity=severity, confidence=confidence,
        title="t", explanation="", remediation="", path=path,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "level"),
    [
        ([], "clean"),
        ([finding(Severity.LOW)] * 50, "clean"),
        ([finding(Severity.MEDIUM)], "review"),
        ([finding(Severity.HIGH, Confidence.LOW)], "suspicious"),
        ([finding(Severity.CRITICAL, Confidence.LOW)], "suspicious"),
        ([finding(Severity.CRITICAL, Confidence.MEDIUM)], "malicious"),
        ([finding(Severity.INFO), finding(Severity.CRITICAL), finding(Severity.LOW)], "malicious"),
    ],
)
def test_levels(findings: list[Finding], level: str) -> None:
    assert verdict(findings).level == level


def test_reasons_are_the_worst_of_each_rule_and_bounded() -> None:
    found = [finding(Severity.MEDIUM, rule=f"r/{n:02}") for n in range(15)]
    found += [finding(Severity.HIGH, rule="r/z", path=f"/{n}") for n in range(3)]
    given_verdict = verdict(found)
    assert given_verdict.reasons[0] == "high: t (/0), and 2 more"
    assert given_verdict.reasons[-1] == "and 6 more rules"
    assert len(given_verdict.reasons) == 11


@pytest.mark.parametrize("count", [0, 3, 19, 40])
def test_what_is_clean_and_incomplete_is_for_review(count: int) -> None:
    clean = verdict([finding(Severity.LOW, rule=f"r/{n}") for n in range(count)])
    assert clean.level == "clean"
    assert for_review(clean).level == "review"
    assert 20 <= for_review(clean).score <= 49
    worse = verdict([finding(Severity.HIGH)])
    assert for_review(worse) == worse


FINDINGS = st.builds(
    finding,
    st.sampled_from(list(Severity)),
    st.sampled_from(list(Confidence)),
    st.sampled_from([f"r/{n}" for n in range(40)]),
)


@given(st.lists(FINDINGS, max_size=60), FINDINGS)
def test_more_findings_never_lower_it(findings: list[Finding], another: Finding) -> None:
    before, after = verdict(findings), verdict([*findings, another])
    assert LEVELS.index(after.level) >= LEVELS.index(before.level)
    assert after.score >= before.score
    assert 0 <= after.score <= 100
    assert verdict([another, *findings]) == after
