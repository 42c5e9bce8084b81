"""Everything that is learnt from one content, in one pass through all examiners."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import forensics.examine
from forensics.errors import ParseError
from forensics.examine._examiner import Examiner, Subject
from forensics.examine._nested import Nested
from forensics.examine._scan import Scanner
from forensics.examine._signatures import Signatures
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import FileFacts, RuleMatch
from forensics.model.issues import Issue
from forensics.parsers.filetype import file_type
from forensics.plugins import collect

DIGESTS = frozenset({"md5", "sha1", "sha256", "sha512"})
"""Algorithms that package databases and SBOMs use."""


class Examination:
    """Examines contents one after the other; built once a worker, which compiles the signatures once."""

    def __init__(self, signatures: Signatures, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._scanner = Scanner(signatures, limits)
        self._examiners: tuple[Examiner, ...] = collect(forensics.examine, "EXAMINER", Examiner)
        self._for_members = tuple(each for each in self._examiners if each.for_members)

    def examine(
        self, content: bytes | bytearray | memoryview, sha256: str, digests: frozenset[str] = frozenset()
    ) -> FileFacts:
        """The facts of `content`, whose SHA-256 hex digest is `sha256`; `digests` are algorithms to add.

        Never raises for anything the content holds: what cannot be examined is an issue among the facts, and
        `lost_bytes` counts the bytes that the signatures did not see. What an archive holds is examined too.
        """
        return self._examine(content, sha256, digests, Nested(self._limits, self._examine_member))

    def _examine_member(self, content: memoryview, nested: Nested) -> FileFacts:
        digest = hashlib.sha256(content).hexdigest()
        return self._examine(content, digest, frozenset(), nested)

    def _examine(
        self, content: bytes | bytearray | memoryview, sha256: str, digests: frozenset[str], nested: Nested
    ) -> FileFacts:
        whole = memoryview(content)
        size = len(whole)
        kind = file_type(whole, size)
        part = whole[: self._limits.scan_bytes]
        scan = self._scanner.scan(part, sha256)
        subject = Subject(
            content=part,
            sha256=sha256,
            type=kind.id,
            clues=scan.clues,
            limits=self._limits,
            scanner=self._scanner,
            whole=whole,
            nested=nested,
        )
        issues: list[Issue] = []
        lost = size - len(part)
        if lost:
            issues.append(
                subject.issue("limit", f"only the first {len(part)} of {size} bytes were examined", lost)
            )
        if scan.failure:
            issues.append(subject.issue(scan.code, scan.failure, len(part)))
            lost = size
        fields: dict[str, Any] = {}
        matches = list(scan.matches)
        for examiner in self._for_members if nested.depth else self._examiners:
            if not examiner.applies(kind.id, size):
                continue
            try:
                learnt = examiner.examine(subject)
            except ParseError as error:
                issues.append(subject.issue("not-parsed", f"{examiner.id}: {error.message}"))
                continue
            if learnt is not None:
                fields[examiner.id] = learnt.value
                matches += learnt.matches
                issues += learnt.issues
        further = digest_facts(whole, digests & {"md5", "sha1"}) if digests else {}
        return FileFacts(
            sha256=sha256,
            size=size,
            type=kind.id,
            description=kind.description,
            matches=_merged(matches, self._limits.evidence_per_finding),
            issues=tuple(issues),
            lost_bytes=lost,
            md5=further.get("md5", ""),
            sha1=further.get("sha1", ""),
            **fields,
        )


def _merged(matches: Iterable[RuleMatch], most: int) -> tuple[RuleMatch, ...]:
    """One record a rule, in order of rule ids."""
    by_rule: dict[str, RuleMatch] = {}
    for match in matches:
        known = by_rule.get(match.rule_id)
        strings = (*known.strings, *match.strings)[:most] if known else match.strings
        by_rule[match.rule_id] = RuleMatch(rule_id=match.rule_id, strings=strings)
    return tuple(by_rule[rule_id] for rule_id in sorted(by_rule))


def digest_facts(content: bytes | bytearray | memoryview, algorithms: Iterable[str]) -> dict[str, str]:
    """Hex digests of `content` by algorithm, in order of names; ValueError for one not in `DIGESTS`."""
    wanted = sorted(set(algorithms))
    if unknown := [name for name in wanted if name not in DIGESTS]:
        raise ValueError(f"not a digest that anybody declares: {unknown[0]}")
    return {name: hashlib.new(name, content, usedforsecurity=False).hexdigest() for name in wanted}
