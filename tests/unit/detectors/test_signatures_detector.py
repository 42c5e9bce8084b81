"""Matches become findings; where the file lies and who owns it decides how much they weigh."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from forensics.detectors import Scene
from forensics.detectors.signatures import DETECTOR, MOST_PLACES
from forensics.examine import Rule
from forensics.model.facts import MatchedString, RuleMatch
from forensics.model.findings import Category, Confidence, Finding, Severity
from tests.scenes import File, Layer, build, debian, dpkg, elf, said

GUESS = Rule(
    id="t/guess", title="Guess", severity=Severity.HIGH, category=Category.MINER, confidence=Confidence.MEDIUM
)
SURE = Rule(
    id="t/sure",
    title="Sure",
    severity=Severity.CRITICAL,
    category=Category.BACKDOOR,
    confidence=Confidence.HIGH,
)
RULES = {rule.id: rule for rule in (GUESS, SURE)}
MARK = b"the mark"


def matching(*layers: Layer, rule: Rule, identifier: str = "$a") -> Scene:
    """A scene in which `rule` matches every content that holds the mark."""
    scene = build(layers, rules=RULES)
    facts = {}
    for sha256, known in scene.facts.items():
        content = scene.view.read(scene.files.contents[sha256][0])
        at = content.find(MARK)
        strings = (MatchedString(identifier, at, len(MARK), MARK.decode()),)
        matches = (RuleMatch(rule_id=rule.id, strings=strings),) if at >= 0 else ()
        facts[sha256] = msgspec.structs.replace(known, matches=matches)
    return dataclasses.replace(scene, facts=facts)


def judge(*layers: Layer, rule: Rule = GUESS, identifier: str = "$a") -> list[Finding]:
    return list(DETECTOR.detect(matching(*layers, rule=rule, identifier=identifier)))


def test_a_match_keeps_the_rules_words_and_points_at_the_bytes() -> None:
    (found,) = judge(debian(), {"/opt/x": b"some text, the mark"})
    assert (found.rule_id, found.title, found.severity, found.confidence, found.category) == (
        GUESS.id,
        GUESS.title,
        GUESS.severity,
        GUESS.confidence,
        GUESS.category,
    )
    assert (found.evidence[0].kind, found.evidence[0].offset, found.evidence[0].length) == ("bytes", 11, 8)
    assert found.path == "/opt/x"


def test_every_version_is_told() -> None:
    found = judge(debian(), {"/opt/x": MARK}, {"/opt/x": None, "/opt/y": MARK})
    assert [(one.path, str(one.state), one.layer) for one in found] == [
        ("/opt/y", "visible", 2),
        ("/opt/x", "deleted", 1),
    ]


def test_many_places_of_one_content_are_bounded() -> None:
    found = judge(debian(), {f"/opt/{n:03}": MARK for n in range(100)})
    assert len(found) == MOST_PLACES
    assert found[0].evidence[0].text == f"the same content lies in {100 - MOST_PLACES} more places"


@pytest.mark.parametrize(
    ("path", "file", "rule", "expected"),
    [
        ("/opt/readme.md", File(MARK), GUESS, ("low", "low")),
        ("/opt/readme.md", File(MARK), SURE, ("medium", "low")),
        ("/usr/share/doc/x/notes", File(MARK), GUESS, ("low", "low")),
        ("/opt/rules/miners.yar", File(MARK), SURE, ("medium", "low")),
        ("/etc/suricata/rules/local.rules", File(MARK), SURE, ("medium", "low")),
        ("/etc/udev/rules.d/75-net.rules", File(MARK), SURE, ("critical", "high")),
        ("/etc/polkit-1/rules.d/10-a.rules", File(MARK), SURE, ("critical", "high")),
        ("/app/tests/data", File(MARK), GUESS, ("low", "low")),
        ("/opt/readme.md", File(elf(MARK), 0o755), GUESS, ("high", "medium")),
        ("/usr/share/doc/x/run", File(b"#!/bin/sh\n# " + MARK, 0o755), GUESS, ("high", "medium")),
        ("/usr/share/doc/x/run", File(b"#!/bin/sh\n# " + MARK), GUESS, ("high", "medium")),
        ("/opt/x", File(MARK), SURE, ("critical", "high")),
    ],
)
def test_text_that_only_speaks_of_it(path: str, file: File, rule: Rule, expected: tuple[str, str]) -> None:
    (found,) = judge(debian(), {path: file}, rule=rule)
    assert (str(found.severity), str(found.confidence)) == expected


def test_ownership_outweighs_a_guess_and_no_certainty() -> None:
    content = elf(MARK)
    layer = {"/usr/bin/x": File(content, 0o755), **dpkg({"p": {"/usr/bin/x": content}})}
    (guess,) = judge(layer)
    assert (str(guess.severity), str(guess.confidence)) == ("low", "low")
    (sure,) = judge(layer, rule=SURE)
    assert (str(sure.severity), str(sure.confidence)) == ("critical", "high")
    assert "package itself is to be suspected" in sure.explanation


def test_text_of_a_package_quotes_even_what_is_certain() -> None:
    script = b"#!/bin/sh\n# " + MARK
    layer = {"/usr/bin/x": File(script, 0o755), **dpkg({"p": {"/usr/bin/x": script}})}
    (found,) = judge(layer, rule=SURE)
    assert (str(found.severity), str(found.confidence)) == ("low", "low")


def test_a_known_digest_is_never_lowered() -> None:
    layer = {"/usr/share/doc/x": MARK, **dpkg({"p": {"/usr/share/doc/x": MARK}})}
    (found,) = judge(layer, identifier="sha256")
    assert (str(found.severity), str(found.confidence)) == ("high", "high")
    assert found.evidence[0].kind == "digest"


def test_a_rule_that_is_not_known_says_nothing() -> None:
    scene = dataclasses.replace(matching({"/x": MARK}, rule=GUESS), rules={})
    assert said(list(DETECTOR.detect(scene))) == []
