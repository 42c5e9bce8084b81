"""A real Debian against dpkg itself: the same packages, the same paths, and nothing that runs unowned."""

from __future__ import annotations

import subprocess
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forensics.inventory import catalog
from forensics.layers import ImageView
from forensics.model.files import FileKind, FileVersion
from forensics.model.packages import Inventory
from forensics.model.sbom import FileStatus, Reconciliation
from forensics.sbom import Reconciler, reconcile
from tests.debian_images import debian_rootfs
from tests.layered_images import facts_of, open_layers

pytestmark = [pytest.mark.service, pytest.mark.timeout(1200)]

PACKAGES = (
    "python3",
    "openssh-server",
    "nginx-light",
    "default-jre-headless",
    "nodejs",
    "ca-certificates",
    "man-db",
)


@dataclass
class Debian:
    """The root file system, what the program says of it, and dpkg's own administration folder."""

    view: ImageView
    inventory: Inventory
    result: Reconciliation
    admin: Path

    def ask(self, *arguments: str) -> list[str]:
        command = ["dpkg-query", f"--admindir={self.admin}", *arguments]
        return subprocess.check_output(command, text=True).splitlines()

    def versions(self, status: FileStatus) -> list[FileVersion]:
        return [
            version
            for version in self.view.all_versions()
            if version.key in self.result.verdicts and self.result.verdicts[version.key].status is status
        ]


@pytest.fixture(scope="module")
def debian(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    tool("dpkg-query")
    folder = tmp_path_factory.mktemp("debian")
    rootfs = debian_rootfs(tool("mmdebstrap"), folder, *PACKAGES)
    with tarfile.open(rootfs) as archive:
        members = [member for member in archive if member.name.startswith("./var/lib/dpkg/")]
        archive.extractall(folder / "root", members, filter="data")
    with open_layers([rootfs]) as view:
        inventory = catalog(view)
        result = reconcile(
            view, inventory, (), facts_of(view, Reconciler(view, inventory, ()).wanted_digests())
        )
        yield Debian(view, inventory, result, folder / "root/var/lib/dpkg")


def test_the_packages_are_dpkgs(debian: Debian) -> None:
    theirs = debian.ask("-W", "-f", "${Package}\t${Version}\t${Architecture}\t${source:Package}\n")
    ours = [f"{p.name}\t{p.version}\t{p.arch}\t{p.source}" for p in debian.inventory.packages]
    assert sorted(ours) == sorted(theirs)
    assert len(theirs) > 150


def test_the_files_of_each_package_are_dpkgs(debian: Debian) -> None:
    claims = debian.inventory.snapshots[-1].claims
    owned = {(claim.package, path) for path, found in claims.items() for claim in found}
    for package in debian.inventory.packages:
        name = f"{package.name}:{package.arch}" if package.arch != "all" else package.name
        for line in debian.ask("-L", name):
            if not line.startswith("/") or line == "/.":
                continue
            path = debian.view.canonical(line)
            visible, leads_to = debian.view.visible(path), debian.view.resolve(path)
            is_directory = leads_to is not None and leads_to.entry.kind is FileKind.DIRECTORY
            diverted = path in ("/usr/bin/sh", "/usr/share/man/man1/sh.1.gz")
            if visible and not is_directory and not diverted:
                assert (package.id, path) in owned, f"{package.name} owns {line}"


def test_every_packaged_file_has_the_digest_that_dpkg_recorded(debian: Debian) -> None:
    assert debian.versions(FileStatus.ALTERED) == []
    owned = debian.versions(FileStatus.PACKAGE)
    assert len(owned) > 10_000
    assert not [version.path for version in owned if debian.result.verdicts[version.key].config]


def test_nothing_that_the_distribution_put_there_is_an_unowned_program(debian: Debian) -> None:
    programs = [
        version.path
        for version in debian.versions(FileStatus.UNOWNED)
        if (version.entry.mode & 0o111 and version.entry.kind is not FileKind.SYMLINK)
        or debian.view.read(version, 0, 4).startswith((b"\x7fELF", b"#!"))
    ]
    assert programs == []


def test_the_by_products_leave_next_to_nothing_unexplained(debian: Debian) -> None:
    assert [version.path for version in debian.versions(FileStatus.UNOWNED)] in (
        [],
        ["/etc/apparmor.d/local/usr.bin.man"],
    )
    rules = Counter(verdict.rule for verdict in debian.result.verdicts.values() if verdict.rule)
    assert rules["python-bytecode"] > 500
    assert rules["certificate-link"] > 100
    assert rules["alternatives"] > 50


def test_programs_among_the_by_products_are_scripts_of_dpkg_only(debian: Debian) -> None:
    running = {
        debian.result.verdicts[version.key].rule
        for version in debian.versions(FileStatus.GENERATED)
        if debian.view.read(version, 0, 4).startswith((b"\x7fELF", b"#!"))
    }
    assert running == {"dpkg-maintainer-script"}


def test_nothing_is_missing(debian: Debian) -> None:
    assert debian.result.missing == ()
    assert debian.result.issues == ()
    assert debian.inventory.issues == ()
