"""Login rules of PAM."""

from __future__ import annotations

import pytest

from forensics.detectors.pam import DETECTOR
from tests.scenes import File, debian, dpkg, elf, judge, said, symlink

COMMAND, OPEN, MODULE = "persistence/pam-command", "persistence/pam-open", "persistence/pam-module"
SSHD = "/etc/pam.d/sshd"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("auth optional pam_exec.so expose_authtok quiet /usr/local/bin/log", (COMMAND, "high")),
        ("auth\toptional\tpam_exec.so quiet expose_authtok /usr/bin/ls", (COMMAND, "high")),
        ("-session optional pam_exec.so seteuid /dev/shm/.x", (COMMAND, "high")),
        ("session optional pam_exec.so /usr/local/bin/notify", (COMMAND, "medium")),
        ("session optional pam_exec.so type=open_session /usr/bin/ls", (COMMAND, "low")),
        ("auth sufficient pam_permit.so", (OPEN, "high")),
        ("auth [success=done default=ignore] pam_permit.so", (OPEN, "high")),
        ("auth sufficient /lib/security/pam_permit.so", (OPEN, "high")),
        ("auth sufficient /tmp/pam_unix.so", (MODULE, "high")),
        ("auth required pam_permit.so", None),
        ("session sufficient pam_permit.so", None),
        ("account sufficient pam_permit.so", None),
        ("auth [success=1 default=ignore] pam_unix.so nullok", None),
        ("auth sufficient pam_rootok.so", None),
        ("# auth optional pam_exec.so expose_authtok /usr/local/bin/log", None),
        ("@include common-auth", None),
        ("session optional pam_mail.so dir=/tmp/pam_exec.so", None),
    ],
)
def test_rules(line: str, expected: tuple[str, str] | None) -> None:
    found = judge(DETECTOR, debian(), {SSHD: f"@include common-account\n{line}\n".encode()})
    assert [one[:2] for one in said(found)] == ([expected] if expected else [])
    assert [one.evidence[0].offset for one in found] == ([24] if expected else [])


def test_the_old_single_file_names_services() -> None:
    text = b"login auth required pam_unix.so\nsshd  auth sufficient pam_permit.so\n"
    (found,) = judge(DETECTOR, debian(), {"/etc/pam.conf": text})
    assert (found.rule_id, found.evidence[0].offset) == (OPEN, 32)


def test_a_module_that_nobody_owns() -> None:
    module = "/usr/lib/x86_64-linux-gnu/security/pam_sso.so"
    layer = {SSHD: b"auth sufficient pam_sso.so\n", module: File(elf(b"m"), 0o644)}
    assert said(judge(DETECTOR, debian(), layer)) == [(MODULE, "high", SSHD)]
    owned = {**debian(), **dpkg({"sso": {module: elf(b"m")}, "coreutils": {"/usr/bin/ls": elf(b"ls")}})}
    assert judge(DETECTOR, owned, layer) == []


def test_what_a_package_ships_is_passed_over() -> None:
    text = b"auth sufficient pam_permit.so\n"
    assert judge(DETECTOR, {SSHD: text, **dpkg({"openssh-server": {SSHD: text}})}) == []


def test_links_and_hidden_versions() -> None:
    text = b"auth sufficient pam_permit.so\n"
    linked = {"/etc/pam.d/su": symlink("/opt/su.pam"), "/opt/su.pam": text}
    assert said(judge(DETECTOR, debian(), linked)) == [(OPEN, "high", "/etc/pam.d/su")]
    assert said(judge(DETECTOR, debian(), {SSHD: text}, {SSHD: None})) == [(OPEN, "medium", SSHD)]


def test_without_a_database_modules_are_not_judged_by_owner() -> None:
    layer = {SSHD: b"auth required pam_x.so\n", "/lib/security/pam_x.so": File(elf(b"m"), 0o644)}
    assert judge(DETECTOR, layer) == []


def test_a_rule_that_goes_on_in_the_next_line() -> None:
    text = b"auth \\\n  optional \\\n  pam_exec.so expose_authtok /usr/local/bin/log\n"
    (found,) = judge(DETECTOR, debian(), {SSHD: text})
    assert (found.rule_id, found.evidence[0].offset) == (COMMAND, 0)


def test_rules_that_are_bad_in_the_same_way_are_told_together() -> None:
    open_rules = b"auth sufficient pam_permit.so\nauth sufficient pam_permit.so likeauth\n"
    found = judge(DETECTOR, debian(), {SSHD: open_rules + b"auth optional pam_exec.so x\n"})
    assert said(found) == [(OPEN, "high", SSHD), (COMMAND, "medium", SSHD)]
    assert [one.offset for one in found[0].evidence] == [0, 30]


def test_very_many_rules_are_as_many_findings_as_there_are_ways_to_be_bad() -> None:
    modules = {f"/lib/security/{number}/pam_x.so": File(elf(b"m"), 0o644) for number in range(50)}
    rules = b"auth sufficient pam_x.so\n" * 20_000 + b"auth sufficient pam_permit.so\n"
    found = judge(DETECTOR, debian(), {SSHD: rules, **modules})
    assert said(found) == [(MODULE, "high", SSHD), (OPEN, "high", SSHD)]
