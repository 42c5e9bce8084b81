"""Accounts: second superusers, empty and built-in passwords."""

from __future__ import annotations

import pytest

from forensics.detectors.accounts import DETECTOR
from tests.scenes import File, debian, elf, judge, said

ROOT = b"root:x:0:0:root:/root:/bin/bash\n"
HASH = "$6$abcdefgh$" + "x" * 86


def passwd(line: str) -> dict[str, bytes]:
    return {"/etc/passwd": ROOT + line.encode() + b"\n"}


def shadow(line: str, account: str = "") -> dict[str, bytes]:
    return {"/etc/passwd": ROOT + account.encode(), "/etc/shadow": line.encode() + b"\n"}


def test_a_second_superuser_is_critical() -> None:
    (found,) = judge(DETECTOR, debian(), passwd("sysmon:x:0:0::/:/bin/sh"))
    assert (found.rule_id, str(found.severity)) == ("persistence/second-superuser", "critical")
    assert found.evidence[0].offset == len(ROOT)


@pytest.mark.parametrize(
    "line",
    [
        "daemon:x:1:1::/:/usr/sbin/nologin",
        "x:x:00x:1::/:",
        "x:x:\xb2:1::/:",
        "x:x:4294967297:1::/:",
        "#a:x:0:0::/:",
        "+x:x:0:0::/:",
        "a:b",
        "a:b:0",
    ],
)
def test_ordinary_accounts(line: str) -> None:
    assert judge(DETECTOR, debian(), {"/etc/passwd": ROOT + line.encode("latin-1") + b"\n"}) == []


@pytest.mark.parametrize("number", ["0", "000", "+0", "-0", " 0", "", "4294967296", "1" + "0" * 40])
def test_every_way_in_which_a_c_library_reads_root_s_number(number: str) -> None:
    found = judge(DETECTOR, debian(), passwd(f"sysmon:x:{number}:0::/:/bin/sh"))
    assert [one[:2] for one in said(found)] == [("persistence/second-superuser", "critical")]


def test_fields_that_the_c_library_takes_for_empty_may_be_missing() -> None:
    found = judge(DETECTOR, debian(), passwd("sysmon:x:0:0"))
    assert [one[:2] for one in said(found)] == [("persistence/second-superuser", "critical")]


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("toor:x:0:0::/root:/bin/bash", "high"),
        ("toor:x:0:0::/root:", "high"),
        ("toor:*:0:0::/root:/usr/sbin/nologin", "medium"),
    ],
)
def test_the_second_superuser_of_other_systems_has_no_place_on_linux(line: str, severity: str) -> None:
    (found,) = judge(DETECTOR, debian(), passwd(line))
    assert (found.rule_id, str(found.severity)) == ("persistence/second-superuser", severity)
    assert str(found.confidence) == "medium"
    assert "BSD" in found.explanation


@pytest.mark.parametrize(
    ("line", "account", "expected"),
    [
        (f"root:{HASH}:1::::::", "", ("accounts/built-in-password", "high")),
        ("root:*:1::::::", "", None),
        ("root:!:1::::::", "", None),
        ("root:!*:1::::::", "", None),
        (f"root:!{HASH}:1::::::", "", None),
        ("root:xyPASSWORDabc:1::::::", "", ("accounts/built-in-password", "high")),
        (
            f"www-data:{HASH}:1::::::",
            "www-data:x:33:33::/:\n",
            ("persistence/service-account-login", "high"),
        ),
        ("root:x:1::::::", "", None),
        (
            f"www-data:{HASH}:1::::::",
            "www-data:x:33:33::/:/bin/sh\n",
            ("persistence/service-account-login", "high"),
        ),
        (
            f"www-data:{HASH}:1::::::",
            "www-data:x:33:33::/:/usr/sbin/nologin\n",
            ("accounts/built-in-password", "medium"),
        ),
        (f"user:{HASH}:1::::::", "user:x:1000:1000::/:/bin/sh\n", ("accounts/built-in-password", "medium")),
    ],
)
def test_passwords(line: str, account: str, expected: tuple[str, str] | None) -> None:
    found = judge(DETECTOR, debian(), shadow(line, account))
    assert [(rule, severity) for rule, severity, _ in said(found)] == ([expected] if expected else [])
    assert all(HASH not in one.evidence[0].text for one in found)


def test_a_password_of_another_superuser_is_told_whatever_its_shell() -> None:
    found = judge(DETECTOR, debian(), shadow(f"toor:{HASH}:1::::::", "toor:x:0:0::/:/usr/sbin/nologin\n"))
    assert [one[:2] for one in said(found)] == [
        ("persistence/second-superuser", "medium"),
        ("accounts/built-in-password", "high"),
    ]


def test_a_hash_in_passwd_itself() -> None:
    found = judge(DETECTOR, debian(), passwd(f"x:{HASH}:1000:1000::/:/bin/sh"))
    assert [one[0] for one in said(found)] == ["accounts/built-in-password"]


def test_an_empty_password_counts_where_something_asks_for_one() -> None:
    quiet = judge(DETECTOR, debian(), shadow("root::1::::::"))
    assert [one[1] for one in said(quiet)] == ["low"]
    asked = judge(DETECTOR, debian(), shadow("root::1::::::") | {"/usr/sbin/sshd": File(elf(), 0o755)})
    assert [one[1] for one in said(asked)] == ["high"]
    assert "/usr/sbin/sshd" in asked[0].explanation


def test_a_program_of_many_commands_asks_for_no_password() -> None:
    applets = {
        f"/bin/{name}": File(elf(b"busybox"), 0o755) for name in ("login", "telnetd", "su", *"abcdefgh")
    }
    assert [one[1] for one in said(judge(DETECTOR, applets | shadow("root::1::::::")))] == ["low"]


def test_a_line_that_is_still_there_is_told_once() -> None:
    layers = [debian(), passwd("evil:x:0:0::/:/bin/sh"), passwd("evil:x:0:0::/:/bin/sh\nuser:x:1000:1::/:")]
    assert [(one.layer, str(one.severity)) for one in judge(DETECTOR, *layers)] == [(2, "critical")]


def test_a_line_that_was_taken_out_again_is_told() -> None:
    layers = [debian(), passwd("evil:x:0:0::/:/bin/sh"), passwd("")]
    assert [(one.layer, str(one.severity)) for one in judge(DETECTOR, *layers)] == [(1, "high")]
