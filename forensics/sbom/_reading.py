"""Reads one SBOM document, whatever its format and wrapping."""

from __future__ import annotations

import codecs
from functools import cache

from forensics.errors import ParseError
from forensics.limits import DEFAULT, Limits
from forensics.model.sbom import DeclaredSbom
from forensics.plugins import collect
from forensics.sbom import formats
from forensics.sbom._envelope import unwrap
from forensics.sbom._json import decode_json
from forensics.sbom.formats._format import Marks, SbomContent, SbomFormat

_BLANKS = b" \t\r\n"


class UnknownFormat(ParseError):
    """The document is of no format that is read here; it may well be something else than an SBOM."""


@cache
def sbom_formats() -> tuple[SbomFormat, ...]:
    """The formats of this program, in name order."""
    return collect(formats, "SBOM_FORMAT", SbomFormat)


def read_sbom(content: bytes, origin: str, limits: Limits = DEFAULT) -> DeclaredSbom:
    """The SBOM in `content`, which may be wrapped in an attestation; its format is told by its own keys.

    `origin` is printable text for people. The scope is `image`. Raises ParseError when it is too large,
    damaged as a whole, or of no format that is read here.
    """
    return read_document(content, origin, limits)[0]


def read_document(content: bytes, origin: str, limits: Limits) -> tuple[DeclaredSbom, SbomContent]:
    """As `read_sbom`, with what the document says of itself."""
    if len(content) > limits.sbom_bytes:
        raise ParseError("the SBOM is larger than the limit", "raise the limit sbom_bytes")
    content = content.removeprefix(codecs.BOM_UTF8).lstrip(_BLANKS)
    if not content.startswith(b"{"):
        raise ParseError("it is no JSON object" if content else "it is empty")
    unwrapped = unwrap(content)
    if unwrapped.predicate_type and unwrapped.content[:1] != b"{":
        raise UnknownFormat(f"{unwrapped.predicate_type} is there, but not as the JSON that is read here")
    marks = decode_json(unwrapped.content, Marks)
    for sbom_format in sbom_formats():
        if sbom_format.recognises(marks):
            read = sbom_format.read(unwrapped.content, origin)
            sbom = DeclaredSbom(
                origin=origin,
                format=sbom_format.name,
                spec_version=read.spec_version,
                components=read.components,
                files=read.files,
                subject=unwrapped.subject,
                issues=read.issues,
            )
            return sbom, read
    known = ", ".join(sbom_format.name for sbom_format in sbom_formats())
    kind = unwrapped.predicate_type
    raise UnknownFormat(
        f"{kind} is not an SBOM that is read here" if kind else "it does not say that it is an SBOM",
        f"the formats that are read, as JSON: {known}",
    )
