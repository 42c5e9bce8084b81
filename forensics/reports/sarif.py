"""The SARIF 2.1.0 report (OASIS Static Analysis Results Interchange Format), for code-scanning dashboards.

Where things stand in an image is written as URIs relative to the base `IMAGE`, which has no address of its
own: `layer/3/usr/bin/x` a file as layer 3 carries it, `layer/3` the layer itself, `image` the image and its
configuration, `archive/name` a member of the archive. A path's exact bytes are percent-encoded (RFC 3986,
section 2.1).
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import msgspec

from forensics.model.findings import Confidence, Evidence, Finding, Severity
from forensics.model.issues import Issue
from forensics.model.report import Report
from forensics.reports._format import ReportFormat
from forensics.reports._text import escape_json, printable_record

Json = dict[str, Any]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "IMAGE"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Dashboards band the number: above 9 critical, from 7 high, from 4 medium, below low.
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_ATTACK = {"name": "MITRE ATT&CK", "index": 0}


class SarifReport(ReportFormat):
    """One run: a rule for each distinct rule id, a result for each finding, a notification for each issue."""

    id = "sarif"
    extension = ".sarif"

    def render(self, report: Report) -> str:
        """The findings and the coverage of the report as SARIF 2.1.0 JSON, indented."""
        try:
            content = _encode(report)
        except UnicodeEncodeError:
            content = _encode(printable_record(report))
        return escape_json(content.decode()) + "\n"


def _encode(report: Report) -> bytes:
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_Run(report).run()]}
    return msgspec.json.format(msgspec.json.encode(log), indent=2)


class _Run:
    """Builds the one run; rules, artifacts and techniques get their index where they are first met."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._rules = _rules(report.findings)
        self._rule_index = {rule["id"]: index for index, rule in enumerate(self._rules)}
        self._techniques: dict[str, int] = {}
        self._artifacts: dict[str, Json] = {}
        self._artifact_index: dict[str, int] = {}

    def run(self) -> Json:
        """The `run` object (section 3.14)."""
        report = self._report
        self._artifact("image", "")
        results = [self._result(finding) for finding in report.findings]
        notifications, codes = _notifications(report.coverage.issues)
        invocation: Json = {"executionSuccessful": True, "toolExecutionNotifications": notifications}
        if report.tool.started:
            invocation["startTimeUtc"] = report.tool.started
        run: Json = {
            "tool": {
                "driver": {
                    "name": report.tool.name,
                    "version": report.tool.version,
                    "semanticVersion": report.tool.version,
                    "rules": self._rules,
                    "notifications": [{"id": code} for code in codes],
                    "supportedTaxonomies": [_ATTACK],
                    "properties": {"signatures": report.tool.signatures.digest},
                }
            },
            "invocations": [invocation],
            "originalUriBaseIds": {_BASE: {"description": _message("the image that was examined")}},
            "artifacts": list(self._artifacts.values()),
            "results": results,
            "taxonomies": [_taxonomy(self._techniques)],
            "columnKind": "unicodeCodePoints",
            "properties": _image_properties(report),
        }
        return run

    def _result(self, finding: Finding) -> Json:
        """The `result` object (section 3.27)."""
        places = [one for one in finding.evidence if one.kind == "bytes" and one.offset is not None]
        result: Json = {
            "ruleId": finding.rule_id,
            "ruleIndex": self._rule_index[finding.rule_id],
            "level": _LEVELS[finding.severity],
            "rank": 25.0 * finding.severity.rank,
            "message": _message(_sentence(finding)),
            "locations": [self._location(finding, places[0] if places else None)],
            "fingerprints": {"finding/v1": finding.id},
            "partialFingerprints": {"finding/v1": finding.id},
            "properties": _finding_properties(finding),
        }
        if len(places) > 1:
            result["relatedLocations"] = [
                self._location(finding, place) | {"id": number, "message": _message(place.text)}
                for number, place in enumerate(places[1:], 1)
            ]
        if finding.attack:
            result["taxa"] = [
                {"id": technique, "index": self._technique(technique), "toolComponent": _ATTACK}
                for technique in dict.fromkeys(finding.attack)
            ]
        return result

    def _technique(self, technique: str) -> int:
        return self._techniques.setdefault(technique, len(self._techniques))

    def _location(self, finding: Finding, place: Evidence | None) -> Json:
        """The `location` object (section 3.28): the artifact, its bytes, and what it is in the image."""
        uri = artifact_uri(finding)
        artifact = {"uri": uri, "uriBaseId": _BASE, "index": self._artifact(uri, finding.sha256 or "")}
        physical: Json = {"artifactLocation": artifact}
        if place is not None:
            physical["region"] = {
                "byteOffset": place.offset,
                "byteLength": place.length or 0,
                "snippet": {"text": place.text},
            }
        return {"physicalLocation": physical, "logicalLocations": _logical_locations(finding)}

    def _artifact(self, uri: str, sha256: str) -> int:
        index = self._artifact_index.setdefault(uri, len(self._artifact_index))
        artifact = self._artifacts.setdefault(
            uri, {"location": {"uri": uri, "uriBaseId": _BASE, "index": index}}
        )
        if uri == "image":
            artifact["description"] = _message(self._report.image.reference)
            artifact["roles"] = ["analysisTarget"]
            sha256 = self._report.image.manifest_digest.removeprefix("sha256:")
        if sha256:
            artifact["hashes"] = {"sha-256": sha256}
        return index


def artifact_uri(finding: Finding) -> str:
    """Where the finding is, as a relative URI; see the module's first lines."""
    if finding.path is None:
        return "image" if finding.layer is None else f"layer/{finding.layer}"
    if finding.path_base64 is not None:
        exact = base64.b64decode(finding.path_base64)
    else:
        exact = finding.path.encode("utf-8", "surrogateescape")
    above = "archive" if finding.layer is None else f"layer/{finding.layer}"
    return f"{above}/{quote(exact.lstrip(b'/'), safe='/')}"


def _logical_locations(finding: Finding) -> list[Json]:
    if finding.layer is None:
        return [{"name": "image", "fullyQualifiedName": "image", "kind": "image"}]
    layer: Json = {
        "name": f"layer {finding.layer}",
        "fullyQualifiedName": f"layer/{finding.layer}",
        "kind": "layer",
    }
    if finding.path is None:
        return [layer]
    name = f"layer/{finding.layer}{finding.path}"
    return [layer, {"name": finding.path, "fullyQualifiedName": name, "kind": "file"}]


def _sentence(finding: Finding) -> str:
    """What was found and where, in one line."""
    where = [] if finding.path is None else [finding.path]
    if finding.layer is not None:
        where.append(f"layer {finding.layer}")
    if finding.state and finding.state != "visible":
        by = "" if finding.changed_by_layer is None else f" by layer {finding.changed_by_layer}"
        where.append(f"{finding.state}{by}")
    return f"{finding.title}: {', '.join(where)}" if where else finding.title


def _message(text: str) -> Json:
    """A message whose text is only text: no placeholder (section 3.11.5) and no link (section 3.11.6)."""
    plain = text.replace("{", "{{").replace("}", "}}").replace("[", "\\[").replace("]", "\\]")
    return {"text": plain}


def _rules(findings: tuple[Finding, ...]) -> list[Json]:
    """One `reportingDescriptor` (section 3.49) a rule id, as its worst finding describes it, in id order."""
    worst: dict[str, Finding] = {}
    for finding in findings:
        known = worst.get(finding.rule_id)
        if known is None or finding.severity.rank > known.severity.rank:
            worst[finding.rule_id] = finding
    return [_rule(worst[rule_id]) for rule_id in sorted(worst)]


def _rule(finding: Finding) -> Json:
    chapters = [
        finding.explanation,
        f"What else it could be: {finding.alternatives}" if finding.alternatives else "",
        f"What to do: {finding.remediation}" if finding.remediation else "",
    ]
    rule: Json = {
        "id": finding.rule_id,
        "shortDescription": _message(finding.title),
        "fullDescription": _message(finding.explanation or finding.title),
        "help": _message("\n\n".join(filter(None, chapters)) or finding.title),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "security-severity": _SECURITY_SEVERITY[finding.severity],
            "precision": _PRECISION[finding.confidence],
            "tags": list(dict.fromkeys(["security", str(finding.category), *finding.attack])),
        },
    }
    pages = [page for page in finding.references if page.startswith(("https://", "http://"))]
    if pages:
        rule["helpUri"] = quote(pages[0], safe="%/:=&?~#+!$,;'@()*[]")
    return rule


def _notifications(issues: tuple[Issue, ...]) -> tuple[list[Json], list[str]]:
    """A `notification` (section 3.58) for each coverage issue, and the codes they refer to."""
    codes = sorted({issue.code for issue in issues})
    notifications = [
        {
            "descriptor": {"id": issue.code, "index": codes.index(issue.code)},
            "level": "warning" if issue.lost_bytes else "note",
            "message": _message(f"{issue.subject}: {issue.message}"),
            "properties": {"stage": issue.stage, "subject": issue.subject, "lostBytes": issue.lost_bytes},
        }
        for issue in issues
    ]
    return notifications, codes


def _taxonomy(techniques: dict[str, int]) -> Json:
    return {
        "name": _ATTACK["name"],
        "organization": "MITRE",
        "taxa": [{"id": technique} for technique in techniques],
    }


def _image_properties(report: Report) -> Json:
    image = report.image
    return {
        "image": {
            "reference": image.reference,
            "manifestDigest": image.manifest_digest,
            "configDigest": image.config_digest,
            "platform": image.platform,
            "tags": image.tags,
        },
        "verdict": report.verdict,
        "coverage": {
            "files": report.coverage.files,
            "bytes": report.coverage.bytes,
            "examinedFiles": report.coverage.examined_files,
            "examinedBytes": report.coverage.examined_bytes,
        },
    }


def _finding_properties(finding: Finding) -> Json:
    """What SARIF has no place of its own for; `evidence` without what is a location already."""
    return {
        "severity": finding.severity,
        "confidence": finding.confidence,
        "category": finding.category,
        "layer": finding.layer,
        "instruction": finding.instruction,
        "state": finding.state,
        "changedByLayer": finding.changed_by_layer,
        "package": finding.package,
        "evidence": [one for one in finding.evidence if one.kind != "bytes" or one.offset is None],
    }


REPORT = SarifReport()
