"""Where the declared SBOM and the packages in the image disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.detectors._finding import Circumstances, Statement, about_image, about_layer, note
from forensics.detectors._scene import Detector, Scene
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.model.sbom import DeclaredSbom, PackageDrift
from forensics.printable import printable

UNDECLARED = Statement(
    rule_id="sbom/undeclared-package",
    category=Category.SBOM_DRIFT,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="Installed package is in no declared SBOM",
    explanation=(
        "The package is installed, and none of the declared SBOMs names it. Whoever relies on the SBOM does"
        " not know that it is there: neither its vulnerabilities nor what it can do."
    ),
    alternatives=(
        "The SBOM was made before this package was installed, or by a tool that does not read this package "
        "database."
    ),
    remediation=(
        "Make the SBOM again from the finished image; ask why the package was added after the SBOM was made."
    ),
    attack=("T1525", "T1195.002"),
)
ABSENT = Statement(
    rule_id="sbom/absent-component",
    category=Category.SBOM_DRIFT,
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    title="Declared component is not installed",
    explanation="The SBOM declares a component that no package database in the image knows.",
    alternatives=(
        "The SBOM also describes a build stage that is not shipped, or the package was removed on purpose."
    ),
    remediation="Find out whether the SBOM belongs to this image.",
    attack=("T1036",),
)
VERSION = Statement(
    rule_id="sbom/version-changed",
    category=Category.SBOM_DRIFT,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    title="Package version is not the declared one",
    explanation=(
        "The package is installed in another version than the SBOM declares, so statements about its "
        "vulnerabilities and its origin do not hold."
    ),
    alternatives="The package was updated in a later build step, after the SBOM was made.",
    remediation="Make the SBOM again from the finished image, or go back to the declared version.",
    attack=("T1036", "T1195.002"),
)
UNRELATED = Statement(
    rule_id="sbom/describes-another-image",
    category=Category.SBOM_DRIFT,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="The declared SBOM does not describe this image",
    explanation=(
        "Most of what the SBOM declares is not in the image, or most of what is in the image is not in the "
        "SBOM. An SBOM taken from another image hides everything that differs."
    ),
    alternatives=(
        "The wrong file was given; the SBOM covers the application alone, without the packages below it."
    ),
    remediation="Find the SBOM that was made for the digest of this image.",
    attack=("T1036.005",),
)
OTHER_SUBJECT = Statement(
    rule_id="sbom/other-subject",
    category=Category.SBOM_DRIFT,
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    title="The SBOM is about another image digest",
    explanation="The SBOM names the digest of the image it was made for, and this image has another.",
    alternatives=(
        "It names the digest of the multi-platform index; the image was saved or pushed again with other "
        "compression, which changes the manifest and not the content."
    ),
    remediation="Compare the digests with those in the registry the image came from.",
    attack=("T1036.005",),
)

_MOST_EACH = 100


class SbomDrift(Detector):
    """One finding for each difference, or a single one where the SBOM is about something else."""

    id = "sbom_drift"
    statements = (UNDECLARED, ABSENT, VERSION, UNRELATED, OTHER_SUBJECT)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """Nothing when no SBOM of the whole image was declared."""
        whole = [sbom for sbom in scene.sboms if sbom.scope == "image"]
        if scene.reconciliation is None or scene.reconciliation.reference != "sbom" or not whole:
            return
        yield from _other_subjects(scene, whole)
        drift = scene.reconciliation.drift
        if _is_unrelated(drift):
            yield about_image(scene, UNRELATED, [note(_counts(drift))])
            return
        yield from _undeclared(scene, drift)
        yield from _absent(scene, drift)
        for change in drift.version_changed[:_MOST_EACH]:
            evidence = [
                note(f"declared {printable(change.declared)}"),
                note(f"installed {printable(change.found)}: {printable(change.purl)}"),
            ]
            case = Circumstances(detail=change.name, distinct=change.purl or change.name)
            yield about_layer(scene, VERSION, change.layer, evidence, case)
        yield from _rest(scene, VERSION, len(drift.version_changed))


def _is_unrelated(drift: PackageDrift) -> bool:
    """Fewer than a third of the packages of either side are on the other; a handful says nothing."""
    agreed = drift.matched + len(drift.version_changed)
    declared, installed = agreed + len(drift.absent), agreed + len(drift.undeclared)
    return max(declared, installed) >= 6 and 3 * agreed < max(declared, installed)


def _counts(drift: PackageDrift) -> str:
    return (
        f"{drift.matched} packages agree, {len(drift.version_changed)} differ in version, "
        f"{len(drift.undeclared)} are not declared, {len(drift.absent)} declared ones are not installed"
    )


def _undeclared(scene: Scene, drift: PackageDrift) -> Iterator[Finding]:
    for package in drift.undeclared[:_MOST_EACH]:
        detail = f"{package.name} {package.version}"
        case = Circumstances(detail=detail, distinct=package.purl or detail)
        yield about_layer(scene, UNDECLARED, package.layer, [note(package.purl or detail)], case)
    yield from _rest(scene, UNDECLARED, len(drift.undeclared))


def _absent(scene: Scene, drift: PackageDrift) -> Iterator[Finding]:
    kinds = {package.type for package in scene.inventory.packages}
    for component in drift.absent[:_MOST_EACH]:
        detail = f"{component.name} {component.version}"
        kind = component.purl.partition(":")[2].partition("/")[0]
        readable = kind in kinds
        case = Circumstances(
            severity=ABSENT.severity if readable else Severity.INFO,
            detail=detail,
            distinct=component.purl or detail,
            reasons=() if readable else ("The image has no database for packages of this kind.",),
        )
        evidence = [note(component.purl or detail), note(f"declared in {component.origin}")]
        yield about_image(scene, ABSENT, evidence, case)
    yield from _rest(scene, ABSENT, len(drift.absent))


def _rest(scene: Scene, said: Statement, count: int) -> Iterator[Finding]:
    if count > _MOST_EACH:
        left = count - _MOST_EACH
        yield about_image(
            scene,
            said,
            [note(f"{left} more are not listed")],
            Circumstances(detail=f"{left} more", distinct="rest"),
        )


def _other_subjects(scene: Scene, sboms: Sequence[DeclaredSbom]) -> Iterator[Finding]:
    digests = {scene.image.manifest_digest, scene.image.config_digest} - {""}
    for sbom in sboms:
        if sbom.subject and digests and sbom.subject not in digests:
            attached = sbom.origin.startswith("attestation")
            case = Circumstances(severity=None if attached else Severity.LOW, distinct=sbom.origin)
            evidence = [note(f"{sbom.origin} is about {sbom.subject}", "digest")]
            evidence += [note(f"this image: {digest}", "digest") for digest in sorted(digests)]
            yield about_image(scene, OTHER_SUBJECT, evidence, case)


DETECTOR = SbomDrift()
