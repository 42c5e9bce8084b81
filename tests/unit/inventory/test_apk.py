"""The apk cataloger over layers."""

from __future__ import annotations

import base64
import hashlib

from forensics.inventory import catalog
from forensics.model.packages import Claim, Inventory
from tests.layered_images import GONE, Content, Link, open_image_of, sums

INSTALLED = "/lib/apk/db/installed"
OS_RELEASE = "ID=alpine\nVERSION_ID=3.19.1\n"


def checksum(content: str) -> str:
    return "Q1" + base64.b64encode(hashlib.sha1(content.encode()).digest()).decode()


def record(name: str, files: dict[str, str], version: str = "1-r0", origin: str = "") -> str:
    lines = [f"P:{name}", f"V:{version}", "A:x86_64", "L:MIT", f"o:{origin or name}"]
    for path, content in files.items():
        folder, _, leaf = path[1:].rpartition("/")
        lines += [f"F:{folder}", f"R:{leaf}", f"Z:{checksum(content)}"]
    return "\n".join(lines) + "\n\n"


def cataloged(*layers: dict[str, Content]) -> Inventory:
    with open_image_of(*layers) as view:
        return catalog(view)


def sha1(text: str) -> str:
    return "sha1:" + sums("sha1", text)


def test_a_package_its_purl_and_its_claims() -> None:
    files = {"/bin/busybox": "elf", "/bin/sh": "/bin/busybox", "/etc/securetty": "c", "/etc/init.d/x": "i"}
    inventory = cataloged(
        {
            "/etc/os-release": OS_RELEASE,
            INSTALLED: record("busybox-binsh", files, origin="busybox"),
            "/bin/busybox": "elf",
            "/bin/sh": Link("/bin/busybox"),
        }
    )
    (found,) = inventory.packages
    assert found.id == "apk/busybox-binsh@1-r0/x86_64"
    assert found.purl == "pkg:apk/alpine/busybox-binsh@1-r0?arch=x86_64&distro=alpine-3.19.1&upstream=busybox"
    assert (found.licenses, found.source, found.files) == (("MIT",), "busybox", 4)
    assert inventory.snapshots[-1].claims == {
        "/bin/busybox": (Claim(found.id, sha1("elf")),),
        "/bin/sh": (Claim(found.id, sha1("/bin/busybox"), link=True),),
        "/etc/securetty": (Claim(found.id, sha1("c"), config=True),),
        "/etc/init.d/x": (Claim(found.id, sha1("i")),),
    }


def test_both_places_of_the_database_count_once() -> None:
    merged: dict[str, Content] = {
        "/lib": Link("usr/lib"),
        "/usr/lib/apk/db/installed": record("musl", {"/lib/ld.so": "x"}),
    }
    inventory = cataloged(merged)
    assert inventory.databases == ("/usr/lib/apk/db/installed",)
    assert list(inventory.snapshots[-1].claims) == ["/usr/lib/ld.so"]


def test_a_snapshot_for_each_layer_that_changed_the_database() -> None:
    inventory = cataloged(
        {INSTALLED: record("a", {"/usr/a": "a"})},
        {"/app": "x"},
        {INSTALLED: record("a", {"/usr/a": "a"}) + record("b", {"/usr/b": "b"}, "2-r1")},
        {INSTALLED: record("a", {"/usr/a": "A"}, "1-r1") + record("b", {"/usr/b": "b"}, "2-r1")},
    )
    assert [shot.layer for shot in inventory.snapshots] == [0, 2, 3]
    assert [(p.name, p.version, p.layer) for p in inventory.packages] == [("a", "1-r1", 3), ("b", "2-r1", 2)]
    assert inventory.snapshots[1].claims["/usr/b"] is inventory.snapshots[2].claims["/usr/b"]


def test_a_deleted_database_leaves_nothing() -> None:
    inventory = cataloged({INSTALLED: record("a", {"/usr/a": "a"})}, {INSTALLED: GONE})
    assert inventory.packages == ()
    assert inventory.snapshots[-1].claims == {}


def test_a_damaged_database_is_reported_and_the_rest_is_read() -> None:
    inventory = cataloged({INSTALLED: "\x00\x01garbage\n\n" + record("a", {"/usr/a": "a"})})
    assert [found.name for found in inventory.packages] == ["a"]
    (issue,) = inventory.issues
    assert (issue.stage, issue.code, issue.lost_bytes) == ("inventory", "not-parsed", len("\x00\x01garbage"))


def test_databases_of_two_kinds_make_one_inventory() -> None:
    status = "Package: d\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"
    inventory = cataloged(
        {INSTALLED: record("a", {"/usr/shared": "a"})},
        {
            "/var/lib/dpkg/status": status,
            "/var/lib/dpkg/info/d.list": "/usr/shared\n",
            "/var/lib/dpkg/info/d.md5sums": f"{sums('md5', 'd')}  usr/shared\n",
        },
    )
    assert {(p.type, p.layer) for p in inventory.packages} == {("apk", 0), ("deb", 1)}
    owners = [claim.package for claim in inventory.snapshots[-1].claims["/usr/shared"]]
    assert owners == ["apk/a@1-r0/x86_64", "deb/d@1/all"]


def test_an_image_without_a_database_has_an_empty_inventory() -> None:
    inventory = cataloged({"/bin/busybox": "x"})
    assert (inventory.packages, inventory.snapshots, inventory.databases) == ((), (), ())


def test_the_distribution_is_the_last_one_that_was_named() -> None:
    inventory = cataloged(
        {"/etc/os-release": Link("../usr/lib/os-release"), "/usr/lib/os-release": "ID=Alpine\n"},
        {"/etc/os-release": GONE, "/usr/lib/os-release": GONE, INSTALLED: record("a", {})},
    )
    assert inventory.distribution == "alpine"
    assert inventory.packages[0].purl == "pkg:apk/alpine/a@1-r0?arch=x86_64&distro=alpine"
