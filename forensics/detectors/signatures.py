"""Signatures that matched a file, in every version of it.

What lowers a match: the file is documentation, a scanner's own rules, or test data, and nothing that could be
started; or a package of the distribution answers for exactly these bytes. The latter is strong evidence
against a match in text, which packages of tools and tests quote (nmap ships back doors to look for), and
against a guess. It is none against a certainty: packages themselves have been backdoored (xz 5.6.0), and an
intruder can write the package database. So digests of known bad files keep their severity there, and so do
rules of high confidence in native code.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, at_most, note
from forensics.detectors._nature import nature
from forensics.detectors._places import is_detection_content, is_documentation, is_test_data
from forensics.detectors._scene import Detector, Scene
from forensics.examine import Rule
from forensics.model.facts import FileFacts, RuleMatch
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Confidence, Evidence, Finding, Severity

MOST_PLACES = 16
"""Findings for one rule and one content; further places are told with the first."""


class SignaturesDetector(Detector):
    """One finding for each rule, content and version; the rule's own words, its evidence at its offsets."""

    id = "signatures"
    statements = ()

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """In path order; a content that lies in many places is told `MOST_PLACES` times at most."""
        for sha256, found in scene.contents.items():
            facts = scene.facts.get(sha256)
            if facts is None or not facts.matches:
                continue
            versions = sorted(found, key=lambda one: one.state is not FileState.VISIBLE)
            for match in facts.matches:
                rule = scene.rules.get(match.rule_id)
                if rule is not None:
                    yield from _tell(scene, rule, match, facts, versions)


def _tell(
    scene: Scene, rule: Rule, match: RuleMatch, facts: FileFacts, versions: list[FileVersion]
) -> Iterator[Finding]:
    said = statement(rule)
    further = versions[MOST_PLACES:]
    for number, version in enumerate(versions[:MOST_PLACES]):
        evidence = list(_evidence(match))
        if number == 0 and further:
            evidence.insert(0, note(f"the same content lies in {len(further)} more places"))
        yield about_file(scene, said, version, evidence, _case(scene, rule, match, facts, version))


def statement(rule: Rule) -> Statement:
    """A rule's words as a detector says them."""
    return Statement(
        rule_id=rule.id,
        category=rule.category,
        severity=rule.severity,
        confidence=rule.confidence,
        title=rule.title,
        explanation=rule.explanation,
        alternatives=rule.alternatives,
        remediation=rule.remediation,
        attack=rule.attack,
        references=rule.references,
    )


def _evidence(match: RuleMatch) -> Iterator[Evidence]:
    for one in match.strings:
        if one.identifier == "sha256":
            yield Evidence(kind="digest", text=one.text)
        else:
            yield Evidence(
                kind="bytes", text=f"{one.identifier}: {one.text}", offset=one.offset, length=one.length
            )


def _case(
    scene: Scene, rule: Rule, match: RuleMatch, facts: FileFacts, version: FileVersion
) -> Circumstances:
    if any(one.identifier == "sha256" for one in match.strings):
        return Circumstances(confidence=Confidence.HIGH)
    severity, confidence = rule.severity, rule.confidence
    reasons: list[str] = []
    if nature(version, facts) is None and facts.elf is None:
        said = _quotes(version.path, facts)
        if said:
            ceiling = (
                Severity.MEDIUM
                if severity is Severity.CRITICAL and confidence is Confidence.HIGH
                else Severity.LOW
            )
            severity, confidence = at_most(severity, ceiling), Confidence.LOW
            reasons.append(said)
    if scene.vouched(version) and (rule.confidence is not Confidence.HIGH or facts.elf is None):
        severity, confidence = at_most(severity, Severity.LOW), Confidence.LOW
        reasons.append("A package answers for exactly these bytes.")
    elif scene.vouched(version):
        reasons.append("A package answers for these bytes, so that the package itself is to be suspected.")
    return Circumstances(severity=severity, confidence=confidence, reasons=tuple(reasons))


def _quotes(path: str, facts: FileFacts) -> str:
    """Why a text only speaks of what it names; empty when it may do it."""
    if facts.script is not None and facts.script.interpreter:
        return ""
    if is_detection_content(path):
        return "These are rules of a scanner, which quote what they look for."
    if is_documentation(path):
        return "It is documentation, which speaks of such things without doing them."
    if is_test_data(path):
        return "It lies among tests or examples."
    return ""


DETECTOR = SignaturesDetector()
