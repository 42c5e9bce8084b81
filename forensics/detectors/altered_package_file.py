"""Files whose bytes are not those that their package or a declared SBOM recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors._finding import (
    Circumstances,
    Statement,
    about_file,
    about_image,
    note,
)
from forensics.detectors._nature import nature
from forensics.detectors._places import is_documentation
from forensics.detectors._scene import Detector, Scene
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity
from forensics.model.sbom import FileStatus, FileVerdict
from forensics.printable import printable

ALTERED = Statement(
    rule_id="ownership/altered-package-file",
    category=Category.INTEGRITY,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="File differs from what its package installed",
    explanation=(
        "The package database records a digest for this file, and the bytes in the image have another. "
        "Replacing a program that everybody trusts is how a backdoor is kept out of sight."
    ),
    alternatives=(
        "A build step patched the file on purpose; a package manager of a language updated itself over the "
        "distribution's copy; a tool that makes images smaller stripped it."
    ),
    remediation=(
        "Compare it with the file in the package of exactly this version, and rebuild from a clean base if "
        "they differ."
    ),
    attack=("T1554",),
)
DECLARED_OTHERWISE = Statement(
    rule_id="sbom/file-digest-differs",
    category=Category.SBOM_DRIFT,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    title="File differs from what the SBOM declares",
    explanation="The declared SBOM names this path with a digest that the bytes in the image do not have.",
    alternatives="The SBOM was made before the last build step, or for another build of the image.",
    remediation=(
        "Make the SBOM again from the image that is shipped; if it was, find out what changed the file since."
    ),
    attack=("T1554",),
)
GONE = Statement(
    rule_id="ownership/package-files-missing",
    category=Category.INTEGRITY,
    severity=Severity.INFO,
    confidence=Confidence.HIGH,
    title="Files that packages installed are not there",
    explanation="Packages of the finished image own these paths, and there is nothing at them.",
    alternatives=(
        "Slim images leave out documentation and translations; hardened ones remove shells and package "
        "managers."
    ),
    remediation="None is needed when the removal was intended.",
    attack=("T1070",),
)

_CODE = re.compile(
    r"\.(py|pyc|pl|pm|rb|js|mjs|cjs|php|sh|bash|lua|tcl|jar|war|class|so(\.[\d.]+)?|ko|a|el|ps1|service|timer|pth)$"
)
_REWRITTEN = re.compile(
    r"/etc/(shadow|passwd|group|gshadow)-?$|/(cacert\.pem|ca-certificates\.crt|ca-bundle\.(crt|trust\.crt)|tls-ca-bundle\.pem)$"
)
_TRUST = re.compile(r"\.(pem|crt|cer|gpg|asc|key)$|/trusted\.gpg", re.IGNORECASE)
_SELF_UPDATING = re.compile(
    r"/node_modules/(npm|corepack)/|/(site|dist)-packages/(pip|setuptools|wheel|_distutils_hack)"
)
_MOST_MISSING = 20


class AlteredPackageFile(Detector):
    """Weighs an altered file by what it is: code and keys matter more than data.

    Account files and certificate bundles that packages rewrite after installation are `low`, and so are
    npm and pip, which update themselves in place.
    """

    id = "altered_package_file"
    statements = (ALTERED, DECLARED_OTHERWISE, GONE)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for every altered version, and one for everything that is gone."""
        if scene.reconciliation is None:
            return
        for key, verdict in scene.reconciliation.verdicts.items():
            version = scene.view.by_key(key)
            owned = scene.by_package(version) if version is not None else None
            if version is None:
                continue
            if owned is not None and owned.status is FileStatus.ALTERED:
                yield _altered(scene, ALTERED, version, owned)
            if verdict.status is FileStatus.ALTERED and verdict != owned:
                yield _altered(scene, DECLARED_OTHERWISE, version, verdict)
        yield from _missing(scene)


def _altered(scene: Scene, said: Statement, version: FileVersion, verdict: FileVerdict) -> Finding:
    severity, reason = _weight(scene, version)
    reasons = [reason] if reason else []
    if said is ALTERED and scene.status(version) is FileStatus.DECLARED:
        reasons.append("A declared SBOM has the altered bytes, so it was made after the change.")
    evidence = [
        note(f"recorded by {verdict.claimed_by}: {verdict.expected or 'another digest'}", "digest"),
        note(f"found: {_found(scene, version, verdict)}", "digest"),
    ]
    return about_file(
        scene, said, version, evidence, Circumstances(severity=severity, reasons=tuple(reasons))
    )


def _weight(scene: Scene, version: FileVersion) -> tuple[Severity, str]:
    path = version.path
    if _REWRITTEN.search(path):
        return Severity.LOW, "Packages and administrators rewrite this file after it was installed."
    if _SELF_UPDATING.search(path):
        return Severity.LOW, "This package manager updates itself in place."
    if is_documentation(path):
        return Severity.INFO, "It is documentation."
    if nature(version, scene.facts.get(version.sha256)) is not None or _CODE.search(path):
        return Severity.HIGH, ""
    if path.startswith("/etc/") or _TRUST.search(path):
        return (
            Severity.MEDIUM,
            "It is a setting or a key, and no configuration file that people are meant to change.",
        )
    return Severity.LOW, "It is data, which runs nothing by itself."


def _found(scene: Scene, version: FileVersion, verdict: FileVerdict) -> str:
    """The digest of the bytes in the algorithm of the claim, where it is known."""
    facts = scene.facts.get(version.sha256)
    algorithm = verdict.expected.partition(":")[0]
    value = getattr(facts, algorithm, "") if facts and algorithm in ("md5", "sha1", "sha256") else ""
    return f"{algorithm}:{value}" if value else f"sha256:{version.sha256}"


def _missing(scene: Scene) -> Iterator[Finding]:
    missing = scene.reconciliation.missing if scene.reconciliation else ()
    gone = [one for one in missing if not _left_out_of_slim_images(one.path)]
    if not gone:
        return
    evidence: list[Evidence] = [
        note(f"{printable(one.path)} of {printable(one.claimed_by)}") for one in gone[:_MOST_MISSING]
    ]
    if len(gone) > _MOST_MISSING:
        evidence.append(note(f"and {len(gone) - _MOST_MISSING} more"))
    yield about_image(scene, GONE, evidence, Circumstances(detail=f"{len(gone)} paths"))


def _left_out_of_slim_images(path: str) -> bool:
    return path.startswith(
        ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/",
         "/usr/share/lintian/",
         "/usr/share/groff/", "/usr/share/linda/")
    )  # fmt: skip


DETECTOR = AlteredPackageFile()
