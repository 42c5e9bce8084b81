"""Package databases that were edited by hand or removed, so that they vouch for what they should not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, Statement, about_file, about_layer, note
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileState
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity
from forensics.model.packages import Claim, Snapshot
from forensics.printable import printable

EDITED = Statement(
    rule_id="ownership/database-edited",
    category=Category.INTEGRITY,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    title="A package database was changed without installing anything",
    explanation=(
        "A layer changed what the database says about files of a package whose version stayed the same. "
        "Package managers do not do this; whoever replaces a program and wants the database to vouch for it"
        " does."
    ),
    alternatives="The same version was installed again from another build of it.",
    remediation=(
        "Compare the files with the package of exactly this version from the distribution's archive."
    ),
    attack=("T1565.001", "T1554"),
)
REMOVED = Statement(
    rule_id="ownership/database-removed",
    category=Category.DEFENSE_EVASION,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="A package database was removed by a later layer",
    explanation=(
        "Without its database nobody sees which packages the image has and which files belong to none."
    ),
    alternatives="An image that was made smaller; a package manager that removed itself.",
    remediation="Use the database in the lower layer, as this report does.",
    attack=("T1070",),
)

_DATABASES = (
    *("/var/lib/dpkg/status", "/lib/apk/db/installed", "/usr/lib/apk/db/installed"),
    *("/var/lib/rpm/Packages", "/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"),
)


class PackageDatabase(Detector):
    """Compares each state of the databases with the one before it."""

    id = "package_database"
    statements = (EDITED, REMOVED)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each package whose record changed in a layer, and each database that is gone."""
        shots = scene.inventory.snapshots
        for before, after in itertools.pairwise(shots):
            yield from _edited(scene, before, after)
        for path in _DATABASES:
            if scene.view.resolve(path) is None:
                for version in scene.files.at(path):
                    if version.state is FileState.DELETED and version.entry.size:
                        yield about_file(
                            scene, REMOVED, version, [note(f"removed by layer {version.changed_by_layer}")]
                        )


def _edited(scene: Scene, before: Snapshot, after: Snapshot) -> Iterator[Finding]:
    stayed = {package.id for package in before.packages} & {package.id for package in after.packages}
    changed: dict[str, list[Evidence]] = {}
    for path, claims in after.claims.items():
        earlier = before.claims.get(path)
        if earlier is claims or earlier == claims or earlier is None:
            continue
        digests = {claim.package: claim for claim in earlier}
        for claim in claims:
            old = digests.get(claim.package)
            if claim.package in stayed and old is not None and _differs(old, claim):
                text = f"{printable(path)}: {old.digest} became {claim.digest or 'nothing'}"
                changed.setdefault(claim.package, []).append(note(text, "digest"))
    for package in sorted(changed):
        evidence = changed[package]
        case = Circumstances(
            severity=EDITED.severity if len(evidence) <= 8 else Severity.MEDIUM,
            detail=package,
            distinct=package,
            reasons=()
            if len(evidence) <= 8
            else ("Many files changed at once, as when it was installed again.",),
        )
        yield about_layer(scene, EDITED, after.layer, evidence, case)


def _differs(old: Claim, new: Claim) -> bool:
    return bool(old.digest) and old.digest != new.digest and not new.config and old.link == new.link


DETECTOR = PackageDatabase()
