"""Contents of the archive or layout that no image of it needs."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image
from forensics.detectors._hidden import evidence_of
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import HiddenBytes
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.quantities import counted

UNREFERENCED = Statement(
    rule_id="archive/unreferenced-content",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="The archive holds content that no document refers to",
    explanation=(
        "No image of the archive needs it, so that programs which read images never see it, while it is "
        "copied and kept with them. It is examined like a file."
    ),
    alternatives="An archive or folder that was put together by hand; remains of a tool.",
    remediation=(
        "Look at the content, and copy the image anew (skopeo copy): that takes over only what belongs to it."
    ),
    attack=("T1027", "T1564"),
)
_KINDS: dict[str, tuple[str, Severity, str]] = {
    "unreferenced": ("", Severity.MEDIUM, ""),
    "shadowed": (
        "members that others of the same name replace",
        Severity.MEDIUM,
        "Programs that take the first member of a name read this one.",
    ),
    "untagged": (
        "an image that the index does not list",
        Severity.LOW,
        "Layouts keep the images that a new one took the tag from, until they are tidied.",
    ),
    "unaccounted": (
        "",
        Severity.LOW,
        "The archive is not whole, and with the rest of it may be missing what refers to this.",
    ),
    "desktop": (
        "notes of a desktop",
        Severity.LOW,
        "It is what macOS keeps beside files, so that somebody packed the archive by hand.",
    ),
}
_DESKTOP = (b"\x00\x05\x16\x07", b"\x00\x00\x00\x01Bud1")


class UnreferencedContent(Detector):
    """One finding for each sort of content, with the name, digest, type and beginning of each."""

    id = "unreferenced_content"
    statements = (UNREFERENCED,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """Only an archive or layout as a whole has such content: the findings name no layer."""
        kinds: dict[str, list[HiddenBytes]] = {}
        for one in scene.view.hidden:
            kind = "desktop" if one.head.startswith(_DESKTOP) else one.kind
            if one.layer is None and one.kind in _KINDS:
                kinds.setdefault(kind, []).append(one)
        for kind, found in kinds.items():
            what, severity, reason = _KINDS[kind]
            size = counted(sum(one.content.size for one in found), "byte")
            detail = f"{counted(len(found), 'content')} of {size}" + (f", {what}" if what else "")
            evidence = [piece for one in found for piece in evidence_of(one, scene.facts)]
            reasons = (reason,) if reason else ()
            case = Circumstances(severity=severity, detail=detail, distinct=kind, reasons=reasons)
            yield about_image(scene, UNREFERENCED, evidence, case)


DETECTOR = UnreferencedContent()
