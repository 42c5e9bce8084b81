"""Differences between declared and installed packages."""

from __future__ import annotations

from forensics.detectors import Scene
from forensics.detectors.sbom_drift import DETECTOR
from forensics.model.findings import Finding
from forensics.model.image import Image
from forensics.model.packages import Inventory, Package
from forensics.model.sbom import (
    AbsentComponent,
    DeclaredSbom,
    PackageDrift,
    Reconciliation,
    UndeclaredPackage,
    VersionChange,
)
from tests.scenes import said

SBOM = DeclaredSbom(origin="--sbom x", format="spdx", spec_version="2.3")
ONE = Package(id="deb/a@1", name="a", version="1", type="deb", purl="pkg:deb/debian/a@1")


def judge(
    drift: PackageDrift, sbom: DeclaredSbom = SBOM, reference: str = "sbom", **image: str
) -> list[Finding]:
    scene = Scene(
        image=Image(source="x", reference="x", **image),
        rules={},
        inventory=Inventory(packages=(ONE,)),
        sboms=(sbom,),
        reconciliation=Reconciliation(verdicts={}, drift=drift, reference=reference),
    )
    return list(DETECTOR.detect(scene))


def undeclared(name: str) -> UndeclaredPackage:
    return UndeclaredPackage(name=name, version="2", type="deb", purl=f"pkg:deb/debian/{name}@2", layer=3)


def test_each_difference_is_one_finding_in_its_layer() -> None:
    drift = PackageDrift(
        matched=20,
        undeclared=(undeclared("socat"),),
        absent=(AbsentComponent(name="gone", version="1", purl="pkg:deb/debian/gone@1", origin="x"),),
        version_changed=(
            VersionChange(name="c", declared="1", found="2", purl="pkg:deb/debian/c@2", layer=4),
        ),
    )
    found = judge(drift)
    assert [(one.rule_id, str(one.severity), one.layer) for one in found] == [
        ("sbom/undeclared-package", "medium", 3),
        ("sbom/absent-component", "medium", None),
        ("sbom/version-changed", "medium", 4),
    ]
    assert found[0].title == "Installed package is in no declared SBOM: socat 2"
    assert len({one.id for one in found}) == 3


def test_a_component_of_a_kind_that_no_database_covers_is_context() -> None:
    absent = (AbsentComponent(name="left-pad", version="1", purl="pkg:npm/left-pad@1", origin="x"),)
    assert said(judge(PackageDrift(matched=20, absent=absent))) == [("sbom/absent-component", "info", None)]


def test_an_sbom_of_another_image_is_one_finding() -> None:
    many = tuple(undeclared(f"p{n}") for n in range(30))
    found = judge(PackageDrift(matched=3, undeclared=many))
    assert said(found) == [("sbom/describes-another-image", "medium", None)]


def test_a_long_list_is_cut_and_counted() -> None:
    many = tuple(undeclared(f"p{n}") for n in range(150))
    found = judge(PackageDrift(matched=900, undeclared=many))
    assert len(found) == 101
    assert found[-1].title.endswith("50 more")


def test_agreement_and_no_sbom_say_nothing() -> None:
    assert judge(PackageDrift(matched=30)) == []
    assert judge(PackageDrift(undeclared=(undeclared("x"),)), reference="packages") == []
    part = DeclaredSbom(origin="x", format="spdx", spec_version="2.3", scope="package")
    assert judge(PackageDrift(undeclared=(undeclared("x"),)), sbom=part) == []


def test_a_statement_about_another_digest() -> None:
    sbom = DeclaredSbom(
        origin="attestation x", format="spdx", spec_version="2.3", subject="sha256:" + "a" * 64
    )
    digest = "sha256:" + "b" * 64
    assert said(judge(PackageDrift(), sbom, manifest_digest=digest)) == [
        ("sbom/other-subject", "medium", None)
    ]
    assert judge(PackageDrift(), sbom, manifest_digest=sbom.subject) == []
