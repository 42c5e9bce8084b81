"""Keys and tokens in files, hidden ones included."""

from __future__ import annotations

import base64

import pytest

from forensics.detectors.file_secrets import DETECTOR
from tests.scenes import debian, dpkg, judge, said

BODY = base64.b64encode(b"\x30\x82\x04\xa4" + bytes(n * 7 % 256 for n in range(900))).decode()
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----\n".encode()
TOKEN = b"token: glpat-k3Vx9Qm2Rz7Lp4Tw8NcY\n"
PRIVATE, ACCESS = "secret/private-key-in-file", "secret/token-in-file"
PASSWORD = "secret/password-in-file"
CONFIG = f"    client-key-data: {base64.b64encode(KEY).decode()}\n".encode()
PGPASS = b"db.invalid:5432:shop:shop:Vq7-tramLantern\n"


@pytest.mark.parametrize(
    ("path", "content", "rule", "severity"),
    [
        ("/root/.ssh/id_rsa", KEY, PRIVATE, "high"),
        ("/etc/ssl/private/server.key", KEY, PRIVATE, "high"),
        ("/app/config.yml", TOKEN, ACCESS, "high"),
        ("/root/.kube/config", CONFIG, PRIVATE, "high"),
        ("/root/.pgpass", PGPASS, PASSWORD, "high"),
        ("/app/tests/.pgpass", PGPASS, PASSWORD, "low"),
        ("/app/tests/server.key", KEY, PRIVATE, "low"),
        ("/app/example-key.pem", KEY, PRIVATE, "low"),
        ("/etc/ssl/private/ssl-cert-snakeoil.key", KEY, PRIVATE, "low"),
        ("/app/node_modules/x/cert.js", KEY, PRIVATE, "low"),
        ("/usr/share/doc/x/key.pem", KEY, PRIVATE, "low"),
    ],
)
def test_secrets_in_files(path: str, content: bytes, rule: str, severity: str) -> None:
    found = judge(DETECTOR, debian(), {path: content})
    assert said(found) == [(rule, severity, path)]
    assert BODY[8:40] not in found[0].evidence[0].text


def test_both_kinds_in_one_file() -> None:
    assert [one[0] for one in said(judge(DETECTOR, debian(), {"/app/x": KEY + TOKEN}))] == [PRIVATE, ACCESS]


def test_a_hidden_secret_is_as_bad_and_names_the_layer_that_hides_it() -> None:
    (found,) = judge(DETECTOR, debian(), {"/root/.ssh/id_rsa": KEY}, {"/root/.ssh/id_rsa": None})
    assert (str(found.severity), found.layer, str(found.state), found.changed_by_layer) == (
        "high",
        1,
        "deleted",
        2,
    )
    assert "Layer 2 hides it" in found.explanation


def test_what_packages_own_and_host_keys_are_left_out() -> None:
    path = "/usr/lib/python3/test/keycert.pem"
    assert judge(DETECTOR, {path: KEY, **dpkg({"p": {path: KEY}})}) == []
    assert judge(DETECTOR, debian(), {"/etc/ssh/ssh_host_rsa_key": KEY}) == []


def test_public_and_placeholder_content() -> None:
    public = b"-----BEGIN PUBLIC KEY-----\n" + BODY.encode() + b"\n-----END PUBLIC KEY-----\n"
    assert (
        judge(DETECTOR, debian(), {"/app/a.pem": public, "/app/b": b"token: glpat-xxxxxxxxxxxxxxxxxxxx"})
        == []
    )
