"""Rules for root's rights."""

from __future__ import annotations

import pytest

from forensics.detectors.sudoers import DETECTOR
from tests.scenes import File, debian, elf, judge, said

SUDO = {"/usr/bin/sudo": File(elf(b"sudo"), 0o4755)}
NO_PASSWORD, EVERYBODY = "privilege/passwordless-sudo", "privilege/sudo-for-everybody"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("jenkins ALL=(ALL) NOPASSWD: ALL", [(NO_PASSWORD, "medium")]),
        ("%wheel ALL=(ALL:ALL) NOPASSWD:SETENV: ALL", [(NO_PASSWORD, "medium")]),
        ("user\tALL = NOPASSWD : ALL", [(NO_PASSWORD, "medium")]),
        ("user ALL=(ALL) \\\n  NOPASSWD: ALL", [(NO_PASSWORD, "medium")]),
        ("www-data ALL=(ALL) NOPASSWD: ALL", [(EVERYBODY, "high")]),
        ("ALL ALL=(ALL) NOPASSWD: ALL", [(EVERYBODY, "high")]),
        ("www-data,user ALL=(ALL) NOPASSWD: ALL", [(EVERYBODY, "high"), (NO_PASSWORD, "medium")]),
        ("Defaults:user !authenticate", [(NO_PASSWORD, "medium")]),
        ("user ALL=(ALL) NOPASSWD: /usr/bin/apt", []),
        ("%sudo ALL=(ALL:ALL) ALL", []),
        ("# user ALL=(ALL) NOPASSWD: ALL", []),
        ("Defaults env_reset", []),
    ],
)
def test_rules(rule: str, expected: list[tuple[str, str]]) -> None:
    found = judge(DETECTOR, debian(), SUDO | {"/etc/sudoers.d/x": f"# local\n{rule}\n".encode()})
    assert [(rule_id, severity) for rule_id, severity, _ in said(found)] == expected


def test_without_sudo_a_rule_does_nothing() -> None:
    found = judge(DETECTOR, debian(), {"/etc/sudoers": b"ALL ALL=(ALL) NOPASSWD: ALL\n"})
    assert [one[1] for one in said(found)] == ["low"]


def test_an_included_file_is_read() -> None:
    layer = SUDO | {"/etc/sudoers": b"@include /etc/more\n", "/etc/more": b"ALL ALL=(ALL) NOPASSWD: ALL\n"}
    assert said(judge(DETECTOR, debian(), layer)) == [(EVERYBODY, "high", "/etc/more")]


def test_doas() -> None:
    layer = {
        "/usr/bin/doas": File(elf(), 0o4755),
        "/etc/doas.conf": b"permit nopass :wheel\npermit nopass keepenv nobody\n",
    }
    assert [one[:2] for one in said(judge(DETECTOR, debian(), layer))] == [
        (NO_PASSWORD, "medium"),
        (EVERYBODY, "high"),
    ]
    assert (
        judge(DETECTOR, debian(), {"/etc/doas.conf": b"permit persist :wheel\npermit nopass root cmd ls\n"})
        == []
    )


def test_a_file_that_everybody_may_write() -> None:
    layer = SUDO | {"/etc/sudoers.d/x": File(b"", 0o666)}
    assert said(judge(DETECTOR, debian(), layer)) == [
        ("privilege/sudoers-writable", "high", "/etc/sudoers.d/x")
    ]
