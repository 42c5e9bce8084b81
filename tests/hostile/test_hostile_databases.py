"""Package databases and SBOMs made to cost time, memory or the truth."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from forensics.inventory import catalog
from forensics.model.packages import Inventory
from forensics.model.sbom import FileStatus
from forensics.sbom import Reconciler, discover, read_sbom, reconcile
from forensics.sbom._package_drift import compare_packages
from tests.layered_images import Content, Link, Program, facts_of, open_image_of, sums

STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"


@contextmanager
def soon(seconds: float = 10) -> Iterator[None]:
    """What is linear takes a fraction of a second here; what is not would take minutes."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def paragraph(name: str, version: str, arch: str = "amd64") -> str:
    return f"Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: {version}\n\n"


def cataloged(*layers: dict[str, Content]) -> Inventory:
    with open_image_of(*layers) as view:
        return catalog(view)


def test_a_path_that_one_package_claims_without_end() -> None:
    lines = "".join(f"R:x\nZ:Q1{number:027d}=\n" for number in range(100_000))
    with soon():
        inventory = cataloged({"/lib/apk/db/installed": f"P:a\nV:1\nF:usr\n{lines}"})
    assert len(inventory.snapshots[-1].claims["/usr/x"]) == 32
    assert "limit" in {issue.code for issue in inventory.issues}


def test_a_package_that_stands_in_the_database_without_end() -> None:
    status = "".join(paragraph("p", str(number)) for number in range(20_000))
    listing = "".join(f"/usr/share/{number}\n" for number in range(5_000))
    with soon(30):
        inventory = cataloged({STATUS: status, f"{INFO}/p.list": listing})
    assert len(inventory.packages) == 20_000
    assert all(len(claims) == 1 for claims in inventory.snapshots[-1].claims.values())
    assert [issue.code for issue in inventory.issues] == ["duplicate"]


def test_garbage_without_end_is_one_issue() -> None:
    with soon():
        inventory = cataloged({STATUS: "garbage\n" * 200_000 + "\n" + paragraph("p", "1")})
    assert [package.name for package in inventory.packages] == ["p"]
    (issue,) = inventory.issues
    assert issue.lost_bytes == len("garbage") * 200_000


def test_a_component_that_an_sbom_repeats_without_end() -> None:
    status = "".join(paragraph("p", "1", f"arch{number}") for number in range(5_000))
    entry = {"name": "p", "version": "1", "type": "library", "purl": "pkg:deb/debian/p@1"}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [entry] * 2_000}
    inventory = cataloged({STATUS: status})
    with soon(60):
        drift = compare_packages(inventory, (read_sbom(json.dumps(document).encode(), "x"),)).packages
    assert drift.matched <= 5_000


def test_a_file_that_an_sbom_declares_without_end() -> None:
    files = [
        {"fileName": "usr/x", "checksums": [{"algorithm": "SHA256", "checksumValue": f"{number + 1:064x}"}]}
        for number in range(50_000)
    ]
    document = json.dumps({"spdxVersion": "SPDX-2.3", "files": files}).encode()
    with open_image_of({"/usr/x": "x"}) as view, soon():
        inventory = catalog(view)
        result = reconcile(view, inventory, (read_sbom(document, "x"),), {})
    assert [verdict.status for verdict in result.verdicts.values()] == [FileStatus.ALTERED]


def test_links_in_circles_around_a_database_and_an_sbom() -> None:
    layer: dict[str, Content] = {
        "/var/lib/dpkg": Link("/var/lib/dpkg"),
        "/lib": Link("/usr/lib"),
        "/usr/lib": Link("/lib"),
        "/etc/os-release": Link("os-release"),
        "/sbom.json": Link("sbom.json"),
        "/etc/alternatives/x": Link("/etc/alternatives/y"),
        "/etc/alternatives/y": Link("/etc/alternatives/x"),
    }
    database: dict[str, Content] = {"/usr/share/x": "x", STATUS: paragraph("p", "1")}
    for layers in ((layer,), (database, layer), (layer, database)):
        with open_image_of(*layers) as view, soon():
            inventory = catalog(view)
            assert discover(view, ()) == ((), ())
            result = reconcile(
                view, inventory, (), facts_of(view, Reconciler(view, inventory, ()).wanted_digests())
            )
            judged = [result.verdicts[v.key].status for v in view.versions("/etc/alternatives/x")]
            assert judged == [FileStatus.UNOWNED]


@pytest.mark.parametrize("path", [STATUS, "/lib/apk/db/installed", f"{INFO}/p.list", f"{INFO}/p.md5sums"])
def test_a_database_of_random_bytes_and_zeros(path: str) -> None:
    content = bytes(range(256)) * 400 + bytes(100_000)
    with soon():
        inventory = cataloged({STATUS: paragraph("p", "1"), path: content})
    assert all(package.id.isprintable() for package in inventory.packages)


def test_a_database_that_claims_the_attackers_program_with_another_digest_is_no_help_to_it() -> None:
    program = Program(b"\x7fELF evil")
    layer: dict[str, Content] = {
        STATUS: paragraph("p", "1"),
        f"{INFO}/p.list": "/usr/bin/../bin/./evil\n/opt\n",
        f"{INFO}/p.md5sums": f"{sums('md5', 'other')}  usr/bin/evil\n",
        "/usr/bin/evil": program,
        "/opt/evil": program,
    }
    with open_image_of(layer) as view:
        inventory = catalog(view)
        result = reconcile(view, inventory, (), {})
        told = {v.path: result.verdicts[v.key].status for v in view.all_versions() if v.path.endswith("evil")}
    assert told == {"/usr/bin/evil": FileStatus.ALTERED, "/opt/evil": FileStatus.UNOWNED}
