"""Keys, tokens and wallets that have the form of real ones, are made of a digest, and open nothing."""

from __future__ import annotations

import base64
import hashlib
import zlib

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
INERT = "# Training image: this script leaves before it does anything.\nexit 0\n"
"""The second and third line of every shell script in the training images."""


def noise(label: str, size: int) -> bytes:
    """Bytes that look random and follow from the label."""
    return hashlib.shake_256(f"inert training image: {label}".encode()).digest(size)


def _spelt(label: str, size: int, alphabet: str) -> str:
    return "".join(alphabet[byte % len(alphabet)] for byte in noise(label, size))


def wallet(label: str) -> str:
    """The form of a Monero address: 95 characters of base 58. Its checksum is wrong, so nobody can pay it."""
    return "4" + _spelt(label, 1, "123456789AB") + _spelt(label + "/rest", 93, _BASE58)


def aws_key(label: str) -> tuple[str, str]:
    """The form of an AWS access key id and its secret."""
    secret = base64.b64encode(noise(label + "/secret", 30)).decode()
    return "AKIA" + _spelt(label, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), secret


def github_token(label: str) -> str:
    """The form of a GitHub token, its check digits (CRC-32 in base 62) included."""
    body = _spelt(label, 30, _BASE62)
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return f"ghp_{body}{digits.rjust(6, '0')}"


def ssh_public_key(label: str, comment: str) -> str:
    """One line of an authorized_keys file (RFC 8709)."""
    blob = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + noise(label, 32)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} {comment}\n"


def private_key(label: str) -> str:
    """The form of an RSA private key (RFC 7468); its numbers are noise."""
    body = base64.b64encode(bytes.fromhex("308204a40201000282010100") + noise(label, 1180)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----", ""])
