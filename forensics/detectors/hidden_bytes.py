"""Bytes of a layer or of the archive that no file stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.detectors._finding import Circumstances, Statement, about_image, about_layer
from forensics.detectors._hidden import evidence_of
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import HiddenBytes
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.quantities import counted

HIDDEN_BYTES = Statement(
    rule_id="archive/hidden-bytes",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="Bytes that belong to no file",
    explanation=(
        "Data stands where tools do not look. It travels with the image, whoever knows the place can read it "
        "from the layers as they are stored, and no scan of files sees it. Here it is examined like a file."
    ),
    alternatives=(
        "A tool that pads its output with something other than zeros or leaves notes of its own; an archive "
        "that was cut and joined; a damaged copy."
    ),
    remediation=(
        "Look at the bytes (forensics cat IMAGE --layer N '!slack@0x…'), ask who wrote the archive, and "
        "build the layer again from its files."
    ),
    attack=("T1027.009", "T1564"),
)
_PLACES: dict[str, tuple[str, Severity]] = {
    "behind-end": ("behind the end mark of the tar", Severity.MEDIUM),
    "behind-compression": ("behind the compressed data", Severity.MEDIUM),
    "compression-header": ("in headers of the compressed data", Severity.MEDIUM),
    "padding": ("in the padding behind members", Severity.MEDIUM),
    "header": ("in unused parts of headers", Severity.MEDIUM),
    "record": ("in extended headers, where no program looks", Severity.LOW),
    "note": ("in many short notes of extended headers", Severity.LOW),
    "attribute": ("in long extended attributes", Severity.LOW),
    "map": ("in a sparse member, beside its runs", Severity.MEDIUM),
    "unknown-type": ("under a type flag that makes no file", Severity.MEDIUM),
    "marker": ("in members that are markers and no files", Severity.MEDIUM),
    "damaged": ("where the tar is damaged", Severity.LOW),
    "behind-damage": ("behind the damage of the tar", Severity.MEDIUM),
}
_PROGRAMS = frozenset({"elf", "script", "pe", "macho", "java-class", "pyc", "wasm"})
_A_FEW = 32
"""Bytes in padding and headers that a careless program can leave there from its memory."""
_OF_RECORDS = frozenset({"record", "note", "attribute"})
_A_NOTE = 4096
"""Bytes in extended headers that may be what some tool notes for itself."""
_SCATTERED = frozenset({"padding", "header"})


class HiddenBytesDetector(Detector):
    """One finding for each layer and sort of place; signatures tell by themselves what they match there."""

    id = "hidden_bytes"
    statements = (HIDDEN_BYTES,)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """In order of the layers, those of the archive first."""
        groups: dict[tuple[int | None, str], list[HiddenBytes]] = {}
        for one in scene.view.hidden:
            if one.kind in _PLACES:
                groups.setdefault((one.layer, one.kind), []).append(one)
        for (layer, kind), found in groups.items():
            evidence = [piece for one in found for piece in evidence_of(one, scene.facts)]
            case = _case(scene, kind, found)
            if layer is None:
                yield about_image(scene, HIDDEN_BYTES, evidence, case)
            else:
                yield about_layer(scene, HIDDEN_BYTES, layer, evidence, case)


def _case(scene: Scene, kind: str, found: Sequence[HiddenBytes]) -> Circumstances:
    place, severity = _PLACES[kind]
    size = sum(one.content.size for one in found)
    reasons = []
    if kind in _SCATTERED and size <= _A_FEW:
        severity = Severity.LOW
        reasons.append("They are few enough to be a remnant of some program's memory.")
    if kind in _OF_RECORDS and size > _A_NOTE:
        severity = Severity.MEDIUM
        reasons.append("They are more than tools note there.")
    types = {scene.facts[one.content.sha256].type for one in found if one.content.sha256 in scene.facts}
    if programs := sorted(types & _PROGRAMS):
        severity = Severity.HIGH
        reasons.append(f"Among them is what can be run: {', '.join(programs)}.")
    detail = f"{counted(size, 'byte')} {place}"
    return Circumstances(severity=severity, detail=detail, distinct=kind, reasons=tuple(reasons))


DETECTOR = HiddenBytesDetector()
