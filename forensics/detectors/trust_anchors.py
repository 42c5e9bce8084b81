"""Certificate authorities that were added to those of the distribution.

Source: update-ca-certificates(8), update-ca-trust(8), RFC 7468 (textual form), RFC 5280 section 4.1.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from forensics.detectors._finding import Circumstances, Statement, about_file, in_effect, shown
from forensics.detectors._places import basename
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity

ADDED = Statement(
    rule_id="trust/added-authority",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A certificate authority was added",
    explanation=(
        "Whoever holds the key of this authority can pass for any host on the network: programs in the "
        "container take its certificates for good, and encrypted connections can be read on the way."
    ),
    alternatives="Companies add the authority of their own network, or of a proxy that inspects connections.",
    remediation="Compare the fingerprint with that of an authority you know; otherwise remove the file.",
    attack=("T1553.004", "T1557"),
)

_LOCAL = (
    *("/usr/local/share/ca-certificates", "/etc/ca-certificates/trust-source"),
    *("/etc/pki/ca-trust/source", "/etc/pki/trust"),
)
"""Where authorities are put that the distribution does not know."""
_SHIPPED = "/usr/share/ca-certificates"
_DISTRIBUTED = (_SHIPPED, "/usr/share/pki/ca-trust-source", "/usr/share/pki/trust")
_READ = ("/etc/ssl/certs", "/etc/pki/tls/certs")
"""Where libraries look for authorities, by the hash of their subject."""
_HASH = re.compile(r"[0-9a-f]{8}\.[0-9]{1,3}")
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")
"""What tools put together from the certificates of the other folders."""
_PEM = re.compile(
    r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(?P<body>[^-]*)"
    r"-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)
_IS_NO_AUTHORITY = re.compile(rb"\x06\x03\x55\x1d\x13(?:\x01\x01\xff)?\x04\x02\x30\x00", re.DOTALL)
"""The extension basicConstraints with nothing in it."""
_NAME_PART = re.compile(
    rb"\x06\x03\x55\x04(?P<what>[\x03\x0a\x0b])[\x0c\x13\x14\x16](?P<length>[\x01-\x7f])", re.DOTALL
)
_ORDER = (b"\x03", b"\x0a", b"\x0b")
"""What names an authority best: its common name, its organisation, its unit."""


@dataclass(frozen=True, slots=True)
class _Certificate:
    """One certificate: its DER encoding, and where it stands in its file."""

    der: bytes
    offset: int
    length: int

    def evidence(self) -> Evidence:
        """Subject and fingerprint, with the place."""
        text = f"{_subject(self.der) or 'no readable subject'}, SHA-256 {sha256(self.der).hexdigest()}"
        return Evidence(kind="bytes", text=shown(text), offset=self.offset, length=self.length)


class TrustAnchors(Detector):
    """Certificates of packages are passed over, and so are those that are no authority's."""

    id = "trust_anchors"
    statements = (ADDED,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for a version of a file, unless another file brought the same certificates."""
        told = _shipped(scene)
        from_packages = bool(told)
        for version in scene.files.below(*_LOCAL):
            yield from _added(scene, version, told, ADDED.severity)
        for version in scene.files.below(*_DISTRIBUTED):
            if scene.unowned(version):
                yield from _added(scene, version, told, ADDED.severity)
        hashed = set(_hashed(scene))
        for version in scene.files.below(*_READ):
            if version.path not in _BUNDLES and scene.unowned(version):
                severity = ADDED.severity if version.key in hashed else Severity.LOW
                yield from _added(scene, version, told, severity)
        for version in (one for path in _BUNDLES for one in scene.files.at(path)):
            if from_packages and version.state is FileState.VISIBLE:
                yield from _added(scene, version, told, ADDED.severity)


def _shipped(scene: Scene) -> set[bytes]:
    """The certificates that packages answer for."""
    return {
        one.der
        for version in scene.files.below(_SHIPPED)
        if version.content is not None and scene.vouched(version)
        for one in _certificates(scene, version)
    }


def _hashed(scene: Scene) -> Iterator[tuple[int, int]]:
    """The keys of the versions that libraries find by a hash, as they are or through a link."""
    for version in scene.files.below(*_READ):
        if _HASH.fullmatch(basename(version.path)):
            for _, content in scene.files.with_content(version):
                yield content.key


def _added(scene: Scene, version: FileVersion, told: set[bytes], severity: Severity) -> Iterator[Finding]:
    """A finding for the authorities in one file that are not in `told`, which they are added to."""
    if version.content is None or scene.vouched(version):
        return
    added = [
        one
        for one in _certificates(scene, version)
        if one.der not in told and not _IS_NO_AUTHORITY.search(one.der)
    ]
    if added:
        told.update(one.der for one in added)
        yield _tell(scene, version, added, severity)


def _tell(scene: Scene, version: FileVersion, added: list[_Certificate], severity: Severity) -> Finding:
    name = _subject(added[0].der) or "no readable subject"
    detail = name if len(added) == 1 else f"{name} and {len(added) - 1} more"
    case = Circumstances(severity=in_effect(version, severity), detail=detail)
    return about_file(scene, ADDED, version, [one.evidence() for one in added], case)


def _certificates(scene: Scene, version: FileVersion) -> Iterator[_Certificate]:
    """Every certificate of a file, in the textual form or as it is."""
    text = scene.files.text(version)
    whole = text.encode("latin-1")
    if _is_certificate(whole):
        yield _Certificate(whole, 0, len(whole))
        return
    for match in _PEM.finditer(text):
        try:
            der = binascii.a2b_base64(match["body"].encode("latin-1"))
        except binascii.Error:
            continue
        if _is_certificate(der):
            yield _Certificate(der, match.start(), match.end() - match.start())


def _is_certificate(der: bytes) -> bool:
    """Whether the bytes are a sequence that begins with a sequence, which tells keys and key stores apart."""
    begin, _ = _content(der, 0)
    return der[:1] == b"\x30" and der[begin : begin + 1] == b"\x30"


def _subject(der: bytes) -> str:
    """The best part of the subject's name, empty when the bytes are no certificate."""
    found: dict[bytes, str] = {}
    subject = _field(der)
    for match in _NAME_PART.finditer(subject):
        value = subject[match.end() : match.end() + match["length"][0]]
        found.setdefault(match["what"], value.decode("utf-8", "replace"))
    return next((found[part] for part in _ORDER if part in found), "")


def _field(der: bytes) -> bytes:
    """The subject: the sixth field of the inner sequence, or the fifth where no version is given."""
    at, _ = _content(der, _content(der, 0)[0])
    at = _content(der, at)[1] if der[at : at + 1] == b"\xa0" else at
    for _ in range(4):
        at = _content(der, at)[1]
    begin, end = _content(der, at)
    return der[begin:end]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends; beyond the end everything is empty."""
    first = der[at + 1] if at + 1 < len(der) else 0
    if first < 0x80:
        return at + 2, min(at + 2 + first, len(der))
    count = first & 0x7F
    length = int.from_bytes(der[at + 2 : at + 2 + min(count, 4)])
    begin = at + 2 + count
    return begin, min(begin + length, len(der))


DETECTOR = TrustAnchors()
