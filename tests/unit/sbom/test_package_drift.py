"""Declared components against installed packages: exactly what differs, and nothing else."""

from __future__ import annotations

import pytest

from forensics.model.packages import Inventory, Package, Snapshot
from forensics.model.sbom import Component, DeclaredSbom
from forensics.sbom._package_drift import Comparison, compare_packages


def deb(name: str, version: str = "1.0-1", arch: str = "amd64", source: str = "", files: int = 1) -> Package:
    return Package(
        id=f"deb/{name}@{version}/{arch}",
        name=name,
        version=version,
        type="deb",
        purl=f"pkg:deb/debian/{name}@{version}?arch={arch}",
        arch=arch,
        source=source or name,
        source_version=version,
        layer=2,
        files=files,
    )


def apk(name: str, version: str = "1-r0", files: int = 1) -> Package:
    package = deb(name, version, "x86_64", files=files)
    return Package(
        id=f"apk/{name}@{version}/x86_64",
        name=name,
        version=version,
        type="apk",
        purl=f"pkg:apk/alpine/{name}@{version}",
        arch="x86_64",
        source=package.source,
        source_version=version,
        files=files,
    )


def url(purl: str, version: str | None = None, name: str | None = None) -> Component:
    plain = purl.partition("?")[0]
    return Component(
        name=name or plain.rpartition("@")[0].rpartition("/")[2],
        version=plain.rpartition("@")[2] if version is None else version,
        type=purl.partition(":")[2].partition("/")[0],
        purl=purl,
    )


def bom(
    *components: Component, scope: str = "image", embedded: bool = False, origin: str = "--sbom x"
) -> DeclaredSbom:
    return DeclaredSbom(
        origin=origin,
        format="cyclonedx",
        spec_version="1.6",
        components=components,
        scope=scope,
        embedded=embedded,
    )


def compare(packages: list[Package], *sboms: DeclaredSbom) -> Comparison:
    snapshot = Snapshot(layer=0, packages=tuple(packages), claims={})
    return compare_packages(Inventory(packages=tuple(packages), snapshots=(snapshot,)), sboms)


def names(comparison: Comparison) -> tuple[int, list[str], list[str], list[tuple[str, str, str]]]:
    drift = comparison.packages
    return (
        drift.matched,
        [package.name for package in drift.undeclared],
        [component.name for component in drift.absent],
        [(change.name, change.declared, change.found) for change in drift.version_changed],
    )


INSTALLED = [deb("bash", "5.2-1"), deb("bsdutils", "1:2.38-5"), deb("libc6", "2.36-9")]
DECLARED = [
    url("pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12"),
    url("pkg:deb/debian/bsdutils@1%3A2.38-5?arch=amd64", version="1:2.38-5"),
    url("pkg:deb/debian/libc6@2.36-9?arch=amd64"),
]


def test_without_an_sbom_there_is_no_drift() -> None:
    comparison = compare(INSTALLED)
    assert names(comparison) == (0, [], [], [])
    assert comparison.reference == "packages"
    assert compare_packages(Inventory(), ()).reference == "none"


def test_the_same_packages_give_no_drift() -> None:
    comparison = compare(INSTALLED, bom(*DECLARED))
    assert names(comparison) == (3, [], [], [])
    assert (comparison.reference, comparison.undeclared_ids, comparison.issues) == ("sbom", frozenset(), ())


def test_one_component_removed() -> None:
    comparison = compare(INSTALLED, bom(*DECLARED[1:]))
    assert names(comparison) == (2, ["bash"], [], [])
    assert comparison.undeclared_ids == {"deb/bash@5.2-1/amd64"}
    (undeclared,) = comparison.packages.undeclared
    assert (undeclared.version, undeclared.type, undeclared.layer) == ("5.2-1", "deb", 2)


def test_one_component_added() -> None:
    extra = url("pkg:deb/debian/nmap@7.93-1?arch=amd64")
    comparison = compare(INSTALLED, bom(*DECLARED, extra))
    assert names(comparison) == (3, [], ["nmap"], [])
    assert comparison.packages.absent[0].origin == "--sbom x"


@pytest.mark.parametrize(
    "changed",
    [
        url("pkg:deb/debian/bash@5.1-9?arch=amd64"),
        url("pkg:deb/debian/bash@5.1-9?arch=amd64", version="5.2-1"),
        url("pkg:deb/debian/bash@5.2-1?arch=amd64", version="5.1-9"),
        Component(name="bash", version="5.1-9", type="deb"),
    ],
)
def test_one_version_changed_in_the_purl_or_beside_it(changed: Component) -> None:
    comparison = compare(INSTALLED, bom(changed, *DECLARED[1:]))
    assert names(comparison) == (2, [], [], [("bash", "5.1-9", "5.2-1")])
    assert comparison.undeclared_ids == frozenset()


def test_an_sbom_without_any_distribution_package_leaves_them_all_out() -> None:
    comparison = compare(INSTALLED, bom(url("pkg:npm/left-pad@1")))
    assert names(comparison) == (0, ["bash", "bsdutils", "libc6"], [], [])


def test_what_no_database_is_read_of_is_counted_and_never_absent() -> None:
    comparison = compare(
        INSTALLED,
        bom(
            *DECLARED,
            url("pkg:npm/a@1"),
            url("pkg:npm/b@1"),
            url("pkg:rpm/fedora/c@1"),
            Component(name="debian", version="12", type="operating-system"),
            Component(name="thing", version="1", type="library"),
        ),
    )
    assert names(comparison) == (3, [], [], [])
    told = [
        (issue.code, issue.subject, issue.message.split()[0], issue.lost_bytes) for issue in comparison.issues
    ]
    assert told == [
        ("not-compared", "library", "1", 0),
        ("not-compared", "npm", "2", 0),
        ("not-compared", "operating-system", "1", 0),
        ("not-compared", "rpm", "1", 0),
    ]


@pytest.mark.parametrize(
    "component",
    [
        url("pkg:deb/debian/bsdutils@2.38-5?arch=amd64&epoch=1", version="2.38-5"),
        url("pkg:deb/debian/bsdutils@2.38-5?arch=amd64&epoch=1", version="1:2.38-5"),
        url("pkg:deb/debian/bsdutils@2.38-5?arch=amd64"),
        url("pkg:deb/Debian/BSDutils@1:2.38-5"),
        url("pkg:deb/ubuntu/bsdutils@1:2.38-5?arch=x86_64&distro=jammy"),
        Component(name="bsdutils", version="1:2.38-5", type="deb"),
        Component(name="bsdutils", version="1:2.38-5", type="library"),
        Component(name="bsdutils", version="1:2.38-5", type="deb", purl="pkg:deb/"),
        Component(name="bsdutils", type="deb"),
    ],
)
def test_ways_to_name_the_same_package(component: Component) -> None:
    assert names(compare([deb("bsdutils", "1:2.38-5")], bom(component))) == (1, [], [], [])


def test_another_epoch_is_another_version() -> None:
    component = url("pkg:deb/debian/bsdutils@2:2.38-5", version="2:2.38-5")
    comparison = compare([deb("bsdutils", "1:2.38-5")], bom(component))
    assert names(comparison) == (0, [], [], [("bsdutils", "2:2.38-5", "1:2.38-5")])


def test_an_untyped_component_with_another_version_is_not_compared() -> None:
    comparison = compare([deb("debug", "4.3")], bom(Component(name="debug", version="2.6", type="library")))
    assert names(comparison) == (0, ["debug"], [], [])


def test_a_foreign_purl_never_stands_for_a_distribution_package() -> None:
    assert names(compare([deb("six", "1.16")], bom(url("pkg:pypi/six@1.16")))) == (0, ["six"], [], [])


def test_each_architecture_counts() -> None:
    both = [deb("libc6", arch="amd64"), deb("libc6", arch="i386")]
    one = url("pkg:deb/debian/libc6@1.0-1?arch=amd64")
    other = url("pkg:deb/debian/libc6@1.0-1?arch=i386")
    assert names(compare(both, bom(one, other))) == (2, [], [], [])
    assert compare(both, bom(one)).undeclared_ids == {"deb/libc6@1.0-1/i386"}
    assert names(compare(both, bom(Component(name="libc6", version="1.0-1", type="deb")))) == (2, [], [], [])


def test_a_source_package_stands_for_what_was_built_from_it() -> None:
    built = [deb("libssl3", "3.0-1", source="openssl"), deb("libssl-dev", "3.0-1", source="openssl")]
    assert names(compare(built, bom(url("pkg:deb/debian/openssl@3.0-1")))) == (2, [], [], [])
    assert names(compare(built, bom(url("pkg:deb/debian/openssl@3.0-1?arch=source")))) == (2, [], [], [])


def test_a_binary_package_of_the_sources_name_stands_only_for_itself() -> None:
    built = [deb("openssl", "3.0-1"), deb("libssl3", "3.0-1", source="openssl")]
    assert names(compare(built, bom(url("pkg:deb/debian/openssl@3.0-1")))) == (1, ["libssl3"], [], [])


def test_a_source_package_of_which_nothing_is_installed_is_not_absent() -> None:
    comparison = compare(
        [deb("bash")], bom(url("pkg:deb/debian/bash@1.0-1"), url("pkg:deb/debian/x@1?arch=source"))
    )
    assert names(comparison) == (1, [], [], [])


def test_two_versions_of_which_one_is_installed() -> None:
    comparison = compare(
        [deb("bash", "5.2")], bom(url("pkg:deb/debian/bash@5.1"), url("pkg:deb/debian/bash@5.2"))
    )
    assert names(comparison) == (1, [], ["bash"], [])


def test_sboms_from_outside_add_up() -> None:
    assert names(compare(INSTALLED, bom(*DECLARED[:1]), bom(*DECLARED[1:]))) == (3, [], [], [])


def test_the_same_absent_component_of_two_sboms_is_told_once() -> None:
    extra = url("pkg:deb/debian/nmap@7.93-1")
    comparison = compare(INSTALLED, bom(*DECLARED, extra), bom(*DECLARED, extra, origin="--sbom y"))
    assert [absent.origin for absent in comparison.packages.absent] == ["--sbom x"]


def test_an_sbom_in_the_image_cannot_vouch_for_what_one_from_outside_leaves_out() -> None:
    inside = bom(*DECLARED, embedded=True, origin="layer 3:/sbom.json")
    comparison = compare(INSTALLED, bom(*DECLARED[1:]), inside)
    assert names(comparison) == (2, ["bash"], [], [])
    assert names(compare(INSTALLED, inside)) == (3, [], [], [])


def test_an_sbom_in_the_image_may_still_be_wrong_on_its_own() -> None:
    inside = bom(
        url("pkg:deb/debian/bash@4.0"), url("pkg:deb/debian/gone@1"), embedded=True, origin="layer 3:/s"
    )
    comparison = compare(INSTALLED, bom(*DECLARED), inside)
    assert names(comparison) == (3, [], ["gone"], [("bash", "4.0", "5.2-1")])


def test_a_products_sbom_leaves_the_other_packages_alone() -> None:
    product = bom(
        url("pkg:bitnami/nginx@1"), url("pkg:deb/debian/bash@5.2-1"), scope="package", embedded=True
    )
    comparison = compare(INSTALLED, product)
    assert names(comparison) == (1, [], [], [])
    assert (comparison.reference, comparison.undeclared_ids) == ("packages", frozenset())


def test_a_products_sbom_may_name_what_is_not_there() -> None:
    product = bom(
        url("pkg:deb/debian/gone@1"), scope="package", embedded=True, origin="layer 1:/opt/x.spdx.json"
    )
    assert names(compare(INSTALLED, product)) == (0, [], ["gone"], [])


def test_in_the_distributions_folder_every_package_must_have_a_document() -> None:
    documents = [
        bom(url(f"pkg:apk/wolfi/{name}@1-r0"), scope="distribution", embedded=True)
        for name in ("musl", "zlib")
    ]
    installed = [apk("musl"), apk("zlib")]
    assert names(compare(installed, *documents)) == (2, [], [], [])
    assert compare(installed, *documents).reference == "sbom"
    assert names(compare([*installed, apk("nmap")], *documents)) == (2, ["nmap"], [], [])
    assert names(compare([apk("musl"), apk("zlib", "2-r0")], *documents)) == (
        1,
        [],
        [],
        [("zlib", "1-r0", "2-r0")],
    )


def test_that_folder_speaks_of_its_own_kind_of_package_only() -> None:
    document = bom(url("pkg:apk/wolfi/musl@1-r0"), scope="distribution", embedded=True)
    assert names(compare([apk("musl"), deb("bash")], document)) == (1, [], [], [])


def test_virtual_packages_have_no_document_of_their_own() -> None:
    document = bom(url("pkg:apk/wolfi/musl@1-r0"), scope="distribution", embedded=True)
    virtual = apk(".build-deps", files=0)
    assert names(compare([apk("musl"), virtual], document)) == (1, [], [], [])
    assert names(compare([apk("musl"), virtual], bom(url("pkg:apk/wolfi/musl@1-r0")))) == (
        1,
        [".build-deps"],
        [],
        [],
    )
    hidden = apk(".hidden", files=3)
    assert names(compare([apk("musl"), hidden], document)) == (1, [".hidden"], [], [])
