"""What the archive examiner finds in archives, and that it names what it cannot look at."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import zipfile
from collections.abc import Iterator

import msgspec
import pytest
import zstandard

from forensics.examine import Examination, load_signatures
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import ArchiveFacts, FileFacts
from tests.nested_bytes import SCRIPT, ar_of, cpio_of, local_header, rpm_of, tar_of, zip_of

EXAMINATION = Examination(load_signatures())


def facts_of(content: bytes, limits: Limits = DEFAULT) -> FileFacts:
    examination = EXAMINATION if limits is DEFAULT else Examination(load_signatures(), limits)
    return examination.examine(content, hashlib.sha256(content).hexdigest())


def archive_of(content: bytes) -> ArchiveFacts:
    archive = facts_of(content).archive
    assert archive is not None
    return archive


def suspects(archive: ArchiveFacts | None, prefix: str = "") -> Iterator[str]:
    """The full inner names of members that signatures matched."""
    for member in archive.notable if archive else ():
        name = f"{prefix}!/{member.name.decode()}"
        if member.facts.matches:
            yield name
        yield from suspects(member.facts.archive, name)


HOLDERS = {
    "stored zip": zip_of({"a/run.sh": SCRIPT}, zipfile.ZIP_STORED),
    "deflated zip": zip_of({"a/run.sh": SCRIPT}),
    "bzip2 zip": zip_of({"a/run.sh": SCRIPT}, zipfile.ZIP_BZIP2),
    "lzma zip": zip_of({"a/run.sh": SCRIPT}, zipfile.ZIP_LZMA),
    "tar": tar_of({"./a/run.sh": SCRIPT}),
    "tar.gz": tar_of({"/a/run.sh": SCRIPT}, "w:gz"),
    "tar.xz": tar_of({"a/run.sh": SCRIPT}, "w:xz"),
    "tar.bz2": tar_of({"a/run.sh": SCRIPT}, "w:bz2"),
    "tar.zst": zstandard.compress(tar_of({"a/run.sh": SCRIPT})),
    "tar.lzma": lzma.compress(tar_of({"a/run.sh": SCRIPT}), lzma.FORMAT_ALONE),
    "new cpio": cpio_of({"a/run.sh": SCRIPT}),
    "checked cpio": cpio_of({"a/run.sh": SCRIPT}, b"070702"),
    "old cpio": cpio_of({"a/run.sh": SCRIPT}, b"070707"),
    "cpio.gz": gzip.compress(cpio_of({"a/run.sh": SCRIPT})),
    "rpm": rpm_of({"./a/run.sh": SCRIPT}),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_suspicious_member_is_found_in(holder: str) -> None:
    assert list(suspects(archive_of(HOLDERS[holder]))) == ["!/a/run.sh"]


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(SCRIPT), lzma.compress(SCRIPT), bz2.compress(SCRIPT), zstandard.compress(SCRIPT)],
    ids=["gzip", "xz", "bzip2", "zstd"],
)
def test_a_compressed_file_is_one_member_without_a_name(packed: bytes) -> None:
    archive = archive_of(packed)
    assert archive.format == "compressed"
    assert [member.name for member in archive.notable] == [b""]
    assert archive.notable[0].facts.sha256 == hashlib.sha256(SCRIPT).hexdigest()


def test_a_debian_package_is_an_ar_with_tars_in_it() -> None:
    package = ar_of(
        [
            ("debian-binary", b"2.0\n"),
            ("control.tar.gz", tar_of({"./control": b"Package: x\n"}, "w:gz")),
            ("data.tar.xz", tar_of({"./usr/bin/x": SCRIPT}, "w:xz")),
        ]
    )
    assert list(suspects(archive_of(package))) == ["!/data.tar.xz!/usr/bin/x"]


def test_archives_in_archives_are_named_step_by_step() -> None:
    inner = zip_of({"deep/run.sh": SCRIPT})
    outer = zip_of({"lib/a.jar": inner, "README": b"nothing to see"})
    archive = archive_of(outer)
    assert list(suspects(archive)) == ["!/lib/a.jar!/deep/run.sh"]
    assert archive.members == 2


def test_what_tells_nothing_is_only_counted() -> None:
    archive = archive_of(zip_of({f"{number}.txt": b"plain text\n" * number for number in range(1, 9)}))
    assert (archive.members, archive.bytes, archive.notable) == (8, 36 * len(b"plain text\n"), ())


def test_a_member_that_only_its_local_header_tells_of_is_found_and_said() -> None:
    plain = zip_of({"a.txt": b"harmless"})
    place = plain.index(b"PK\x01\x02")
    hidden = local_header(b"run.sh", SCRIPT)
    end = bytearray(plain[place:])
    end[-6:-2] = (place + len(hidden)).to_bytes(4, "little")
    archive = archive_of(plain[:place] + hidden + bytes(end))
    assert list(suspects(archive)) == ["!/run.sh"]
    assert archive.notable[0].hidden
    assert [(oddity.code, oddity.name) for oddity in archive.oddities] == [("hidden-member", b"run.sh")]


def test_a_member_that_only_the_directory_lists_is_said() -> None:
    packed = bytearray(zip_of({"a.txt": b"harmless", "b.txt": b"harmless"}))
    second = packed.index(b"PK\x03\x04", 4)
    packed[second : second + 4] = b"XX\x03\x04"
    found = facts_of(bytes(packed))
    assert found.archive is not None
    assert ("missing-member", b"b.txt") in [(odd.code, odd.name) for odd in found.archive.oddities]
    assert any(issue.subject == "!/b.txt" and issue.lost_bytes for issue in found.issues)


def test_names_that_differ_between_directory_and_member_are_said() -> None:
    packed = zip_of({"harmless.txt": SCRIPT}).replace(b"harmless.txt", b"run-this.sh!", 1)
    assert [odd.code for odd in archive_of(packed).oddities] == ["member-mismatch"]


def test_bytes_in_front_between_and_behind_members_are_examined() -> None:
    plain = zip_of({"a.txt": b"harmless"})
    place = plain.index(b"PK\x01\x02")
    end = bytearray(plain[place:])
    end[-6:-2] = (place + len(SCRIPT)).to_bytes(4, "little")
    between = archive_of(plain[:place] + SCRIPT + bytes(end))
    assert [odd.code for odd in between.oddities] == ["hidden-data"]
    assert list(suspects(between)) == [f"!/!slack@{place:#x}"]
    behind = archive_of(plain + SCRIPT)
    assert [odd.code for odd in behind.oddities] == ["trailing-data"]
    assert list(suspects(behind)) == [f"!/!slack@{len(plain):#x}"]


def test_an_archive_behind_a_program_is_opened() -> None:
    stub = b"#!/usr/bin/env python3\n"
    content = stub + zip_of({"__main__.py": b"import os\n", "run.sh": SCRIPT})
    assert list(suspects(archive_of(content))) == ["!/run.sh"]
    assert archive_of(content).oddities == ()


def test_what_is_encrypted_is_an_issue_with_its_size() -> None:
    packed = bytearray(zip_of({"secret.bin": b"x" * 1000}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    issues = facts_of(bytes(packed)).issues
    assert [(issue.code, issue.subject, issue.lost_bytes) for issue in issues] == [
        ("encrypted", "!/secret.bin", 1000)
    ]


def test_an_archive_nobody_can_open_is_plain_bytes_and_said() -> None:
    found = facts_of(b"Rar!\x1a\x07\x01\x00" + SCRIPT)
    assert [issue.code for issue in found.issues] == ["not-opened"]
    assert found.matches


def test_a_cut_archive_gives_what_came_before_the_cut() -> None:
    packed = tar_of({"run.sh": SCRIPT, "long": bytes(range(256)) * 400}, "w:gz")
    found = facts_of(packed[: len(packed) // 2])
    assert found.archive is not None
    assert list(suspects(found.archive)) == ["!/run.sh"]
    assert "truncated" in {issue.code for issue in found.issues}


def test_depth_members_and_bytes_are_bounded_and_said() -> None:
    content = SCRIPT
    for _ in range(4):
        content = zip_of({"a": content})
    found = facts_of(content, msgspec.structs.replace(DEFAULT, nested_depth=2))
    assert [(issue.code, issue.subject) for issue in found.issues] == [("limit", "!/a!/a")]
    many = zip_of({str(number): b"0123456789" for number in range(20)}, zipfile.ZIP_STORED)
    few = msgspec.structs.replace(DEFAULT, nested_members=5)
    assert [issue.code for issue in facts_of(many, few).issues] == ["limit"]
    small = msgspec.structs.replace(DEFAULT, nested_bytes=50)
    assert [issue.code for issue in facts_of(many, small).issues] == ["limit"]


def test_facts_survive_the_way_through_a_message() -> None:
    found = facts_of(tar_of({"\udcff\udcfe.sh": SCRIPT}))
    packed = msgspec.msgpack.encode(found)
    assert msgspec.msgpack.decode(packed, type=FileFacts) == found


def test_zip64_members_are_read() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, archive.open("run.sh", "w", force_zip64=True) as member:
        member.write(SCRIPT)
    assert list(suspects(archive_of(target.getvalue()))) == ["!/run.sh"]
