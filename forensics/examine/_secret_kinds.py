"""The grammars of credentials that can be told by their form, and what is no credential for all its form.

Each kind names where its issuer documents the form. Placeholders, documentation values and low-entropy texts
are left out: a finding about a secret has to be worth somebody's rotation of it.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable

import msgspec

Judge = Callable[[bytes, bytes, bytes], bool]


class SecretKind(msgspec.Struct, frozen=True):
    """One kind of credential: group 1 of `pattern` is the secret itself; every match holds one of `needles`.

    `genuine` says whether a secret is real, given the secret, the whole match and 512 bytes to either side.
    `reach` is how far behind its needle a match may end, in bytes.
    """

    id: str
    title: str
    needles: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    genuine: Judge
    reach: int = 2_048


_PLACEHOLDER = re.compile(
    rb"example|sample|placeholder|changeme|your[_-]?|redacted|dummy|fake|xxxx|0000000|1234567|abcdefg|<[a-z]|\.\.\."
    rb"|deadbeef|testtest|insert|replace|\*\*\*|secretkey|password",
    re.IGNORECASE,
)
# References to a setting elsewhere, and words that stand where a password has to be put.
_NO_PASSWORD = re.compile(
    rb"^\$\w+$|\$[{(]|\{\{|<[a-z_ -]+>|%\(|^%.*%$|^@.*@$|^_.*_$|change[_-]?(?:me|this|it)|[_-]here\b"
    rb"|^(?:root|admin|secret|mysql|maria|postgres|wordpress|wp|test|default|guest|user|demo|pass|pwd|letmein|qwerty"
    rb"|none|null|true|false)[\d!@_-]*$|database_?pass|db_?pass|my_?pass|mot_de_passe|contrase|passwor[td]|kennwort",
    re.IGNORECASE,
)
_PEM = re.compile(
    rb"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----((?:[^-]|-(?!----)){64,12000}?)-----END"
)
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def bits_per_character(text: bytes) -> float:
    """Shannon entropy of a short text."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


def _random(least: float) -> Judge:
    def genuine(secret: bytes, _match: bytes, _around: bytes) -> bool:
        return not _PLACEHOLDER.search(secret) and bits_per_character(secret) >= least

    return genuine


def _checksummed(secret: bytes, match: bytes, around: bytes) -> bool:
    """The last six characters are the CRC-32 of the 30 before them in base 62.

    https://github.blog/engineering/behind-githubs-new-authentication-token-formats/ ; npm does likewise.
    """
    body, wanted = secret.rpartition(b"_")[2][:-6], secret[-6:].decode("ascii")
    number, digits = zlib.crc32(body), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0") == wanted and _random(3.0)(secret, match, around)


def _private_key(secret: bytes, match: bytes, _around: bytes) -> bool:
    """A PEM body of base64 that is long enough and begins as a DER sequence or an OpenSSH key does."""
    body = re.sub(rb"\\n|\\r|[\s\"'\\+,|]|^[A-Za-z-]+:[^\n]*$", b"", secret, flags=re.MULTILINE)
    if len(body) < 64 or _PLACEHOLDER.search(body[:64]):
        return False
    try:
        start = base64.b64decode(body[:64], validate=True)
    except (ValueError, binascii.Error):
        return False
    if b"Proc-Type: 4,ENCRYPTED" in secret or b"ENCRYPTED" in match[:40] or b"PGP" in match[:40]:
        return True
    return start[0] == 0x30 or start.startswith(b"openssh-key-v1\0")


def _basic_auth(secret: bytes, _match: bytes, _around: bytes) -> bool:
    """`user:password` in base64, as a container registry's client stores it."""
    try:
        user, colon, password = base64.b64decode(secret, validate=True).partition(b":")
    except (ValueError, binascii.Error):
        return False
    known = not colon or not user or len(password) < 8 or not (user + password).isascii()
    return (
        not known and not _PLACEHOLDER.search(user + b" " + password) and bits_per_character(password) >= 2.5
    )


def _encoded_key(secret: bytes, _match: bytes, around: bytes) -> bool:
    """A private key in PEM that stands encoded once more, as a Kubernetes client's configuration has it."""
    try:
        text = base64.b64decode(secret + b"=" * (-len(secret) % 4))
    except (ValueError, binascii.Error):
        return False
    found = _PEM.search(text)
    return found is not None and _private_key(found[1], found[0], around)


def _cluster_token(secret: bytes, match: bytes, around: bytes) -> bool:
    """A JSON web token whose claims say that a cluster issued it (RFC 7519; Kubernetes, service accounts)."""
    claims = secret.split(b".")[1]
    try:
        said = base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4))
    except (ValueError, binascii.Error):
        return False
    issued = b"kubernetes" in said or b"system:serviceaccount:" in said or b"current-context:" in around
    return issued and _random(4.0)(secret, match, around)


def _password(secret: bytes, _match: bytes, _around: bytes) -> bool:
    """What somebody chose: no placeholder, reference or word that every manual uses, and not all alike."""
    if len(secret) < 6 or _PLACEHOLDER.search(secret) or _NO_PASSWORD.search(secret):
        return False
    return bits_per_character(secret) >= 2.25


def _aws_key_id(secret: bytes, _match: bytes, around: bytes) -> bool:
    """An access key id alone is no secret; with a secret access key beside it, it is."""
    if b"EXAMPLE" in secret or bits_per_character(secret) < 3.0:
        return False
    near = re.search(
        rb"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
        around,
    )
    return near is not None and b"EXAMPLE" not in near[0] and bits_per_character(near[0]) >= 4.0


def _kind(
    name: str, title: str, needles: str, pattern: str, genuine: Judge | None = None, reach: int = 2_048
) -> SecretKind:
    words = tuple(needle.replace("·", " ").encode() for needle in needles.split())
    return SecretKind(
        name, title, words, re.compile(pattern.encode(), re.MULTILINE), genuine or _random(3.0), reach
    )


_EDGE = r"(?<![A-Za-z0-9_/+-])"
_END = r"(?![A-Za-z0-9_-])"

_ALL = (
    # RFC 7468; PROTOCOL.key of OpenSSH; RFC 9580 for OpenPGP
    _kind(
        "private-key",
        "private key",
        "PRIVATE·KEY",
        r"-----BEGIN (?:RSA |DSA |EC |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----"
        r"((?:[^-]|-(?!----)){64,12000}?)-----END",
        _private_key,
        16_384,
    ),
    # AWS IAM user guide, "IAM identifiers", unique ID prefixes
    _kind(
        "aws-access-key",
        "AWS access key with its secret",
        "AKIA ASIA",
        rf"{_EDGE}((?:AKIA|ASIA)[A-Z2-7]{{16}}){_END}",
        _aws_key_id,
    ),
    _kind(
        "github-token",
        "GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_",
        rf"{_EDGE}(gh[pousr]_[A-Za-z0-9]{{36}}){_END}",
        _checksummed,
    ),
    _kind(
        "github-token",
        "GitHub fine-grained token",
        "github_pat_",
        rf"{_EDGE}(github_pat_[A-Za-z0-9]{{22}}_[A-Za-z0-9]{{59}}){_END}",
    ),
    _kind("npm-token", "npm token", "npm_", rf"{_EDGE}(npm_[A-Za-z0-9]{{36}}){_END}", _checksummed),
    # GitLab documentation, "Token prefixes"
    _kind(
        "gitlab-token",
        "GitLab token",
        "glpat- glptt- gldt- glrt-",
        rf"{_EDGE}(gl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{{20,64}}){_END}",
    ),
    # PyPI warehouse: macaroons begin with the location and identifier packets
    _kind(
        "pypi-token",
        "PyPI token",
        "pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw",
        rf"{_EDGE}(pypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{{50,1000}})",
    ),
    # Slack API documentation, "Token types"; "Sending messages using incoming webhooks"
    _kind(
        "slack-token",
        "Slack token",
        "xoxb- xoxp- xoxa- xoxr- xoxs- xapp-",
        rf"{_EDGE}(xox[abprs]-(?:\d{{10,13}}-){{1,3}}[A-Za-z0-9]{{20,64}}|xapp-1-A\w{{8,12}}-\d{{10,14}}-[0-9a-f]{{64}}){_END}",
    ),
    _kind(
        "slack-webhook",
        "Slack incoming webhook",
        "hooks.slack.com/services/",
        r"hooks\.slack\.com/services/(T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})(?![A-Za-z0-9])",
        _random(3.5),
    ),
    _kind(
        "discord-webhook",
        "Discord webhook",
        "/api/webhooks/",
        r"discord(?:app)?\.com/api/webhooks/(\d{17,20}/[A-Za-z0-9_-]{60,72})(?![A-Za-z0-9_-])",
        _random(3.5),
    ),
    # core.telegram.org/bots/api, "Authorizing your bot"
    _kind(
        "telegram-bot-token",
        "Telegram bot token",
        "api.telegram.org/bot",
        r"api\.telegram\.org/bot(\d{8,10}:AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])",
    ),
    _kind(
        "google-api-key",
        "Google API key",
        "AIzaSy",
        rf"{_EDGE}(AIzaSy[A-Za-z0-9_-]{{33}}){_END}",
        _random(3.8),
    ),
    _kind(
        "google-oauth-secret",
        "Google OAuth client secret",
        "GOCSPX-",
        rf"{_EDGE}(GOCSPX-[A-Za-z0-9_-]{{28}}){_END}",
        _random(3.5),
    ),
    _kind(
        "stripe-key",
        "Stripe live key",
        "sk_live_ rk_live_",
        rf"{_EDGE}([sr]k_live_[A-Za-z0-9]{{24,99}}){_END}",
    ),
    _kind(
        "sendgrid-key",
        "SendGrid key",
        "SG.",
        rf"{_EDGE}(SG\.[A-Za-z0-9_-]{{22}}\.[A-Za-z0-9_-]{{43}}){_END}",
        _random(4.0),
    ),
    _kind(
        "openai-key",
        "OpenAI key",
        "T3BlbkFJ",
        rf"{_EDGE}(sk-(?:[A-Za-z0-9_-]{{20,80}})T3BlbkFJ[A-Za-z0-9_-]{{20,80}}){_END}",
    ),
    _kind(
        "anthropic-key",
        "Anthropic key",
        "sk-ant-",
        rf"{_EDGE}(sk-ant-(?:api|admin)\d\d-[A-Za-z0-9_-]{{80,120}}){_END}",
    ),
    _kind(
        "huggingface-token", "Hugging Face token", "hf_", rf"{_EDGE}(hf_[A-Za-z]{{34}}){_END}", _random(3.8)
    ),
    _kind(
        "digitalocean-token",
        "DigitalOcean token",
        "dop_v1_ doo_v1_",
        rf"{_EDGE}(do[po]_v1_[0-9a-f]{{64}}){_END}",
    ),
    _kind("docker-token", "Docker Hub token", "dckr_pat_", rf"{_EDGE}(dckr_pat_[A-Za-z0-9_-]{{27}}){_END}"),
    _kind(
        "vault-token",
        "HashiCorp Vault token",
        "hvs.CAES",
        rf"{_EDGE}(hvs\.CAES[A-Za-z0-9_-]{{80,200}}){_END}",
    ),
    _kind(
        "age-secret-key",
        "age secret key",
        "AGE-SECRET-KEY-1",
        r"(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})",
    ),
    _kind(
        "azure-storage-key",
        "Azure storage account key",
        "AccountKey=",
        r"AccountKey=([A-Za-z0-9/+]{86}==)",
        _random(4.5),
    ),
    # The client's config.json, "auths"; npmrc(5), "_authToken", "_auth"
    _kind(
        "registry-login",
        "container registry login",
        '"auth"',
        r'"auth"\s*:\s*"([A-Za-z0-9+/]{16,400}={0,2})"',
        _basic_auth,
    ),
    _kind(
        "npm-login",
        "npm registry login",
        "_auth",
        r":_auth(?:Token)?\s*=\s*\"?([A-Za-z0-9+/=_.-]{20,400})",
        _random(3.5),
    ),
    _kind(
        "git-login",
        "password in a git or web address",
        "x-access-token: oauth2:",
        r"https://(?:x-access-token|oauth2):([A-Za-z0-9_.-]{20,100})@",
        _random(3.0),
    ),
    # Kubernetes, "Organizing cluster access using kubeconfig files": a key of the user, or a bearer token
    _kind(
        "kubernetes-private-key",
        "private key of a Kubernetes client",
        "client-key-data",
        r"\bclient-key-data[\"']?\s{0,4}:\s{0,4}[\"']?([A-Za-z0-9+/]{100,15000}={0,2})",
        _encoded_key,
        16_384,
    ),
    _kind(
        "kubernetes-token",
        "Kubernetes token",
        "eyJhbGciOi",
        r"\b(?:token|id-token)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(eyJhbGciOi[A-Za-z0-9_-]{5,400}\.[A-Za-z0-9_-]{20,4000}\.[A-Za-z0-9_-]{40,1400})",
        _cluster_token,
        6_144,
    ),
    _kind(
        "kubernetes-token",
        "Kubernetes token",
        "current-context:",
        r"^current-context:[^\n]{0,200}\n(?:(?!current-context:)[^\n]{0,4000}\n){1,40}?"
        r"[ \t]{1,24}token: {1,4}[\"']?((?!eyJ)[A-Za-z0-9_.:~+/=-]{16,2000})",
        _random(3.0),
        16_384,
    ),
    # PostgreSQL, "The password file": host, port, database, user, password
    _kind(
        "postgresql-password",
        "PostgreSQL password",
        ":5432: :5433: :6432: :*:*:",
        r"^(?:[A-Za-z\d.*_-]{1,253}|/[\w./-]{1,100}):(?:\d{4,5}|\*):(?:[\w.-]{1,63}|\*):(?:[\w.@-]{1,63}|\*):((?:[^\s:\\]|\\.){4,128})\r?$",
        _password,
    ),
    # MySQL, "Using option files": a section that clients read
    _kind(
        "mysql-password",
        "MySQL password",
        "[client [mysql [mariadb-client",
        r"^\[(?:client(?:-server|-mariadb)?|mariadb-client|mysql|mysqldump|mysqladmin|mysqlcheck)\][^\S\n]*\n(?:(?!\[)[^\n]{0,200}\n){0,30}?"
        r"\s{0,8}pass(?:word|wd)?[ \t]{0,8}=[ \t]{0,8}[\"']?([^\s\"']{4,128})[\"']?\s*$",
        _password,
        4_096,
    ),
    # WordPress, "Editing wp-config.php"
    _kind(
        "wordpress-password",
        "database password of a WordPress site",
        "DB_PASSWORD",
        r"\bdefine\(\s{0,4}[\"']DB_PASSWORD[\"']\s{0,4},\s{0,4}[\"']([^\"'\n]{4,128})[\"']\s{0,4}\)",
        _password,
    ),
)

SECRET_KINDS = _ALL
"""Every kind, in the order in which a text is searched."""
