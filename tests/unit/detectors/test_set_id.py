"""Set-user-ID and set-group-ID programs."""

from __future__ import annotations

import pytest

from forensics.detectors.set_id import DETECTOR
from tests.scenes import File, debian, directory, dpkg, elf, judge, said

SHELL = "privilege/setuid-shell"
UNEXPECTED = "privilege/setuid-unexpected"


def owned(path: str, mode: int, **more: int) -> dict[str, File | bytes]:
    """A layer whose database owns one program."""
    return {path: File(elf(path.encode()), mode, **more), **dpkg({"p": {path: elf(path.encode())}})}


@pytest.mark.parametrize(
    "name",
    ["su", "mount", "passwd", "sudo", "ssh-keysign", "unix_chkpwd", "ksu", "auth_pam_tool", "lxc-user-nic"],
)
def test_what_distributions_ship_is_passed_over(name: str) -> None:
    assert judge(DETECTOR, owned(f"/usr/bin/{name}", 0o4755)) == []


def test_without_a_database_usual_names_in_usual_places_are_passed_over() -> None:
    assert judge(DETECTOR, {"/usr/bin/su": File(elf(), 0o4755)}) == []
    assert said(judge(DETECTOR, {"/opt/su": File(elf(), 0o4755)})) == [(UNEXPECTED, "high", "/opt/su")]


def test_a_usual_name_that_nobody_owns_is_told() -> None:
    found = judge(DETECTOR, debian(), {"/usr/bin/sudo": File(elf(b"mine"), 0o4755)})
    assert said(found) == [(UNEXPECTED, "high", "/usr/bin/sudo")]


@pytest.mark.parametrize(
    "name",
    ["bash", "sh", "python3.11", "perl", "find", "vim.basic", "busybox", "env", "date", "xz", "debugfs"],
)
def test_a_shell_or_tool_is_critical_even_when_its_package_is_intact(name: str) -> None:
    found = judge(DETECTOR, owned(f"/usr/bin/{name}", 0o4755))
    assert said(found) == [(SHELL, "critical", f"/usr/bin/{name}")]


def test_a_copy_of_a_shell_under_another_name_is_found_by_its_content() -> None:
    layers = [debian(bash=elf(b"bash")), {"/usr/lib/dbus-helper": File(elf(b"bash"), 0o4755)}]
    (found,) = judge(DETECTOR, *layers)
    assert (found.rule_id, str(found.severity)) == (SHELL, "critical")
    assert "Its content is that of /usr/bin/bash." in found.explanation


def test_a_copy_of_a_shell_that_was_in_a_lower_layer_only() -> None:
    layers = [
        debian(),
        {"/bin/dash": File(elf(b"dash"), 0o755)},
        {"/bin/dash": None, "/opt/x": File(elf(b"dash"), 0o4755)},
    ]
    assert [one.rule_id for one in judge(DETECTOR, *layers)] == [SHELL]


@pytest.mark.parametrize(
    ("file", "severity"),
    [
        (File(elf(), 0o4755), "high"),
        (File(elf(), 0o4755, uid=1000), "medium"),
        (File(elf(), 0o2755, gid=5), "medium"),
        (File(elf(), 0o2755), "high"),
        (File(b"#!/bin/sh\n", 0o4755), "low"),
        (File(elf(), 0o4644), "low"),
        (File(b"data", 0o4755), "low"),
    ],
)
def test_owner_kind_and_mode_decide(file: File, severity: str) -> None:
    assert said(judge(DETECTOR, debian(), {"/opt/x": file})) == [(UNEXPECTED, severity, "/opt/x")]


def test_a_group_bit_of_an_intact_package_is_low() -> None:
    assert [one[1] for one in said(judge(DETECTOR, owned("/usr/games/nethack", 0o2755, gid=60)))] == ["low"]


def test_a_bit_that_was_added_to_an_owned_program_is_high() -> None:
    found = judge(DETECTOR, debian(), {"/usr/bin/ls": File(elf(b"ls"), 0o4755)})
    assert said(found) == [(UNEXPECTED, "high", "/usr/bin/ls")]


def test_a_bit_that_came_with_an_intact_package_is_medium_and_a_later_one_high() -> None:
    (found,) = judge(DETECTOR, owned("/usr/bin/odd", 0o4755))
    assert str(found.severity) == "medium"
    assert "came with its package" in found.explanation
    (found,) = judge(DETECTOR, owned("/usr/lib/cgi-bin/index.cgi", 0o4750, uid=103))
    assert str(found.severity) == "low"
    later = {"/usr/bin/odd": File(elf(b"/usr/bin/odd"), 0o4755)}
    added = judge(DETECTOR, owned("/usr/bin/odd", 0o755), later)
    assert [(one.layer, str(one.severity)) for one in added] == [(1, "high")]


def test_writable_by_everybody_is_told_besides() -> None:
    found = judge(DETECTOR, debian(), {"/opt/x": File(elf(), 0o4757)})
    assert sorted(one.rule_id for one in found) == [
        "privilege/setuid-unexpected",
        "privilege/setuid-writable",
    ]


def test_folders_and_removed_programs() -> None:
    assert judge(DETECTOR, debian(), {"/srv/x/": directory(0o2775)}) == []
    found = judge(DETECTOR, debian(), {"/opt/x": File(elf(), 0o4755)}, {"/opt/x": None})
    assert [one[1] for one in said(found)] == ["medium"]
