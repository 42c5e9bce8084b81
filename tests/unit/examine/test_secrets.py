"""Credentials are found by their form, checked, and never shown whole."""

from __future__ import annotations

import base64
import random
import string
import zlib

import pytest

from forensics.examine import Examination, load_signatures
from forensics.examine._secret_kinds import SECRET_KINDS, bits_per_character
from forensics.model.facts import MatchedString

EXAMINATION = Examination(load_signatures())
CHANCE = random.Random(20_240_329)
LETTERS = string.ascii_letters + string.digits


def _letters(count: int) -> str:
    return "".join(CHANCE.sample(LETTERS, min(count, 60)) + CHANCE.choices(LETTERS, k=max(0, count - 60)))


def _checksummed(prefix: str) -> str:
    body = _letters(30)
    number, digits = zlib.crc32(body.encode()), ""
    base62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = base62[rest] + digits
    return prefix + body + digits


def _pem(first: bytes) -> str:
    return base64.encodebytes(first + CHANCE.randbytes(300)).decode()


def _auth(login: str) -> str:
    return f'{{"auth": "{base64.b64encode(login.encode()).decode()}"}}'


AWS = "AKIA" + "".join(CHANCE.sample(string.ascii_uppercase, 16))


def _web_token(claims: str) -> str:
    parts = ('{"alg":"RS256","kid":""}', claims)
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join((*encoded, _letters(86)))


CLAIMS = '{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:shop:deployer"}'
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{_pem(bytes([0x30]))}-----END RSA PRIVATE KEY-----\n"
USER = "current-context: a\nkind: Config\nusers:\n- name: a\n  user:\n    token: {}\n"
TEXTS = {
    "kubernetes-private-key": f"    client-key-data: {base64.b64encode(PEM.encode()).decode()}\n",
    "kubernetes-token": f"  user:\n    token: {_web_token(CLAIMS)}\n",
    "private-key": f"-----BEGIN RSA PRIVATE KEY-----\n{_pem(bytes([0x30]))}-----END RSA PRIVATE KEY-----\n",
    "aws-access-key": f"aws_access_key_id = {AWS}\naws_secret_access_key = {_letters(39)}7a"[:-1] + "\n",
    "github-token": f"token {_checksummed('ghp_')}\n",
    "npm-token": f"token {_checksummed('npm_')}\n",
    "gitlab-token": f"glpat-{_letters(20)}\n",
    "stripe-key": f"key=sk_live_{_letters(24)}\n",
    "slack-webhook": f"https://hooks.slack.com/services/T{'A1B2C3D4E'}/B{'Z9Y8X7W6V'}/{_letters(24)}\n",
    "registry-login": f'{{"auths": {{"a.invalid": {_auth(f"user:{_letters(20)}")}}}}}\n',
    "git-login": f"https://oauth2:{_letters(24)}@a.invalid/x.git\n",
}


def _secrets(text: str) -> tuple[MatchedString, ...]:
    return EXAMINATION.examine(text.encode(), "").secrets


@pytest.mark.parametrize("kind", TEXTS)
def test_a_credential_is_found_and_only_its_ends_are_shown(kind: str) -> None:
    text = "# settings\n" + TEXTS[kind]
    (found,) = _secrets(text)
    assert found.identifier == kind
    secret = text.encode()[found.offset : found.offset + found.length].decode()
    assert secret in text
    assert secret not in found.text
    assert not any(secret[at : at + 8] in found.text for at in range(len(secret) - 8))


@pytest.mark.parametrize(
    "text",
    [
        "token ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8\n",  # the checksum is wrong
        "sk_live_" + "x" * 24 + "\n",
        "glpat-your-token-placeholder\n",
        f"{AWS}\n",  # without the secret beside it
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n",
        f"-----BEGIN PRIVATE KEY-----\n{_pem(bytes([0x41]))}-----END PRIVATE KEY-----\n",
        f"{_auth('user:password1234')}\n",
    ],
)
def test_placeholders_and_broken_forms_are_no_credentials(text: str) -> None:
    assert _secrets(text) == ()


PASSWORDS = [
    ("postgresql-password", "db.invalid:5432:shop:shop:{}\n"),
    ("postgresql-password", "*:*:*:postgres:{}\r\n"),
    ("mysql-password", "[client]\nuser = shop\n# password = x\npassword = {}\n"),
    ("mysql-password", "[mysqldump]\npassword='{}'\n"),
    ("wordpress-password", "<?php\ndefine( 'DB_PASSWORD', '{}' );\n"),
]


@pytest.mark.parametrize(("kind", "text"), PASSWORDS)
def test_a_password_is_found_in_its_place_and_not_shown(kind: str, text: str) -> None:
    (found,) = _secrets("# settings\n" + text.format("Vq7-tramLantern"))
    assert (found.identifier, found.length) == (kind, 15)
    assert found.text.endswith(": (15 characters)")


@pytest.mark.parametrize("text", [text for _, text in PASSWORDS])
@pytest.mark.parametrize(
    "value",
    ["password_here", "changeme", "change_this", "${DB_PASSWORD}", "<your password>", "secret", "aaaaaaaa",
     "{{ db_password }}", "%(password)s", "@PASSWORD@", "", "root123", "votre_mot_de_passe"],
)  # fmt: skip
def test_a_placeholder_is_no_password(text: str, value: str) -> None:
    assert _secrets(text.format(value)) == ()


def test_a_token_without_a_form_counts_where_a_cluster_is_chosen() -> None:
    token = f"kubeconfig-u-abcd:{_letters(40)}"
    (found,) = _secrets(USER.format(token))
    assert (found.identifier, found.length) == ("kubernetes-token", len(token))
    assert len(_secrets(USER.format(_web_token('{"iss":"https://login.invalid"}')))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "token: " + _web_token('{"sub":"1234567890","name":"John Doe"}') + "\n",  # the one of every manual
        "    client-key-data: " + base64.b64encode(b"-----BEGIN CERTIFICATE-----" + bytes(200)).decode(),
        "    client-key-data: REDACTED\n",
        USER.format("REDACTED"),
        'ports: ["127.0.0.1:5432:5432"]\nurl: postgres://db.invalid:5432/shop\n',
        "hostname:5432:database:username:password\n",
        "[mysqld]\npassword = Vq7-tramLantern\n",
        "[client]\n#password = Vq7-tramLantern\n[mysqld]\npassword = Vq7-tramLantern\n",
        "define( 'DB_PASSWORD', getenv_docker('WORDPRESS_DB_PASSWORD', 'Vq7-tramLantern') );\n",
    ],
)
def test_what_looks_like_a_login_and_gives_none(text: str) -> None:
    assert _secrets(text) == ()


def test_they_stand_in_the_order_of_the_text() -> None:
    found = _secrets(TEXTS["stripe-key"] + TEXTS["gitlab-token"] + TEXTS["npm-token"])
    assert [each.identifier for each in found] == ["stripe-key", "gitlab-token", "npm-token"]
    assert [each.offset for each in found] == sorted(each.offset for each in found)


def test_every_kind_has_needles_that_its_expression_needs() -> None:
    for kind in SECRET_KINDS:
        assert kind.needles
        assert all(len(needle) >= 3 for needle in kind.needles)


def test_entropy_of_short_texts() -> None:
    assert bits_per_character(b"") == 0
    assert bits_per_character(b"aaaa") == 0
    assert bits_per_character(b"abcd") == 2


def test_decoys_in_front_of_a_credential_do_not_hide_it() -> None:
    real = [_checksummed("ghp_") for _ in range(5)]
    broken = [token[:-1] + ("a" if token[-1] != "a" else "b") for token in map(_checksummed, ["ghp_"] * 40)]
    alone = [match.text for match in _secrets("\n".join(real))]
    assert len(alone) > 1
    assert [match.text for match in _secrets("\n".join((*broken, "\n" * 600, *real)))] == alone
    assert len(_secrets("ghp_ " * 3_000 + f"\ntoken={real[0]}\n")) == 1


def test_more_places_than_are_looked_at_are_told() -> None:
    facts = EXAMINATION.examine(b"ghp_ " * 30_000 + _checksummed("ghp_").encode(), "")
    assert not facts.secrets
    assert [issue.message for issue in facts.issues] == [
        "too many places to look at them all for: github-token"
    ]
