"""File capabilities: parts of root's rights that a program gets when it is started.

Source: capabilities(7), Linux `include/uapi/linux/capability.h` (`vfs_cap_data`, `vfs_ns_cap_data`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.detectors._finding import Circumstances, Statement, about_file, in_effect, note
from forensics.detectors._places import basename
from forensics.detectors._powers import CAPABILITIES, ROOT_LIKE, USUAL_CAPABILITIES, gives_root
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity

POWERFUL = Statement(
    rule_id="privilege/file-capability",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Program is given rights of root when it is started",
    explanation=(
        "A file capability gives this program a right from which the rest of root's rights, or other "
        "people's files and processes, are one step away. It is less visible than a set-user-ID bit and "
        "works the same."
    ),
    alternatives="A network or system tool that really needs it, granted in the image's build.",
    remediation="Remove it with setcap -r unless the product needs exactly this right.",
    attack=("T1548.001",),
)
SHELL = Statement(
    rule_id="privilege/file-capability-shell",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    title="A program that runs any command is given rights of root",
    explanation=(
        "A shell, an interpreter, or a tool that reads, writes or starts anything carries a powerful file "
        "capability: whoever runs code in the container is as good as root."
    ),
    alternatives="No distribution ships this.",
    remediation="Remove it with setcap -r, and find the build step that granted it.",
    attack=("T1548.001",),
)
HARMLESS = Statement(
    rule_id="privilege/file-capability-narrow",
    category=Category.PRIVILEGE_ESCALATION,
    severity=Severity.INFO,
    confidence=Confidence.HIGH,
    title="Program is given a narrow right",
    explanation="The capability lets the program do one thing, such as opening a low port or a raw socket.",
    alternatives="Usual for network services and ping.",
    remediation="None is needed when the program is the product.",
    attack=("T1548.001",),
)
MALFORMED = Statement(
    rule_id="archive/malformed-capability",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    title="File capability that the kernel cannot read",
    explanation=(
        "The extended attribute security.capability has a form that Linux refuses, so what it grants is "
        "unclear."
    ),
    alternatives="Damaged by a tool that does not know binary attributes.",
    remediation="Set it again, or remove it.",
)

_ATTRIBUTES = ("security.capability", "SCHILY.xattr.security.capability")
_LENGTHS = {1: 12, 2: 20, 3: 24}


@dataclass(frozen=True, slots=True)
class Granted:
    """What one attribute grants, whether it acts at once, and the root of the user namespace it is for."""

    permitted: tuple[str, ...]
    inheritable: tuple[str, ...]
    effective: bool
    root: int = 0


def decode_capability(attribute: bytes) -> Granted:
    """The content of a `security.capability` attribute, revision 1, 2 or 3; ValueError for any other form."""
    if len(attribute) < 12:
        raise ValueError("too short")
    (magic,) = struct.unpack_from("<I", attribute)
    revision = magic >> 24
    if _LENGTHS.get(revision) != len(attribute):
        raise ValueError("unknown revision or length")
    words = struct.unpack(f"<{(len(attribute) - 4) // 4}I", attribute[4:])
    root = words[4] if revision == 3 else 0
    permitted, inheritable = words[0], words[1]
    if revision > 1:
        permitted |= words[2] << 32
        inheritable |= words[3] << 32
    return Granted(_names(permitted), _names(inheritable), bool(magic & 1), root)


def _names(bits: int) -> tuple[str, ...]:
    known = [
        CAPABILITIES[bit] if bit < len(CAPABILITIES) else f"bit_{bit}" for bit in range(64) if bits >> bit & 1
    ]
    return tuple(known)


class FileCapabilities(Detector):
    """Judges by what is granted and to whom; what distributions grant their own tools is `info`."""

    id = "file_capabilities"
    statements = (POWERFUL, SHELL, HARMLESS, MALFORMED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each version with the attribute."""
        for version in scene.files:
            for name, attribute in version.entry.xattrs:
                if name in _ATTRIBUTES:
                    yield self._judge(scene, version, attribute)
                    break

    def _judge(self, scene: Scene, version: FileVersion, attribute: bytes) -> Finding:
        try:
            granted = decode_capability(attribute)
        except ValueError:
            return about_file(
                scene, MALFORMED, version, [note(f"security.capability is {attribute[:32].hex()}")]
            )
        name = basename(version.path)
        powerful = [one for one in granted.permitted if one in ROOT_LIKE or one.startswith("bit_")]
        usual = USUAL_CAPABILITIES.get(name, frozenset())
        said = HARMLESS
        if powerful and not (set(powerful) <= usual and (scene.vouched(version) or not scene.has_reference)):
            said = SHELL if gives_root(name) else POWERFUL
        return about_file(
            scene,
            said,
            version,
            [note(_describe(granted))],
            Circumstances(severity=in_effect(version, said.severity)),
        )


def _describe(granted: Granted) -> str:
    words = ["permitted " + (" ".join(f"cap_{one}" for one in granted.permitted) or "none")]
    if granted.inheritable:
        words.append("inheritable " + " ".join(f"cap_{one}" for one in granted.inheritable))
    words.append("in effect at once" if granted.effective else "to be raised by the program")
    if granted.root:
        words.append(f"only in the user namespace of user {granted.root}")
    return ", ".join(words)


DETECTOR = FileCapabilities()
