"""Builds the one report document from everything that is known at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forensics import __version__
from forensics.detectors import Scene, verdict
from forensics.model import report as doc
from forensics.model.facts import FileFacts
from forensics.model.files import FileVersion
from forensics.model.findings import Finding, report_order
from forensics.model.image import Image, ImageConfig
from forensics.model.issues import Issue
from forensics.model.packages import Inventory
from forensics.model.sbom import FileStatus, FileVerdict
from forensics.pipeline.coverage import coverage, qualified
from forensics.pipeline.layer_rows import layer_rows
from forensics.printable import exact_base64, printable

_PROGRAMS = frozenset({"elf", "script", "pe", "macho", "java-class", "pyc", "wasm"})
"""File types that run or are loaded as code: these are listed one by one when nobody owns them.

Where nothing says what belongs in the image they are only counted, as all of them would be listed.
"""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the document is made of; `issues` are those that no other part carries."""

    scene: Scene
    signatures: doc.SignatureState
    findings: tuple[Finding, ...]
    issues: tuple[Issue, ...]
    started: str


def document(parts: Parts, timings: dict[str, float]) -> doc.Report:
    """The report; the same parts give the same document."""
    scene = parts.scene
    findings = tuple(sorted({f.id: f for f in parts.findings}.values(), key=report_order))
    covered = coverage(scene, parts.issues)
    return doc.Report(
        schema=doc.SCHEMA,
        tool=doc.Tool(
            name="forensics", version=__version__, signatures=parts.signatures, started=parts.started
        ),
        image=_image(scene),
        verdict=qualified(verdict(findings), covered),
        sbom=_sbom_section(scene),
        packages=_packages(scene.inventory),
        findings=findings,
        coverage=covered,
        timings=timings,
        files=tuple(_files(scene)),
    )


def _image(scene: Scene) -> doc.ReportImage:
    image = scene.image
    return doc.ReportImage(
        source=image.source,
        reference=printable(image.reference),
        manifest_digest=image.manifest_digest,
        config_digest=image.config_digest,
        platform=printable(str(image.platform)),
        tags=_texts(image.tags),
        created=printable(image.created),
        config=_config(image.config, image),
        layers=tuple(layer_rows(image, scene.view)),
        distribution=printable(scene.inventory.distribution_name),
    )


def _texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(printable(text) for text in texts)


def _config(config: ImageConfig, image: Image) -> doc.ReportConfig:
    return doc.ReportConfig(
        user=printable(config.user),
        entrypoint=_texts(config.entrypoint),
        cmd=_texts(config.cmd),
        env=_texts(config.env),
        labels={printable(key): printable(text) for key, text in sorted(config.labels.items())},
        exposed_ports=_texts(config.exposed_ports),
        volumes=_texts(config.volumes),
        working_dir=printable(config.working_dir),
        shell=_texts(config.shell),
        healthcheck=_texts(config.healthcheck),
        on_build=_texts(config.on_build),
        stop_signal=printable(config.stop_signal),
        author=printable(config.author),
        history=tuple(_history(config, image)),
    )


def _history(config: ImageConfig, image: Image) -> Iterator[doc.ReportHistory]:
    layer = 0
    for step in config.history:
        number = None
        if not step.empty_layer and layer < len(image.layers):
            number, layer = layer, layer + 1
        yield doc.ReportHistory(
            created=printable(step.created),
            created_by=printable(step.created_by),
            comment=printable(step.comment),
            layer=number,
        )


def _sbom_section(scene: Scene) -> doc.SbomSection:
    reconciliation = scene.reconciliation
    if reconciliation is None:
        return doc.SbomSection()
    drift = reconciliation.drift
    return doc.SbomSection(
        reference=reconciliation.reference,
        declared=tuple(
            doc.ReportSbom(
                origin=sbom.origin,
                format=sbom.format,
                spec_version=sbom.spec_version,
                components=len(sbom.components),
                files=len(sbom.files),
            )
            for sbom in scene.sboms
        ),
        packages=doc.PackageDriftReport(
            matched=drift.matched,
            undeclared=drift.undeclared,
            absent=drift.absent,
            version_changed=drift.version_changed,
        ),
        files=_file_drift(scene),
    )


def _file_drift(scene: Scene) -> doc.FileDrift:
    counts: Counter[FileStatus] = Counter()
    altered, undeclared, unowned = [], [], []
    for version, found in _judged(scene):
        counts[found.status] += 1
        match found.status:
            case FileStatus.ALTERED:
                altered.append(doc.AlteredFile(**_place(version), claimed_by=printable(found.claimed_by)))
            case FileStatus.UNDECLARED_PACKAGE:
                package = printable(found.claimed_by)
                undeclared.append(doc.UndeclaredPackageFile(**_place(version), package=package))
            case FileStatus.UNOWNED if (
                scene.has_reference and (kind := _type_of(version, scene.facts)) in _PROGRAMS
            ):
                unowned.append(doc.UnownedFile(**_place(version), kind=kind))
    return doc.FileDrift(
        declared=counts[FileStatus.DECLARED],
        package=counts[FileStatus.PACKAGE],
        generated=counts[FileStatus.GENERATED],
        known_good=counts[FileStatus.KNOWN_GOOD],
        altered=tuple(altered),
        undeclared_package=tuple(undeclared),
        unowned=tuple(unowned),
        unowned_other=counts[FileStatus.UNOWNED] - len(unowned),
        missing=scene.reconciliation.missing if scene.reconciliation else (),
    )


def _place(version: FileVersion) -> dict[str, Any]:
    """The fields that every listed file has."""
    return {"layer": version.layer, "path": printable(version.path), "state": version.state.value}


def _judged(scene: Scene) -> Iterator[tuple[FileVersion, FileVerdict]]:
    for version in scene.view.all_versions():
        found = scene.verdict(version.key)
        if found is not None:
            yield version, found


def _type_of(version: FileVersion, facts: Mapping[str, FileFacts]) -> str:
    known = facts.get(version.sha256)
    return known.type if known else ""


def _packages(inventory: Inventory) -> tuple[doc.ReportPackage, ...]:
    return tuple(
        doc.ReportPackage(
            name=printable(package.name),
            version=printable(package.version),
            type=package.type,
            purl=printable(package.purl),
            arch=printable(package.arch),
            licenses=_texts(package.licenses),
            layer=package.layer,
            locations=_texts(package.locations),
            files=package.files,
        )
        for package in sorted(inventory.packages, key=lambda package: package.id)
    )


def _files(scene: Scene) -> Iterator[doc.ReportFile]:
    """Every version; `_value_` is `value` without the cost of a property, paid hundreds of thousand times."""
    for version in scene.view.all_versions():
        entry = version.entry
        found = scene.verdict(version.key)
        yield doc.ReportFile(
            path=printable(version.path),
            layer=version.layer,
            offset=entry.header_offset,
            kind=entry.kind._value_,
            size=entry.size,
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            mtime=entry.mtime,
            link=printable(entry.link) if entry.link else "",
            state=version.state._value_,
            change=version.change._value_,
            changed_by_layer=version.changed_by_layer,
            sha256=version.sha256,
            status=found.status._value_ if found else "",
            claimed_by=printable(found.claimed_by) if found else "",
            rule=found.rule if found else "",
            type=_type_of(version, scene.facts),
            path_base64=exact_base64(version.path),
        )
