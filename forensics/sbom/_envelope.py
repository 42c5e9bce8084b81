"""Takes an SBOM out of what it was signed and shipped in: sigstore bundle, DSSE envelope, in-toto statement.

References: DSSE envelope (JSON), in-toto attestation framework v0.1 and v1 (`statement`), sigstore bundle
v0.3 (`dsseEnvelope`). Signatures are not verified here.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from forensics.errors import ParseError
from forensics.printable import printable
from forensics.sbom._json import decode_json

_LEVELS = 4
_DIGEST_SIZES = {"sha256": 64, "sha384": 96, "sha512": 128}


class _Envelope(msgspec.Struct, rename="camel"):
    payload_type: str
    payload: str


class _Subject(msgspec.Struct):
    digest: dict[str, str] = {}


class _Wrapping(msgspec.Struct, rename="camel"):
    dsse_envelope: msgspec.Raw = msgspec.Raw(b"")
    payload: msgspec.Raw = msgspec.Raw(b"")
    payload_type: msgspec.Raw = msgspec.Raw(b"")
    predicate: msgspec.Raw = msgspec.Raw(b"")
    predicate_type: msgspec.Raw = msgspec.Raw(b"")
    subject: msgspec.Raw = msgspec.Raw(b"")


class Unwrapped(msgspec.Struct, frozen=True):
    """The innermost document, the digest of the image it is about (empty if unsaid), its predicate type."""

    content: bytes
    subject: str = ""
    predicate_type: str = ""


def unwrap(content: bytes) -> Unwrapped:
    """The document inside `content`; `content` itself when it is no envelope. Raises ParseError."""
    found = Unwrapped(content)
    for _ in range(_LEVELS):
        wrapping = decode_json(found.content, _Wrapping)
        if bytes(wrapping.dsse_envelope):
            found = Unwrapped(bytes(wrapping.dsse_envelope), found.subject)
        elif bytes(wrapping.payload) and bytes(wrapping.payload_type):
            found = Unwrapped(_payload(found.content), found.subject)
        elif bytes(wrapping.predicate) and bytes(wrapping.predicate_type):
            found = _predicate(wrapping)
            if found.content[:1] != b"{":
                return found
        else:
            return found
    raise ParseError("too many envelopes in one another")


def _payload(content: bytes) -> bytes:
    envelope = decode_json(content, _Envelope)
    try:
        return base64.b64decode(envelope.payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError("the payload of the envelope is not base64") from error


def _predicate(wrapping: _Wrapping) -> Unwrapped:
    kind = printable(decode_json(wrapping.predicate_type, str))
    return Unwrapped(bytes(wrapping.predicate), _subject(wrapping.subject), kind)


def _subject(raw: msgspec.Raw) -> str:
    """The first digest of a subject that has the shape of an image digest."""
    if not bytes(raw):
        return ""
    for subject in decode_json(raw, list[_Subject]):
        for algorithm, size in _DIGEST_SIZES.items():
            digest = subject.digest.get(algorithm, "").lower()
            if len(digest) == size and not digest.strip("0123456789abcdef"):
                return f"{algorithm}:{digest}"
    return ""
