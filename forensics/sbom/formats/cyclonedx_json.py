"""CycloneDX documents in JSON.

References: CycloneDX 1.2 to 1.7, JSON schema (`bom`, `component`, `componentEvidence`, `hash`).
Limitations: services, dependencies, compositions and vulnerabilities say nothing about what is in an image
and are not read. A file without a folder in its name could lie anywhere and is not compared.
"""

from __future__ import annotations

import msgspec

from forensics.errors import ParseError
from forensics.model.issues import Issue
from forensics.model.sbom import Component, DeclaredFile
from forensics.printable import printable
from forensics.sbom._json import decode_json
from forensics.sbom.formats._format import (
    Marks,
    Parts,
    SbomContent,
    SbomFormat,
    comparable_digest,
    declared_path,
    purl_type,
    texts,
)

_KNOWN = frozenset(f"1.{minor}" for minor in range(2, 8))
_WHOLE_IMAGE = frozenset(("container", "operating-system", "firmware", "device"))
_DEEPEST = 32
"""Levels of components within components; each level is scanned anew, so that depth costs time squared."""


class _Hash(msgspec.Struct):
    alg: str
    content: str


class _License(msgspec.Struct):
    id: str | None = None
    name: str | None = None


class _LicenseChoice(msgspec.Struct):
    license: _License | None = None
    expression: str | None = None


class _Property(msgspec.Struct):
    name: str = ""
    value: str | None = None


class _Occurrence(msgspec.Struct):
    location: str = ""


class _Evidence(msgspec.Struct):
    occurrences: list[_Occurrence] | None = None


class _Component(msgspec.Struct):
    name: str
    type: str = ""
    version: str | None = None
    purl: str | None = None
    ref: str | None = msgspec.field(default=None, name="bom-ref")
    hashes: list[_Hash] | None = None
    licenses: list[_LicenseChoice] | None = None
    properties: list[_Property] | None = None
    evidence: _Evidence | None = None
    components: list[msgspec.Raw] | None = None


class _Subject(msgspec.Struct):
    type: str = ""
    components: list[msgspec.Raw] | None = None


class _Metadata(msgspec.Struct):
    component: _Subject | None = None


class _Document(msgspec.Struct, rename="camel"):
    bom_format: str
    spec_version: str
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    components: list[msgspec.Raw] | None = None


class CycloneDxJson(SbomFormat):
    """Reads components with their package URLs, and components of type `file` with their hashes."""

    id = "cyclonedx_json"
    name = "cyclonedx"

    def recognises(self, marks: Marks) -> bool:
        """`bomFormat` is the key the specification reserves for this."""
        return bytes(marks.bom_format) == b'"CycloneDX"'

    def read(self, content: bytes, origin: str) -> SbomContent:
        """The document. Raises ParseError when it is no JSON or its components are no list."""
        document = decode_json(content, _Document)
        if not document.spec_version.startswith("1."):
            raise ParseError(f"CycloneDX {printable(document.spec_version)} is not read")
        reading = _Reading(origin)
        subject = next(iter(reading.parts.decode([document.metadata], _Metadata, "metadata")), _Metadata())
        reading.walk(document.components or [])
        if subject.component and subject.component.components:
            reading.walk(subject.component.components)
        issues = reading.parts.issues
        if document.spec_version not in _KNOWN:
            issues += (_newer(document.spec_version, origin),)
        return SbomContent(
            spec_version=printable(document.spec_version),
            components=tuple(reading.components),
            files=tuple(reading.files),
            whole_image=subject.component is not None and subject.component.type in _WHOLE_IMAGE,
            issues=issues,
        )


class _Reading:
    """Collects the components of one document, nested ones included."""

    def __init__(self, origin: str) -> None:
        self.parts = Parts(origin)
        self.components: list[Component] = []
        self.files: list[DeclaredFile] = []

    def walk(self, raw: list[msgspec.Raw]) -> None:
        """Read components and those within them, in document order."""
        levels = [iter(self.parts.decode(raw, _Component, "components"))]
        while levels:
            component = next(levels[-1], None)
            if component is None:
                levels.pop()
                continue
            self._take(component)
            if not component.components:
                continue
            if len(levels) < _DEEPEST:
                levels.append(iter(self.parts.decode(component.components, _Component, "components")))
            else:
                for part in component.components:
                    self.parts.lose("components nested too deeply", len(bytes(part)))

    def _take(self, component: _Component) -> None:
        if component.type == "file":
            self._take_file(component)
            return
        name, version, purl, ref = texts(component.name, component.version, component.purl, component.ref)
        self.components.append(
            Component(
                name=name,
                version=version,
                type=purl_type(purl) or printable(_type_without_purl(component)),
                purl=purl,
                ref=ref,
                licenses=tuple(_licenses(component.licenses or [])),
            )
        )

    def _take_file(self, component: _Component) -> None:
        digests = (comparable_digest(item.alg, item.content) for item in component.hashes or [])
        known = tuple(digest for digest in digests if digest)
        occurrences = component.evidence.occurrences if component.evidence else None
        names = [item.location for item in occurrences or [] if item.location] or [component.name]
        self.files.extend(
            DeclaredFile(path=declared_path(name), digests=known) for name in names if "/" in name
        )


def _type_without_purl(component: _Component) -> str:
    for item in component.properties or []:
        if item.name == "syft:package:type" and item.value:
            return item.value
    return component.type


def _licenses(choices: list[_LicenseChoice]) -> list[str]:
    found = []
    for choice in choices:
        text = choice.expression or (choice.license and (choice.license.id or choice.license.name))
        if text:
            found.append(printable(text))
    return found


def _newer(version: str, origin: str) -> Issue:
    return Issue(
        stage="sbom",
        code="unknown-version",
        subject=origin,
        message=f"CycloneDX {printable(version)} is not known here and was read as the versions that are",
    )


SBOM_FORMAT = CycloneDxJson()
