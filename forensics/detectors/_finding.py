"""What a detector says: the constant words of a finding, and the one place that makes findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from forensics.detectors._scene import Scene
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity, finding_id
from forensics.model.sbom import FileStatus
from forensics.printable import exact_base64, printable

TEXT_LENGTH = 300
"""Characters of one piece of evidence."""

_OWNING = frozenset(
    {FileStatus.DECLARED, FileStatus.PACKAGE, FileStatus.ALTERED, FileStatus.UNDECLARED_PACKAGE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one rule always says; `severity` and `confidence` are its own, before the circumstances.

    `explanation` says why it matters, `alternatives` what else it could be, `remediation` what to do.
    """

    rule_id: str
    category: Category
    severity: Severity
    confidence: Confidence
    title: str
    explanation: str
    alternatives: str
    remediation: str
    attack: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the case at hand changes about a statement.

    `detail` completes the title, `reasons` are sentences added to the explanation (why a severity was
    lowered or raised), `distinct` separates several findings of one rule at one place.
    """

    severity: Severity | None = None
    confidence: Confidence | None = None
    detail: str = ""
    reasons: tuple[str, ...] = ()
    distinct: str = ""


PLAIN = Circumstances()


def about_file(
    scene: Scene,
    said: Statement,
    version: FileVersion,
    evidence: Iterable[Evidence] = (),
    case: Circumstances = PLAIN,
) -> Finding:
    """A finding about one version of one file, or about hidden bytes, which have no state."""
    verdict = scene.verdict(version.key)
    owner = verdict.claimed_by if verdict and verdict.status in _OWNING else ""
    distinct = f"{version.sha256} {printable(case.distinct)}"
    return replace(
        _say(scene, said, evidence, case),
        id=finding_id(said.rule_id, version.layer, version.path, distinct),
        layer=version.layer if version.layer >= 0 else None,
        instruction=instruction(scene, version.layer),
        path=printable(version.path),
        path_base64=exact_base64(version.path),
        state=version.state if version.entry.header_offset >= 0 else None,
        changed_by_layer=version.changed_by_layer,
        sha256=version.sha256 or None,
        package=printable(owner) or None,
    )


def about_layer(
    scene: Scene,
    said: Statement,
    layer: int,
    evidence: Iterable[Evidence] = (),
    case: Circumstances = PLAIN,
) -> Finding:
    """A finding about a layer as a whole, or about the build step that made it."""
    return replace(
        _say(scene, said, evidence, case),
        id=finding_id(said.rule_id, layer, None, printable(case.distinct)),
        layer=layer,
        instruction=instruction(scene, layer),
    )


def about_image(
    scene: Scene,
    said: Statement,
    evidence: Iterable[Evidence] = (),
    case: Circumstances = PLAIN,
) -> Finding:
    """A finding about the configuration, the archive or the image as a whole."""
    return _say(scene, said, evidence, case)


def instruction(scene: Scene, layer: int) -> str:
    """The printable build step that made a layer, empty when the image does not say."""
    for source in scene.image.layers:
        if source.index == layer:
            return printable(source.created_by)
    return ""


def shown(text: str, length: int = TEXT_LENGTH) -> str:
    """`text` printable, on one line and no longer than `length` characters."""
    line = printable(" ".join(text[: length * 4].split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def note(text: str, kind: str = "metadata") -> Evidence:
    """Evidence that is a statement and has no place in a file's bytes."""
    return Evidence(kind=kind, text=shown(text))


def excerpt(text: str, offset: int, length: int | None = None) -> Evidence:
    """Evidence that points at bytes of the file the finding names; `text` has one character a byte."""
    original = text.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
    return Evidence(
        kind="bytes", text=shown(original), offset=offset, length=len(text) if length is None else length
    )


def one_lower(severity: Severity) -> Severity:
    """The severity below this one; info stays."""
    return list(Severity)[max(0, severity.rank - 1)]


def at_most(severity: Severity, ceiling: Severity) -> Severity:
    """The lesser of the two."""
    return severity if severity.rank <= ceiling.rank else ceiling


def in_effect(version: FileVersion, severity: Severity) -> Severity:
    """`severity` for a file that is visible, one lower for one that a later layer hides.

    For settings that act only while they can be seen. What a later layer removed can no longer act, but
    somebody put it there.
    """
    return severity if version.state is FileState.VISIBLE else one_lower(severity)


def _say(scene: Scene, said: Statement, evidence: Iterable[Evidence], case: Circumstances) -> Finding:
    return Finding(
        id=finding_id(said.rule_id, None, None, printable(case.distinct)),
        rule_id=said.rule_id,
        category=said.category,
        severity=case.severity or said.severity,
        confidence=case.confidence or said.confidence,
        title=f"{said.title}: {shown(case.detail, 120)}" if case.detail else said.title,
        explanation=_sentences(said.explanation, case.reasons),
        alternatives=said.alternatives,
        remediation=said.remediation,
        evidence=_bounded(list(evidence), scene.limits.evidence_per_finding),
        attack=said.attack,
        references=said.references,
    )


def _sentences(explanation: str, reasons: Sequence[str]) -> str:
    return " ".join([explanation, *(shown(reason) for reason in reasons)])


def _bounded(evidence: Sequence[Evidence], most: int) -> tuple[Evidence, ...]:
    if len(evidence) <= most:
        return tuple(evidence)
    kept = evidence[: most - 1]
    return (*kept, Evidence(kind="metadata", text=f"and {len(evidence) - len(kept)} more like these"))
