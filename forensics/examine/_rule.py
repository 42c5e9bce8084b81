"""One signature as people and detectors see it: what it means, not how it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from forensics.model.findings import Category, Confidence, Severity

Word = TypeVar("Word", Severity, Category, Confidence)

REQUIRED = ("id", "title", "severity", "category", "confidence", "attack", "references", "explanation",
            "alternatives", "remediation")  # fmt: skip
"""The fields every rule of the bundled pack carries in its `meta` section."""

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*/[a-z0-9]+(?:-[a-z0-9]+)*")
ATTACK = re.compile(r"T\d{4}(?:\.\d{3})?")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A signature's meaning. `id` is `tactic/behaviour` and stable; it is what `RuleMatch.rule_id` says.

    `name` and `namespace` are those of the compiled YARA rule (`name` is empty for a pure list of
    indicators), `file` the file in its pack. `files` are SHA-256 hex digests of whole contents that match it.
    `paths`, `images` and `packages` are indicators that no content shows: absolute paths, `sha256:`
    digests of manifests, configurations or layers, and package URLs with version.
    """

    id: str
    title: str
    severity: Severity = Severity.MEDIUM
    category: Category = Category.UNEXPECTED_BINARY
    confidence: Confidence = Confidence.LOW
    attack: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    explanation: str = ""
    alternatives: str = ""
    remediation: str = ""
    pack: str = ""
    namespace: str = ""
    name: str = ""
    file: str = ""
    files: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


def rule_of(
    meta: Mapping[str, Any], *, fallback_id: str, pack: str, namespace: str, name: str, file: str
) -> Rule:
    """The rule that a YARA `meta` section describes.

    Rules of other people rarely have our fields: an unknown or missing one gets a cautious default (severity
    medium, confidence low), `description` and a numeric `score` of 0 to 100 are understood.
    """
    text = {key: str(value) for key, value in meta.items()}
    identifier = text.get("id", "")
    description = text.get("description", "")
    return Rule(
        id=identifier if ID.fullmatch(identifier) else fallback_id,
        title=text.get("title") or description or name,
        severity=_severity(text),
        category=_word(Category, text.get("category", ""), Category.UNEXPECTED_BINARY),
        confidence=_word(Confidence, text.get("confidence", ""), Confidence.LOW),
        attack=tuple(ATTACK.findall(text.get("attack", "") or text.get("mitre_attack", ""))),
        references=tuple((text.get("references") or text.get("reference", "")).replace(",", " ").split()),
        explanation=text.get("explanation") or description,
        alternatives=text.get("alternatives", ""),
        remediation=text.get("remediation", ""),
        pack=pack,
        namespace=namespace,
        name=name,
        file=file,
    )


def _word(kind: type[Word], text: str, default: Word) -> Word:
    try:
        return kind(text.lower())
    except ValueError:
        return default


def _severity(text: Mapping[str, str]) -> Severity:
    score = text.get("score", "")
    if "severity" not in text and score.isdigit():
        return Severity.HIGH if int(score) >= 75 else Severity.MEDIUM if int(score) >= 50 else Severity.LOW
    return _word(Severity, text.get("severity", ""), Severity.MEDIUM)
