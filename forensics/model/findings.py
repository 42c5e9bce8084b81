"""A finding: what was seen, where exactly, why it matters and what else it could be."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from forensics.model.files import FileState


class Severity(StrEnum):
    """How much an analyst must care; the public contract says what may be relied on."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return _RANKS[self]

    @property
    def sign(self) -> str:
        """The sign that stands before the word, so that colour is never the only signal.

        Letters of one cell each: a single character for two marks is as wide as two in some fonts.
        """
        return _SIGNS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_SIGNS = dict(zip(Severity, ("·", "·", "~", "!", "!!"), strict=True))


class Confidence(StrEnum):
    """How sure the rule is of its own reading."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Category(StrEnum):
    """What kind of thing was found; one of the public contract's list."""

    MINER = "miner"
    CREDENTIAL_ACCESS = "credential-access"
    EXFILTRATION = "exfiltration"
    BACKDOOR = "backdoor"
    PERSISTENCE = "persistence"
    PRIVILEGE_ESCALATION = "privilege-escalation"
    DEFENSE_EVASION = "defense-evasion"
    UNEXPECTED_BINARY = "unexpected-binary"
    INTEGRITY = "integrity"
    SBOM_DRIFT = "sbom-drift"
    SECRET = "secret"  # noqa: S105 - a category, not a password
    CONFIGURATION = "configuration"
    ARCHIVE_ANOMALY = "archive-anomaly"
    VULNERABILITY = "vulnerability"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at.

    `kind`: `bytes` (offset and length in the file), `decoded`, `config`, `history`, `metadata`, `digest`,
    `section`. `offset` is None where there is no place in a file. `text` is printable.
    """

    kind: str
    text: str
    offset: int | None = None
    length: int | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding, in the words of the JSON report. Make it with `finding()`, which fills `id`.

    `path` is printable and None for a finding about the image; `path_base64` carries the exact bytes where
    they differ. `layer` is None for a finding about the archive or the configuration as a whole.
    `alternatives` says what else it could be; `instruction` is the layer's `created_by`.
    """

    id: str
    rule_id: str
    category: Category
    severity: Severity
    confidence: Confidence
    title: str
    explanation: str
    remediation: str
    alternatives: str = ""
    layer: int | None = None
    instruction: str = ""
    path: str | None = None
    path_base64: str | None = None
    state: FileState | None = None
    changed_by_layer: int | None = None
    sha256: str | None = None
    package: str | None = None
    evidence: tuple[Evidence, ...] = ()
    attack: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


def finding_id(rule_id: str, layer: int | None, path: str | None, distinct: str) -> str:
    """A 16-digit id that is the same whenever the same rule says the same of the same bytes.

    `distinct` separates several findings of one rule at one place: a digest, an index, a text.
    """
    text = "\0".join((rule_id, "" if layer is None else str(layer), path or "", distinct))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def report_order(finding: Finding) -> tuple[int, int, str, str, str]:
    """Sort key of the report: worst first, then layer (none first), then path, rule and id."""
    layer = -1 if finding.layer is None else finding.layer
    return (-finding.severity.rank, layer, finding.path or "", finding.rule_id, finding.id)
