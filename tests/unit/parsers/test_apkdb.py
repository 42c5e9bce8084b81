"""The installed database of apk-tools."""

from __future__ import annotations

import base64
import hashlib

import pytest

from forensics.parsers.apkdb import ApkFile, decode_checksum, parse_apkdb


def q1(content: bytes) -> str:
    return "Q1" + base64.b64encode(hashlib.sha1(content).digest()).decode()


MUSL = f"""\
C:Q1WR9MGKU+cJh6dJFEXnr3zU1qsMM=
P:musl
V:1.2.5-r0
A:x86_64
L:MIT
o:musl-source
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:{q1(b"loader")}
R:libc.musl-x86_64.so.1
a:0:0:777
Z:{q1(b"ld-musl-x86_64.so.1")}
F:
R:top
"""


def test_a_package_with_its_files() -> None:
    (package,) = parse_apkdb(MUSL.encode()).packages
    assert (package.name, package.version, package.arch) == ("musl", "1.2.5-r0", "x86_64")
    assert (package.license, package.origin) == ("MIT", "musl-source")
    assert package.files == (
        ApkFile("/lib/ld-musl-x86_64.so.1", "sha1:" + hashlib.sha1(b"loader").hexdigest(), 0o755),
        ApkFile(
            "/lib/libc.musl-x86_64.so.1", "sha1:" + hashlib.sha1(b"ld-musl-x86_64.so.1").hexdigest(), 0o777
        ),
        ApkFile("/top"),
    )


def test_records_are_separated_by_empty_lines() -> None:
    database = parse_apkdb(b"P:a\nV:1\n\n\nP:b\nV:2\n\n")
    assert [(package.name, package.version) for package in database.packages] == [("a", "1"), ("b", "2")]
    assert database.lost_bytes == 0


def test_fields_that_are_not_known_are_no_fault() -> None:
    assert parse_apkdb(b"P:a\nV:1\nz:new\ni:[]\n").lost_bytes == 0


@pytest.mark.parametrize(
    "line",
    [b"no colon", b"Z:Q1", b"Z:Q1!!!!", b"Z:Q9abcd", b"a:0:0:abc", b"a:0:0:999", b"a:0", b"R:"],
)
def test_a_line_that_makes_no_sense_is_counted(line: bytes) -> None:
    database = parse_apkdb(b"P:a\nV:1\nF:usr\nR:x\n" + line + b"\nR:y\n")
    assert [file.path for file in database.packages[0].files] == ["/usr/x", "/usr/y"]
    assert database.lost_bytes == len(line)


def test_a_checksum_before_any_file_is_counted() -> None:
    assert parse_apkdb(f"P:a\nV:1\nZ:{q1(b'')}\n".encode()).lost_bytes > 0


@pytest.mark.parametrize("record", [b"P:a\nF:x\n", b"V:1\n", b"nonsense"])
def test_a_record_without_name_or_version_is_lost(record: bytes) -> None:
    database = parse_apkdb(record + b"\n\nP:b\nV:2\n")
    assert [package.name for package in database.packages] == ["b"]
    assert database.lost_bytes == sum(map(len, record.split(b"\n")))


def test_paths_cannot_leave_the_root() -> None:
    (package,) = parse_apkdb(b"P:a\nV:1\nF:usr/../../etc\nR:../x\nR:.hidden\n").packages
    assert [file.path for file in package.files] == ["/x", "/etc/.hidden"]


def test_sha256_checksums_are_read() -> None:
    text = "Q2" + base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    assert decode_checksum(text.encode()) == "sha256:" + hashlib.sha256(b"x").hexdigest()


def test_a_checksum_of_the_wrong_length_is_none() -> None:
    assert decode_checksum(b"Q1" + base64.b64encode(b"short")) == ""


def test_what_describes_a_file_that_is_left_out_is_not_taken_for_the_file_before() -> None:
    text = f"P:a\nV:1\nR:x\na:0:0:755\nR:\na:0:0:4755\nZ:{q1(b'other')}\n"
    database = parse_apkdb(text.encode())
    assert database.packages[0].files == (ApkFile("/x", "", 0o755),)
    assert database.lost_bytes == len("R:" + "a:0:0:4755") + len("Z:" + q1(b"other"))


def test_paths_that_linux_could_not_open_are_lost() -> None:
    text = "P:a\nV:1\nF:" + "d/" * 2500 + "\nR:far\nF:\nR:near\n"
    database = parse_apkdb(text.encode())
    assert [file.path for file in database.packages[0].files] == ["/near"]
    assert database.lost_bytes == len("R:far")


def test_a_folder_named_once_for_very_many_files_does_not_fill_the_memory() -> None:
    text = b"P:a\nV:1\nF:" + b"d/" * 2000 + b"\n" + b"R:a\n" * 20_000
    database = parse_apkdb(text)
    paths = [file.path for file in database.packages[0].files]
    assert 0 < sum(map(len, paths)) <= 16 * len(text) + (1 << 20)
    assert database.lost_bytes == len("R:a") * (20_000 - len(paths))
