"""A sparse file of a quintillion bytes in five kilobytes: nobody writes or hashes what it claims to be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.inventory import catalog
from forensics.layers import ImageView
from forensics.limits import MIB, Limits
from forensics.model.sbom import FileStatus
from forensics.pipeline.export import export_versions
from forensics.sbom import Reconciler, reconcile
from tests.layer_bytes import bench, member, pax

VAST = 1 << 60
LIMITS = Limits(scan_bytes=2 * MIB)
STATUS = b"Package: x\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"


def sparse(name: bytes, size: int) -> bytes:
    """A member whose first four bytes are stored; the rest is a hole."""
    records = ((b"GNU.sparse.size", b"%d" % size), (b"GNU.sparse.name", name), (b"GNU.sparse.map", b"0,4"))
    return pax(*records) + member(b"GNUSparseFile.0/x", b"EVIL")


@pytest.fixture
def view() -> Iterator[ImageView]:
    with bench() as made:
        yield made.view(
            [
                member(b"var/lib/dpkg/status", STATUS),
                member(b"var/lib/dpkg/info/x.list", b"/.\n/usr/bin/x\n"),
                member(b"var/lib/dpkg/info/x.md5sums", b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/x\n"),
                sparse(b"usr/bin/x", VAST),
                sparse(b"small", 8),
            ],
            limits=LIMITS,
        )


@pytest.mark.timeout(30)
def test_a_claim_on_it_is_not_compared_and_that_is_said(view: ImageView) -> None:
    inventory = catalog(view)
    version = view.visible("/usr/bin/x")
    assert version is not None
    assert Reconciler(view, inventory, ()).wanted_digests() == {}
    result = reconcile(view, inventory, (), {})
    assert result.verdicts[version.key].status is FileStatus.ALTERED
    (issue,) = (issue for issue in result.issues if issue.code == "not-verified")
    assert (issue.subject, issue.lost_bytes) == ("layer 0:/usr/bin/x", 4)


@pytest.mark.timeout(30)
def test_only_its_beginning_is_written_out_and_the_manifest_says_so(view: ImageView, tmp_path: Path) -> None:
    versions = [version for path in ("/small", "/usr/bin/x") if (version := view.visible(path))]
    small, vast = export_versions(view, versions, tmp_path).files
    assert (small.complete, small.sha256) == (True, hashlib.sha256(b"EVIL\0\0\0\0").hexdigest())
    assert (vast.complete, vast.size) == (False, VAST)
    assert (tmp_path / vast.file).read_bytes() == b"EVIL".ljust(LIMITS.scan_bytes, b"\0")
