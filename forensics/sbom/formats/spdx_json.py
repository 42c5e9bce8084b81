"""SPDX documents in JSON.

References: SPDX 2.2 and 2.3, clauses 6 (document), 7 (package), 8 (file), and the JSON schema.
Limitations: relationships are not read: which package owns a file is asked of the package databases, and
what a document names at all it declares. Snippets and annotations do not concern presence. SPDX 3 is
another format.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from forensics.errors import ParseError
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

_KNOWN = frozenset(("SPDX-2.2", "SPDX-2.3"))
_IMAGE_PURLS = frozenset(("oci", "docker"))
_DISTRIBUTION_PURLS = frozenset(("apk", "deb", "rpm"))
_NO_LICENSE = frozenset(("NOASSERTION", "NONE", ""))


class _ExternalRef(msgspec.Struct, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""


class _Checksum(msgspec.Struct, rename="camel"):
    algorithm: str
    checksum_value: str


class _Package(msgspec.Struct, rename="camel"):
    name: str
    spdx_id: str | None = msgspec.field(default=None, name="SPDXID")
    version_info: str | None = None
    license_declared: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[_ExternalRef] | None = None


class _File(msgspec.Struct, rename="camel"):
    file_name: str
    checksums: list[_Checksum] | None = None


class _Document(msgspec.Struct, rename="camel"):
    spdx_version: str
    packages: list[msgspec.Raw] | None = None
    files: list[msgspec.Raw] | None = None


class SpdxJson(SbomFormat):
    """Reads packages with their package URLs, and files with their checksums.

    The package that stands for the image itself (purpose CONTAINER, or a purl of type oci) is no component.
    """

    id = "spdx_json"
    name = "spdx"

    def recognises(self, marks: Marks) -> bool:
        """`spdxVersion` is the key the specification reserves for this."""
        return bytes(marks.spdx_version).startswith(b'"SPDX-')

    def read(self, content: bytes, origin: str) -> SbomContent:
        """The document. Raises ParseError when it is no JSON, or of another version."""
        document = decode_json(content, _Document)
        if document.spdx_version not in _KNOWN:
            raise ParseError(f"{printable(document.spdx_version)} is not read, only SPDX 2.2 and 2.3")
        parts = Parts(origin)
        components, whole_image = [], False
        for package in parts.decode(document.packages or [], _Package, "packages"):
            component = _component(package)
            if package.primary_package_purpose == "CONTAINER" or component.type in _IMAGE_PURLS:
                whole_image = True
            else:
                components.append(component)
        files = [_file(file) for file in parts.decode(document.files or [], _File, "files")]
        return SbomContent(
            spec_version=document.spdx_version.removeprefix("SPDX-"),
            components=tuple(components),
            files=tuple(files),
            whole_image=whole_image,
            issues=parts.issues,
        )


def _component(package: _Package) -> Component:
    references = package.external_refs or []
    purl = _best_purl(item.reference_locator for item in references if item.reference_type == "purl")
    name, version, purl, ref = texts(package.name, package.version_info, purl, package.spdx_id)
    declared = package.license_declared or ""
    return Component(
        name=name,
        version=version,
        type=purl_type(purl) or _type_without_purl(package),
        purl=purl,
        ref=ref,
        licenses=() if declared in _NO_LICENSE else (printable(declared),),
    )


def _best_purl(purls: Iterable[str]) -> str:
    """The package URL of what is installed: a package's sources are listed beside it (melange, apko)."""
    known = list(purls)
    return next((purl for purl in known if purl_type(purl) in _DISTRIBUTION_PURLS), known[0] if known else "")


def _type_without_purl(package: _Package) -> str:
    return printable((package.primary_package_purpose or "package").lower())


def _file(file: _File) -> DeclaredFile:
    digests = (comparable_digest(item.algorithm, item.checksum_value) for item in file.checksums or [])
    return DeclaredFile(
        path=declared_path(file.file_name), digests=tuple(digest for digest in digests if digest)
    )


SBOM_FORMAT = SpdxJson()
