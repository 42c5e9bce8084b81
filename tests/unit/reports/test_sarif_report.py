"""SARIF against the official schema, and what its fields say of the findings."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.model.findings import Evidence, Finding, Severity
from forensics.printable import exact_base64, printable
from forensics.reports import reports
from forensics.reports.sarif import artifact_uri
from tests.report_records import DIGEST, make_finding, make_report

SCHEMA = json.loads((Path(__file__).parents[2] / "fixtures" / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


def run_of(*findings: Finding, **changes: Any) -> dict[str, Any]:
    report = make_report(findings=findings, **changes) if findings else make_report(**changes)
    text = reports()["sarif"].render(report)
    assert all(line.isprintable() for line in text.split("\n"))
    log = json.loads(text)
    errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(log)]
    assert not errors
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return dict(run)


def test_a_full_report_and_an_empty_one_follow_the_official_schema() -> None:
    assert len(run_of()["results"]) == 4
    report = make_report(findings=(), issues=(), files=())
    log = json.loads(reports()["sarif"].render(report))
    VALIDATOR.validate(log)
    assert log["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("severity", "level", "least", "most"),
    [
        (Severity.CRITICAL, "error", 9.1, 10),
        (Severity.HIGH, "error", 7, 8.9),
        (Severity.MEDIUM, "warning", 4, 6.9),
        (Severity.LOW, "note", 0.1, 3.9),
        (Severity.INFO, "note", 0, 0),
    ],
)
def test_levels_and_security_severity(severity: Severity, level: str, least: float, most: float) -> None:
    run = run_of(make_finding(severity=severity))
    assert run["results"][0]["level"] == level
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["defaultConfiguration"]["level"] == level
    assert least <= float(rule["properties"]["security-severity"]) <= most


def test_a_rule_is_told_once_by_its_worst_finding_and_with_help() -> None:
    low = make_finding(severity=Severity.LOW, path="/a", title="mild")
    high = make_finding(severity=Severity.HIGH, path="/b", title="bad")
    run = run_of(low, high, make_finding("a/first"))
    first, rule = run["tool"]["driver"]["rules"]
    assert (first["id"], rule["id"]) == ("a/first", "miner/monero-client")
    assert rule["shortDescription"]["text"] == "bad"
    for chapter in ("Four cues", "What else it could be: A mining pool", "What to do: Find out"):
        assert chapter in rule["help"]["text"]
    assert rule["helpUri"] == "https://attack.mitre.org/techniques/T1496/"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_places_are_the_artifact_the_bytes_and_the_layer() -> None:
    result = run_of(make_finding())["results"][0]
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "layer/1/usr/lib/.x/kworker"
    assert physical["region"]["byteOffset"] == 0x2F1C0
    assert physical["region"]["byteLength"] == 26
    assert physical["region"]["snippet"]["text"] == "stratum+tcp://pool.invalid"
    assert [one["fullyQualifiedName"] for one in location["logicalLocations"]] == [
        "layer/1",
        "layer/1/usr/lib/.x/kworker",
    ]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["region"]["byteOffset"] == 0x2F200
    assert result["properties"]["evidence"] == [
        {"kind": "metadata", "text": "mode 0755", "offset": None, "length": None}
    ]
    assert result["message"]["text"].endswith("/usr/lib/.x/kworker, layer 1, deleted by layer 2")


def test_findings_without_a_path_lie_in_the_image_or_the_layer() -> None:
    image, layer = run_of(
        make_finding("a/image", layer=None, path=None, state=None, evidence=()),
        make_finding("b/layer", layer=2, path=None, state=None, evidence=()),
    )["results"]
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in (image, layer)]
    assert uris == ["image", "layer/2"]
    assert image["locations"][0]["logicalLocations"][0]["kind"] == "image"


def test_every_artifact_is_listed_once_with_its_digest() -> None:
    run = run_of(make_finding("a/x"), make_finding("b/y"))
    uris = [artifact["location"]["uri"] for artifact in run["artifacts"]]
    assert uris == ["image", "layer/1/usr/lib/.x/kworker"]
    assert run["artifacts"][0]["hashes"]["sha-256"] == DIGEST.removeprefix("sha256:")
    for result in run["results"]:
        at = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][at["index"]]["location"]["uri"] == at["uri"]


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: raw.strip(b"/") and b"\0" not in raw))
def test_the_uri_keeps_the_exact_bytes_of_a_path(raw: bytes) -> None:
    path = "/" + raw.lstrip(b"/").decode("utf-8", "surrogateescape")
    finding = make_finding(layer=4, path=printable(path), path_base64=exact_base64(path))
    uri = artifact_uri(finding)
    assert uri.isascii()
    assert not set(uri) & set(' ?#[]\\:<>"{}|^`')
    assert unquote_to_bytes(uri.removeprefix("layer/4")) == path.encode("utf-8", "surrogateescape")


def test_text_of_an_image_is_no_placeholder_and_no_link() -> None:
    hostile = "/tmp/{0}[click](http://evil.invalid)"
    result = run_of(make_finding(path=hostile))["results"][0]
    assert "{{0}}\\[click\\](http" in result["message"]["text"]


def test_fingerprints_and_techniques() -> None:
    finding = make_finding()
    run = run_of(finding)
    result = run["results"][0]
    assert result["fingerprints"] == result["partialFingerprints"] == {"finding/v1": finding.id}
    (taxon,) = result["taxa"]
    assert run["taxonomies"][0]["taxa"][taxon["index"]]["id"] == taxon["id"] == "T1496"


def test_what_was_not_examined_is_a_notification() -> None:
    run = run_of()
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["startTimeUtc"] == "2026-01-02T03:04:05Z"
    lost, other = invocation["toolExecutionNotifications"]
    assert (lost["level"], lost["properties"]["lostBytes"]) == ("warning", 100)
    assert other["level"] == "note"
    named = run["tool"]["driver"]["notifications"][lost["descriptor"]["index"]]
    assert named["id"] == lost["descriptor"]["id"] == "worker-died"


def test_undecodable_bytes_never_cost_the_report() -> None:
    finding = make_finding(path="/\udcff", evidence=(Evidence(kind="bytes", text="\udcfe", offset=0),))
    result = run_of(finding)["results"][0]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region["snippet"]["text"] == "\\xfe"
    assert region["byteLength"] == 0


def test_the_exact_bytes_win_over_the_printable_path() -> None:
    exact = base64.b64encode(b"/a\x1bb").decode()
    assert artifact_uri(make_finding(path="/a\\x1bb", path_base64=exact)) == "layer/1/a%1Bb"
    assert artifact_uri(make_finding(layer=None, path="/a b")) == "archive/a%20b"
