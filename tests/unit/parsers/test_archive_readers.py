"""The readers of archives against the programs that define the formats: same names, sizes and bytes."""

from __future__ import annotations

import hashlib
import io
import random
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.parsers.archives import open_archive
from forensics.parsers.filetype import file_type
from tests.nested_bytes import ar_of, cpio_of, overlapping_zip, rpm_of, tar_of, zip_of

MEMBERS = {
    "empty": b"",
    "a/text.txt": b"some text\n" * 40,
    "b/binary": random.Random(7).randbytes(70_000),
    "long/" + "n" * 150: b"a name that fits no short field",
}


def read(content: bytes) -> dict[str, str]:
    """Name and SHA-256 of every member that our own reader gives."""
    view = memoryview(content)
    opened = open_archive(file_type(content, len(content)).id, view, 1 << 30)
    assert opened is not None
    return {
        member.name.decode().removeprefix("./").rstrip("/"): _digest(bytes(opened.read(member, 1 << 30).data))
        for member in opened.walk
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


EXPECTED = {name: _digest(content) for name, content in MEMBERS.items()}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_zip_archives_of_the_standard_library_are_read(method: int) -> None:
    packed = zip_of(MEMBERS, method)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: _digest(archive.read(name)) for name in archive.namelist()} == EXPECTED
    assert read(packed) == EXPECTED


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_tars_of_the_standard_library_are_read(mode: str) -> None:
    assert read(tar_of(MEMBERS, mode)) == EXPECTED


@pytest.mark.parametrize("magic", [b"070701", b"070702", b"070707"])
def test_cpio_and_rpm_payloads_are_read(magic: bytes) -> None:
    assert read(cpio_of(MEMBERS, magic)) == EXPECTED
    assert read(rpm_of(MEMBERS)) == EXPECTED


def test_streamed_zip_members_have_their_sizes_behind_them() -> None:
    class Pipe(io.RawIOBase):
        """A target that cannot be gone back in."""

        def __init__(self) -> None:
            self.kept = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.kept += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
    packed = bytes(pipe.kept)
    assert read(packed) == EXPECTED
    opened = open_archive("zip", memoryview(packed), 1 << 30)
    assert opened is not None
    list(opened.walk)
    assert opened.notes == []


def test_a_package_that_dpkg_makes_is_read(tool: Callable[[str], str], tmp_path: Path) -> None:
    build = tmp_path / "package"
    (build / "DEBIAN").mkdir(parents=True)
    (build / "DEBIAN" / "control").write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: N <n@example.invalid>\nDescription: x\n"
    )
    (build / "usr").mkdir()
    (build / "usr" / "x").write_bytes(MEMBERS["b/binary"])
    subprocess.run(
        [tool("dpkg-deb"), "--root-owner-group", "-b", build, tmp_path / "x.deb"],
        check=True,
        capture_output=True,
    )
    content = (tmp_path / "x.deb").read_bytes()
    opened = open_archive("deb", memoryview(content), 1 << 30)
    assert opened is not None
    members = {member.name: bytes(opened.read(member, 1 << 30).data) for member in opened.walk}
    assert next(iter(members)) == b"debian-binary"
    data = next(value for name, value in members.items() if name.startswith(b"data.tar"))
    assert read(data)["usr/x"] == EXPECTED["b/binary"]


def test_objects_that_ar_packs_are_read(tool: Callable[[str], str], tmp_path: Path) -> None:
    names = ["short.o", "a-name-longer-than-sixteen-bytes.o"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode() * 3)
    subprocess.run([tool("ar"), "qc", "x.a", *names], cwd=tmp_path, check=True)
    assert read((tmp_path / "x.a").read_bytes()) == {name: _digest(name.encode() * 3) for name in names}
    assert read(ar_of([("x", b"odd")])) == {"x": _digest(b"odd")}


def test_members_that_share_bytes_are_told_and_few_are_unpacked() -> None:
    content = overlapping_zip(200, 5_000)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 200
    opened = open_archive("zip", memoryview(content), 1 << 30)
    assert opened is not None
    assert 1 <= len(list(opened.walk)) < 40
    assert {"overlap", "limit"} <= {note.code for note in opened.notes}
