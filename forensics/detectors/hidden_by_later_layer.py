"""Content that a later layer deleted or overwrote, where that content is suspicious in itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forensics.detectors._finding import Circumstances, Statement, about_file, about_layer, note
from forensics.detectors._nature import Nature, nature
from forensics.detectors._places import basename, is_program_directory, is_system
from forensics.detectors._scene import Detector, Scene
from forensics.examine import Rule
from forensics.model.facts import FileFacts
from forensics.model.files import FileState, FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.model.sbom import FileStatus
from forensics.quantities import counted

HIDDEN = Statement(
    rule_id="layers/hidden-content",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A later layer hides something that deserves a look",
    explanation=(
        "The file is not in the finished image, and its bytes are still in the layer that brought it: "
        "everybody who pulls the image receives them. Adding something, using it and deleting it is how a "
        "build leaves no visible trace."
    ),
    alternatives="A tool that was needed while the image was built.",
    remediation="Read it in its own layer, and find out what it did before it was removed.",
    attack=("T1070.004",),
)
CLEANED = Statement(
    rule_id="layers/deleted-content",
    category=Category.CONFIGURATION,
    severity=Severity.INFO,
    confidence=Confidence.HIGH,
    title="A layer deletes what lower layers brought",
    explanation="The deleted bytes still travel with the image and can be read from the lower layers.",
    alternatives="Package caches and build tools that were cleaned up one step too late.",
    remediation="Delete in the same build step that creates, or build in several stages.",
    attack=("T1070.004",),
)


class HiddenByLaterLayer(Detector):
    """Signatures that matched make it `high`, secrets and unowned programs `medium`; the rest is counted.

    Without a package database nothing is unowned, and only signatures and secrets count.
    """

    id = "hidden_by_later_layer"
    statements = (HIDDEN, CLEANED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding a suspicious version that is not visible, and one a layer that deletes anything."""
        deleted: dict[int, list[FileVersion]] = {}
        for version in scene.files:
            if version.state is FileState.VISIBLE or version.changed_by_layer == version.layer:
                continue
            if version.state is FileState.DELETED and version.content is not None:
                deleted.setdefault(version.changed_by_layer or 0, []).append(version)
            facts = scene.facts.get(version.sha256) if version.sha256 else None
            if facts is not None and not _is_update(scene, version):
                yield from self._judge(scene, version, facts)
        for layer in sorted(deleted):
            versions = deleted[layer]
            size = sum(version.content.size for version in versions if version.content)
            evidence = [note(f"{version.path} (layer {version.layer})") for version in versions[:8]]
            case = Circumstances(detail=f"{counted(len(versions), 'file')}, {counted(size, 'byte')}")
            yield about_layer(scene, CLEANED, layer, evidence, case)

    def _judge(self, scene: Scene, version: FileVersion, facts: FileFacts) -> Iterator[Finding]:
        severity, reasons = _weight(scene, version, facts)
        if severity is None:
            return
        what = "deletes" if version.state is FileState.DELETED else "overwrites"
        evidence = [
            note(f"layer {version.changed_by_layer} {what} it"),
            *(note(reason) for reason in reasons),
        ]
        yield about_file(scene, HIDDEN, version, evidence, Circumstances(severity=severity, reasons=reasons))


def _is_update(scene: Scene, version: FileVersion) -> bool:
    """Whether a package or a rule accounts for the old version, as when a package was updated or removed."""
    accounted = (FileStatus.GENERATED, FileStatus.UNDECLARED_PACKAGE)
    return scene.vouched(version) or scene.status(version) in accounted


def _weight(scene: Scene, version: FileVersion, facts: FileFacts) -> tuple[Severity | None, tuple[str, ...]]:
    matched = _serious(scene.rules, facts)
    if matched:
        return Severity.HIGH, (f"Signatures match it: {', '.join(matched)}.",)
    owned = scene.by_package(version)
    if owned is not None and owned.status is FileStatus.ALTERED and nature(version, facts):
        return Severity.HIGH, ("It differed from what its package installed.",)
    if facts.secrets:
        return Severity.MEDIUM, ("It holds a key or a token.",)
    kind = nature(version, facts)
    if kind is None or not scene.unowned(version):
        return None, ()
    if _same_name_remains(scene, version):
        return Severity.INFO, ("A newer version of it is in the finished image.",)
    if scene.product.reasons(version):
        return Severity.LOW, (f"It is an unowned {kind} that the image's build accounts for.",)
    if kind is Nature.SCRIPT:
        odd = is_program_directory(version.path) or is_system(version.path)
        return (Severity.MEDIUM if odd else Severity.LOW), (f"It is an unowned {kind}.",)
    return Severity.MEDIUM, (f"It is an unowned {kind}.",)


def _serious(rules: Mapping[str, Rule], facts: FileFacts) -> list[str]:
    found = [rules[match.rule_id] for match in facts.matches if match.rule_id in rules]
    return sorted(rule.id for rule in found if rule.severity.rank >= Severity.MEDIUM.rank)


def _same_name_remains(scene: Scene, version: FileVersion) -> bool:
    """Whether the finished image has the same kind of file at the path, as when a product was updated."""
    current = scene.view.visible(version.path)
    if current is None or current.content is None:
        return False
    before = nature(version, scene.facts.get(version.sha256))
    after = nature(current, scene.facts.get(current.sha256))
    return before is after and basename(current.path) == basename(version.path)


DETECTOR = HiddenByLaterLayer()
