"""Documents and layers that are not what the archive says they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from forensics.detectors._finding import Circumstances, Statement, about_image, about_layer, note
from forensics.detectors._scene import Detector, Needs, Scene
from forensics.model.files import LayerIndex
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity
from forensics.model.image import LayerSource
from forensics.model.issues import Issue

WRONG_BYTES = Statement(
    rule_id="integrity/digest-mismatch",
    category=Category.INTEGRITY,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="Bytes do not have the digest they are declared with",
    explanation=(
        "The archive declares a digest, and the bytes have another: they were changed after the image was "
        "built, or the statement about them was. A container runtime refuses this, other tools do not look."
    ),
    alternatives="A damaged download; an archive that was edited by hand, as test data are.",
    remediation="Fetch the image again by digest from where it was published, and compare.",
    attack=("T1565.001", "T1525"),
)
MISSING = Statement(
    rule_id="integrity/layer-missing",
    category=Category.INTEGRITY,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="A layer of the image is not in the archive",
    explanation=(
        "The image consists of more than was examined. Nothing can be said about what the missing layer "
        "brings or hides."
    ),
    alternatives=(
        "A partial copy; a layer that is meant to be fetched from elsewhere (foreign layers of Windows)."
    ),
    remediation="Get a complete copy of the image.",
    attack=("T1036",),
)
DISAGREE = Statement(
    rule_id="integrity/documents-disagree",
    category=Category.INTEGRITY,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="Documents of the archive contradict one another",
    explanation=(
        "Two places of the archive say different things about the image. Programs that read one or the "
        "other see different images, so that what was checked is not what runs."
    ),
    alternatives="An archive that was put together or edited by hand.",
    remediation="Load it with the runtime that will use it, and compare what it sees.",
    attack=("T1036",),
)
COUNTS = Statement(
    rule_id="integrity/history-mismatch",
    category=Category.INTEGRITY,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    title="The history and the layers do not agree in number",
    explanation=(
        "The history lists another number of steps that made a layer, so that no layer can be told its "
        "instruction."
    ),
    alternatives="Some builders write no history or one for the last step only.",
    remediation="Judge the layers by their content.",
    attack=("T1036",),
)
MALFORMED = Statement(
    rule_id="archive/malformed",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    title="Parts of the archive do not follow its format",
    explanation="Readers of the archive resolve the errors in different ways, and see different content.",
    alternatives="An old or home-made tool; a damaged copy.",
    remediation="Get a good copy of the image, and compare.",
)

_OF_THE_SOURCE: dict[str, tuple[Statement, Severity | None]] = {
    "digest-mismatch": (WRONG_BYTES, None),
    "documents-disagree": (DISAGREE, None),
    "ambiguous-document": (DISAGREE, None),
    "ambiguous-media-type": (DISAGREE, None),
    "ambiguous-tag": (DISAGREE, None),
    "duplicate-member": (DISAGREE, None),
    "size-mismatch": (DISAGREE, None),
    "diff-id-count": (DISAGREE, None),
    "history-mismatch": (COUNTS, None),
    "bad-digest": (MALFORMED, Severity.MEDIUM),
    "bad-header": (MALFORMED, Severity.MEDIUM),
    "unknown-type": (MALFORMED, None),
    "bad-pax-header": (MALFORMED, None),
    "link-refused": (MALFORMED, Severity.MEDIUM),
    "unsafe-name": (MALFORMED, Severity.MEDIUM),
    "malformed-document": (MALFORMED, None),
}
_SAME_TROUBLE = {"layer-incomplete": "size-mismatch"}
"""Codes that stand in one finding with those of another: a size is declared, and the bytes have another."""
_OF_A_LAYER: dict[str, tuple[Statement, Severity | None]] = {
    "size-without-data": (MALFORMED, None),
    "not-a-tar": (MALFORMED, Severity.MEDIUM),
    "bad-header": (MALFORMED, Severity.MEDIUM),
    "corrupt": (MALFORMED, Severity.MEDIUM),
    "ambiguous-layer": (DISAGREE, None),
    "truncated": (MALFORMED, Severity.MEDIUM),
    "no-end-mark": (MALFORMED, Severity.INFO),
    "empty-layer": (MALFORMED, None),
    "orphan-header": (MALFORMED, None),
    "bad-number": (MALFORMED, None),
    "bad-pax-header": (MALFORMED, None),
    "bad-sparse-map": (MALFORMED, None),
    "bad-whiteout": (MALFORMED, None),
    "folder-with-data": (MALFORMED, Severity.MEDIUM),
    "global-header": (MALFORMED, Severity.MEDIUM),
    "repeated-header": (MALFORMED, None),
    "unknown-type": (MALFORMED, None),
    "digest-unknown": (MALFORMED, None),
    "diff-id-unknown": (MALFORMED, None),
}


class LayerIntegrity(Detector):
    """Turns what the source and the layers met into findings where it says something about the image."""

    id = "layer_integrity"
    needs = Needs.LAYERS
    statements = (WRONG_BYTES, MISSING, DISAGREE, COUNTS, MALFORMED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each kind of trouble of the archive, and of each layer."""
        for code, issues in _by_code(scene.image.issues).items():
            if code in _OF_THE_SOURCE:
                said, severity = _OF_THE_SOURCE[code]
                case = Circumstances(severity=severity, distinct=code)
                yield about_image(scene, said, [_told(issue) for issue in issues], case)
        sources = {source.index: source for source in scene.image.layers}
        for layer in scene.view.image_layers:
            yield from _layer(scene, layer, sources.get(layer.index))


def _layer(scene: Scene, layer: LayerIndex, source: LayerSource | None) -> Iterator[Finding]:
    if source is not None and source.blob is None:
        yield about_layer(
            scene, MISSING, layer.index, [note(f"looked for {source.name}"), note(f"digest {source.digest}")]
        )
        return
    wrong = []
    if layer.digest_agrees is False and source is not None:
        wrong.append(note(f"declared digest {source.digest}, found {layer.digest}", "digest"))
    if layer.diff_id_agrees is False and source is not None:
        wrong.append(note(f"declared diff_id {source.diff_id}, found {layer.diff_id}", "digest"))
    if wrong:
        yield about_layer(scene, WRONG_BYTES, layer.index, wrong)
    for code, issues in _by_code(layer.issues).items():
        if code in _OF_A_LAYER:
            said, severity = _OF_A_LAYER[code]
            case = Circumstances(severity=severity, distinct=code)
            yield about_layer(scene, said, layer.index, [_told(issue) for issue in issues], case)


def _by_code(issues: Iterable[Issue]) -> dict[str, list[Issue]]:
    found: dict[str, list[Issue]] = {}
    for issue in issues:
        found.setdefault(_SAME_TROUBLE.get(issue.code, issue.code), []).append(issue)
    return found


def _told(issue: Issue) -> Evidence:
    lost = f" ({issue.lost_bytes:,} bytes)" if issue.lost_bytes > 1 else ""
    return note(f"{issue.subject}: {issue.message}{lost}")


DETECTOR = LayerIntegrity()
