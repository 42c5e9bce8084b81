"""SSH keys and server settings."""

from __future__ import annotations

import pytest

from forensics.detectors.ssh_keys import DETECTOR
from tests.scenes import debian, judge, said, symlink

KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJvb3RSb290Um9vdFJvb3RSb290Um9v mallory@pool\n"
RULE = "persistence/authorized-keys"


@pytest.mark.parametrize(
    "path",
    [
        "/root/.ssh/authorized_keys",
        "/root/.ssh/authorized_keys2",
        "/home/u/.ssh/authorized_keys",
        "/var/lib/postgresql/.ssh/authorized_keys",
    ],
)
def test_a_key_that_may_log_in(path: str) -> None:
    (found,) = judge(DETECTOR, debian(), {path: b'# keys\ncommand="x" ' + KEY})
    assert (found.rule_id, str(found.severity), found.path) == (RULE, "high", path)
    assert "mallory@pool" in found.evidence[0].text
    assert found.evidence[0].offset == len(b'# keys\ncommand="x" ')


def test_a_file_that_the_server_is_told_to_use() -> None:
    layer = {
        "/etc/ssh/sshd_config": b"AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u\n",
        "/etc/ssh/keys/root": KEY,
    }
    assert said(judge(DETECTOR, debian(), layer)) == [(RULE, "high", "/etc/ssh/keys/root")]


def test_files_without_keys_and_example_keys() -> None:
    assert judge(DETECTOR, debian(), {"/root/.ssh/authorized_keys": b"# none\n"}) == []
    found = judge(DETECTOR, debian(), {"/app/tests/data/authorized_keys": KEY})
    assert [one[1] for one in said(found)] == ["low"]


def test_removed_keys_count_one_less() -> None:
    found = judge(DETECTOR, debian(), {"/root/.ssh/authorized_keys": KEY}, {"/root/.ssh": None})
    assert said(found) == [(RULE, "medium", "/root/.ssh/authorized_keys")]


def test_host_keys() -> None:
    layer = {
        "/etc/ssh/ssh_host_rsa_key": b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        "/etc/ssh/ssh_host_rsa_key.pub": KEY,
    }
    assert said(judge(DETECTOR, debian(), layer)) == [
        ("secret/ssh-host-key", "low", "/etc/ssh/ssh_host_rsa_key")
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("AuthorizedKeysCommand /opt/keys", ("persistence/sshd-command", "high")),
        ("AuthorizedKeysCommand none", None),
        ("AuthorizedKeysCommand /usr/bin/ls", ("persistence/sshd-command", "low")),
        ("authorizedkeysfile /tmp/.k/%u", ("persistence/sshd-command", "high")),
        ("PermitRootLogin yes", ("persistence/sshd-open", "medium")),
        ("PermitRootLogin prohibit-password", None),
        ("#PermitRootLogin yes", None),
        ("PermitEmptyPasswords yes", ("persistence/sshd-open", "medium")),
    ],
)
def test_settings(line: str, expected: tuple[str, str] | None) -> None:
    layer = {"/etc/ssh/sshd_config.d/x.conf": f"{line}\n".encode()}
    found = [(rule, severity) for rule, severity, _ in said(judge(DETECTOR, debian(), layer))]
    assert found == ([expected] if expected else [])


def test_a_folder_of_settings_that_is_a_link() -> None:
    layer = {"/etc/ssh/sshd_config.d": symlink("/opt/conf"), "/opt/conf/x.conf": b"PermitRootLogin yes\n"}
    assert [one[0] for one in said(judge(DETECTOR, debian(), layer))] == ["persistence/sshd-open"]
