"""Content digests, spelt as the OCI image specification does (`sha256:<hex>`)."""

from __future__ import annotations

import hashlib
import re

_DIGEST = re.compile(r"(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})")


def is_digest(text: str) -> bool:
    """Whether `text` is a digest this program can verify (OCI image spec, descriptors)."""
    return _DIGEST.fullmatch(text) is not None


def sha256_digest(content: bytes | bytearray | memoryview) -> str:
    """The `sha256:<hex>` digest of `content`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def new_hash(digest: str) -> hashlib._Hash:
    """A hash object of the algorithm that `digest` names; ValueError when it names none we know."""
    if not is_digest(digest):
        raise ValueError(f"not a known digest: {digest!r}")
    return hashlib.new(digest.partition(":")[0])
