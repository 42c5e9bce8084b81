"""Small archives that would become large: each ends soon, in bounded memory, and says what was not examined.

Time and memory are those of the whole program with all its workers, as `bench.measure` counts them. What is
given here is smaller than what stands in docs/limits.md, which was measured once; `large` gives all of it.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from bench.measure import _Peak
from forensics.limits import GIB, MIB
from tests.image_archives import docker_save, tar_of
from tests.layer_bytes import base256, header, member, symlink

_PROGRAM = "import sys; from forensics.cli.main import main; sys.exit(main())"
_SECONDS = 60
_MEMORY = 1000 * 1000 * 1000
_END = bytes(1024)


@dataclass
class Outcome:
    status: int
    errors: str
    seconds: float
    memory: int
    issues: list[dict[str, object]]

    def lost(self, code: str) -> int:
        return sum(int(str(each["lost_bytes"])) for each in self.issues if each["code"] == code)


def scan(folder: Path, archive: bytes, *options: str) -> Outcome:
    """Scan it with the program itself; every bomb is held to the same bounds."""
    image, report = folder / "image.tar", folder / "report.json"
    image.write_bytes(archive)
    command = [sys.executable, "-P", "-c", _PROGRAM, "scan", str(image), "--no-cache", "-q"]
    begun = time.monotonic()
    with subprocess.Popen(
        [*command, "--format", "json", "-o", str(report), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        peak = _Peak(process.pid)
        peak.start()
        _, errors = process.communicate()
        peak.stop()
    seconds = time.monotonic() - begun
    issues = msgspec.json.decode(report.read_bytes())["coverage"]["issues"] if report.exists() else []
    assert seconds < _SECONDS
    assert peak.bytes < _MEMORY
    assert "Traceback" not in errors
    assert report.exists() == (process.returncode in {0, 4})
    return Outcome(process.returncode, errors, seconds, peak.bytes, issues)


def gzip_of(pieces: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])


def zeros(size: int) -> Iterator[bytes]:
    """The tar of one file of zeros."""
    info = tarfile.TarInfo("zeros")
    info.size = size
    yield info.tobuf(tarfile.GNU_FORMAT)
    piece = bytes(16 * MIB)
    for start in range(0, size, len(piece)):
        yield piece[: size - start]
    yield _END


def many_members(count: int) -> bytes:
    """A tar of empty files, each with a name of its own: a template whose checksum is put right."""
    template = bytearray(header(b"d000/f0000000"))
    base = sum(template) - sum(template[148:156]) + 8 * ord(" ") - sum(template[:13])
    members = []
    for number in range(count):
        name = b"d%03d/f%07d" % (number % 1000, number)
        template[:13] = name
        template[148:156] = b"%06o\0 " % (base + sum(name))
        members.append(bytes(template))
    return b"".join(members) + _END


def test_zeros_without_end_in_a_small_layer(tmp_path: Path) -> None:
    layer = gzip_of(zeros(600 * 1000 * 1000))
    found = scan(tmp_path, docker_save([layer]), "--limit", "ratio_free_bytes=64MiB")
    assert found.status == 4
    [issue] = [each for each in found.issues if each["code"] == "limit"]
    assert issue["subject"] == "layer 0"
    assert int(str(issue["lost_bytes"])) > len(layer) // 2


def test_a_compressed_archive_of_zeros(tmp_path: Path) -> None:
    archive = docker_save([b"".join(zeros(300 * 1000 * 1000))])
    found = scan(tmp_path, gzip_of([archive]), "--limit", "ratio_free_bytes=64MiB")
    assert found.status == 3
    assert "(limit compression_ratio)" in found.errors
    assert "--limit" in found.errors


def test_more_members_than_may_be(tmp_path: Path) -> None:
    count, most = 30_000, 10_000
    found = scan(tmp_path, docker_save([many_members(count)]), "--limit", f"members={most}")
    assert found.status == 4
    assert found.lost("limit") >= (count - most) * 512


def test_members_of_all_layers_together(tmp_path: Path) -> None:
    layers = [many_members(count) for count in (3000, 3001, 3002, 3003)]
    found = scan(tmp_path, docker_save(layers), "--limit", "members=4000", "--jobs", "1")
    unread = [each for each in found.issues if "limit members" in str(each["message"])]
    assert found.status == 4
    assert len(unread) == 2
    assert sum(int(str(each["lost_bytes"])) for each in unread) > 6000 * 512


def test_a_path_of_two_thousand_folders(tmp_path: Path) -> None:
    deep = "/".join(f"d{number}" for number in range(2000))
    found = scan(tmp_path, docker_save([tar_of([(f"{deep}/file", b"x"), ("a/" * 2000 + "file", b"y")])]))
    assert found.status == 0
    found = scan(tmp_path, docker_save([tar_of([(f"{deep}/file", b"x")])]), "--limit", "path_depth=100")
    assert found.lost("limit") > 5000


@pytest.mark.parametrize("size", [base256(1 << 63, 12), base256((1 << 63) - 1, 12), b"77777777777\0"])
def test_a_member_that_claims_what_no_disk_holds(size: bytes, tmp_path: Path) -> None:
    layer = member(b"before", b"kept") + header(b"vast", size=size) + b"what is there" + bytes(4096)
    found = scan(tmp_path, docker_save([layer]))
    assert found.status == 4
    assert any(int(str(each["lost_bytes"])) for each in found.issues if "layer 0" in str(each["subject"]))


def test_a_manifest_of_a_hundred_megabytes(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(docker_save([tar_of([("a", b"x")])]))) as whole:
        members = [(each.name, whole.extractfile(each)) for each in whole]  # type: ignore[misc]
        contents = [(name, file.read()) for name, file in members if file]
    padded = [
        (name, b"[" + b" " * 100_000_000 + content[1:] if name == "manifest.json" else content)
        for name, content in contents
    ]
    found = scan(tmp_path, tar_of(padded))
    assert found.status == 3
    assert "manifest.json" in found.errors
    assert "--limit json_bytes=" in found.errors


def test_a_gzip_of_very_many_members(tmp_path: Path) -> None:
    first, last = gzip.compress(member(b"a", b"x"), mtime=0), gzip.compress(_END, mtime=0)
    empty = gzip.compress(b"", mtime=0)
    found = scan(tmp_path, docker_save([first + empty * 200_000 + last]))
    assert found.status == 0
    assert not [each for each in found.issues if int(str(each["lost_bytes"]))]


def test_links_that_go_round(tmp_path: Path) -> None:
    layer = symlink(b"a", b"b") + symlink(b"b", b"a") + symlink(b"etc", b"etc") + symlink(b"c", b"c/c/c/c")
    layer += member(b"a/file", b"x") + member(b"c/passwd", b"root::0:0::/:/bin/sh\n") + _END
    found = scan(tmp_path, docker_save([layer]))
    assert found.status in {0, 4}
    assert {str(each["code"]) for each in found.issues} >= {"implied-folder"}


def test_more_layers_than_may_be(tmp_path: Path) -> None:
    layers = [tar_of([(f"file{number}", b"x" * number)]) for number in range(30)]
    found = scan(tmp_path, docker_save(layers), "--limit", "layers=10", "--limit", "image_bytes=1TiB")
    assert found.status == 4
    assert len([each for each in found.issues if "limit layers" in str(each["message"])]) == 20


def test_layers_that_are_too_large_together(tmp_path: Path) -> None:
    layers = [member(b"file", bytes([number]) * 100_000) + _END for number in range(1, 9)]
    found = scan(tmp_path, docker_save(layers), "--limit", "image_bytes=150000", "--jobs", "1")
    unread = [each for each in found.issues if "limit image_bytes" in str(each["message"])]
    assert found.status == 4
    assert len(unread) == 6
    assert sum(int(str(each["lost_bytes"])) for each in unread) > 600_000


@pytest.mark.large
@pytest.mark.alone
@pytest.mark.timeout(300)
class TestInFullSize:
    """Minutes of preparation; measured once for docs/limits.md."""

    @pytest.fixture(autouse=True)
    def _with_the_large_image(self, large_image: Path) -> None:
        """Only where the large benchmarks run."""

    def test_ten_gigabytes_of_zeros(self, tmp_path: Path) -> None:
        layer = gzip_of(zeros(10_000_000_000))
        assert len(layer) < 10_000_000
        found = scan(tmp_path, docker_save([layer]))
        assert found.lost("limit") > 5_000_000

    def test_a_million_members(self, tmp_path: Path) -> None:
        found = scan(tmp_path, docker_save([many_members(1_000_000)]))
        assert found.status == 4
        assert found.lost("limit") > GIB // 4

    def test_a_gzip_of_a_million_members(self, tmp_path: Path) -> None:
        first, last = gzip.compress(member(b"a", b"x"), mtime=0), gzip.compress(_END, mtime=0)
        found = scan(tmp_path, docker_save([first + gzip.compress(b"", mtime=0) * 1_000_000 + last]))
        assert found.status == 0
        assert not [each for each in found.issues if int(str(each["lost_bytes"]))]
