"""Archives that are made to look like something else, or empty: what they hold is found all the same."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Iterator

import pytest
import zstandard

from forensics.examine import Examination, load_signatures
from forensics.limits import DEFAULT, Limits
from forensics.model.facts import ArchiveFacts, FileFacts
from forensics.parsers.filetype import file_type
from tests.nested_bytes import SCRIPT, ar_of, cpio_of, tar_of, zip_of

EXAMINATION = Examination(load_signatures())
PACKED = gzip.compress(SCRIPT)


def facts_of(content: bytes, limits: Limits = DEFAULT) -> FileFacts:
    examination = EXAMINATION if limits is DEFAULT else Examination(load_signatures(), limits)
    return examination.examine(content, hashlib.sha256(content).hexdigest())


def suspects(archive: ArchiveFacts | None) -> Iterator[str]:
    """Names of members, however deep, in which the miner's script was found."""
    for member in archive.notable if archive else ():
        if any(match.rule_id == "miner/launcher" for match in member.facts.matches):
            yield member.name.decode()
        yield from suspects(member.facts.archive)


def codes(facts: FileFacts) -> set[str]:
    assert facts.archive is not None
    return {one.code for one in facts.archive.oddities}


def patched(archive: bytes, magic: bytes, at: int, value: bytes) -> bytes:
    """`archive` with `value` written at `at` behind the last `magic`."""
    changed = bytearray(archive)
    place = archive.rindex(magic) + at
    changed[place : place + len(value)] = value
    return bytes(changed)


def as_link(archive: bytes) -> bytes:
    unix = patched(archive, b"PK\x01\x02", 4, struct.pack("<H", 0x0314))
    return patched(unix, b"PK\x01\x02", 38, struct.pack("<I", 0o120777 << 16))


def cpio_link() -> bytes:
    return cpio_of({"run.gz": PACKED}).replace(b"%08x" % 0o100755, b"%08x" % 0o120777)


def twice_listed() -> bytes:
    """Two records for one local header: the first calls the data stored, the second tells the truth."""
    archive = zip_of({"run.sh": SCRIPT})
    start, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    record = archive[start:end]
    false = patched(
        patched(record, b"PK\x01\x02", 10, struct.pack("<H", 0)), b"PK\x01\x02", 24, record[20:24]
    )
    directory = false + record
    tail = archive[end:]
    tail = tail[:8] + struct.pack("<HHI", 2, 2, len(directory)) + tail[16:]
    return archive[:start] + directory + tail


def contradicting() -> bytes:
    """The directory calls a member stored that its local header rightly calls deflated."""
    archive = zip_of({"run.sh": SCRIPT})
    return patched(archive, b"PK\x01\x02", 10, struct.pack("<H", 0))


def with_comment(archive: bytes, comment: bytes) -> bytes:
    return archive[:-2] + struct.pack("<H", len(comment)) + comment


def says_empty(archive: bytes) -> bytes:
    return patched(archive, b"PK\x05\x06", 8, struct.pack("<HH", 0, 0))


def two_archives() -> bytes:
    return zip_of({"run.sh": SCRIPT}) + zip_of({"readme": b"nothing to see here"})


def lzip_of(content: bytes) -> bytes:
    alone = lzma.compress(
        content, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]
    )
    return b"LZIP\x01\x10" + alone[13:] + struct.pack("<IQQ", 0, len(content), len(alone) + 13)


def binary_cpio(order: str) -> bytes:
    archive = b""
    for name, content in ((b"run.gz\0", PACKED), (b"TRAILER!!!\0", b"")):
        size = len(content)
        fields = (0o070707, 1, 1, 0o100755, 0, 0, 1, 0, 0, 0, len(name), size >> 16, size & 0xFFFF)
        archive += struct.pack(f"{order}13H", *fields) + name + bytes(len(name) % 2)
        archive += content + bytes(size % 2)
    return archive


def tar_padding() -> bytes:
    """A gzip stream in the padding behind the only member of a tar."""
    plain = bytearray(tar_of({"a": b"x"}))
    plain[513 + 10 : 513 + 10 + len(PACKED)] = PACKED
    return bytes(plain)


def cpio_name_tail() -> bytes:
    spelt = b"a\0" + PACKED + b"\0"
    fields = (1, 0o100644, 0, 0, 1, 0, 1, 0, 0, 0, 0, len(spelt), 0)
    archive = b"070701" + b"".join(b"%08x" % field for field in fields) + spelt
    archive += bytes(-len(archive) % 4) + b"x\0\0\0"
    return archive + cpio_of({})


SHELL = b'#!/bin/sh\n# unpacks itself\ntail -n +4 "$0" | gzip -dc | sh\nexit\n'
EVASIONS = {
    "a ZIP member that is said to be a link": as_link(zip_of({"run.sh": SCRIPT})),
    "a cpio member that is said to be a link": cpio_link(),
    "a second record for the same data": twice_listed(),
    "a directory that lies about the compression": contradicting(),
    "a script in front of a ZIP with a comment": with_comment(
        b"#!/usr/bin/env python3\n" + zip_of({"a": SCRIPT}), b"x"
    ),
    "text in front of a ZIP with a comment": with_comment(b"hello\n" * 900 + zip_of({"a": SCRIPT}), b"x"),
    "an end record that says there are no members": says_empty(b"#!/bin/x\n" + zip_of({"a": SCRIPT})),
    "a gzip stream in front of a ZIP": gzip.compress(b"hello") + zip_of({"a": SCRIPT}),
    "a ZIP in front of another": two_archives(),
    "a script in front of two ZIPs": b"#!/bin/sh\n" + two_archives(),
    "a tar in front of a ZIP": tar_of({"a": b"x"}) + zip_of({"a": SCRIPT}),
    "a ZIP whose members lie in a tar": tar_of({"a": b"x" + zip_of({"a": SCRIPT})[:-50]})[:9000]
    + zip_of({"a": SCRIPT}),
    "bzip2 with an empty first stream": bz2.compress(b"") + bz2.compress(SCRIPT),
    "Zstandard behind a frame that is skipped": b"\x5a*M\x18\4\0\0\0rest" + zstandard.compress(SCRIPT),
    "Zstandard in front of garbage": zstandard.compress(SCRIPT) + b"garbage",
    "LZMA with other properties": lzma.compress(
        SCRIPT, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "lc": 0, "lp": 2, "dict_size": 4096}]
    ),
    "a tar whose first name is a picture's mark": tar_of({"GIF89a": gzip.compress(SCRIPT)}),
    "a tar whose first name is a script's": tar_of({"#!x": gzip.compress(SCRIPT)}),
    "a shell script in front of gzip": SHELL + PACKED,
    "a shell script in front of xz": SHELL + lzma.compress(SCRIPT),
    "a shell script in front of a tar": SHELL + tar_of({"run.gz": PACKED}),
    "lzip": lzip_of(SCRIPT),
    "two lzip members": lzip_of(b"hello") + lzip_of(SCRIPT),
    "a binary cpio archive": binary_cpio("<"),
    "a binary cpio archive of the other byte order": binary_cpio(">"),
    "the padding of a tar": tar_padding(),
    "behind the end of a cpio name": cpio_name_tail(),
    "a symbol table of an ar archive that is none": ar_of([("/", PACKED), ("a.txt/", b"hello")]),
    "a name table of an ar archive that is none": ar_of([("//", PACKED), ("a.txt/", b"hello")]),
    "a BSD symbol table that is none": ar_of([("__.SYMDEF", PACKED), ("a.txt/", b"hello")]),
}


@pytest.mark.parametrize("way", EVASIONS)
def test_a_script_is_found_in(way: str) -> None:
    assert list(suspects(facts_of(EVASIONS[way]).archive))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x1f\x9d\x90" + bytes(range(40)), "compress"),
        (b"\x89LZO\x00\r\n\x1a\n" + bytes(40), "lzop"),
        (b"\x02\x21\x4c\x18" + bytes(40), "lz4"),
    ],
)
def test_what_nobody_can_open_is_said(head: bytes, kind: str) -> None:
    facts = facts_of(head)
    assert facts.type == kind
    assert [issue.code for issue in facts.issues] == ["not-opened"]


def test_an_archive_behind_what_nobody_can_open_is_opened() -> None:
    facts = facts_of(b"\x04\x22\x4d\x18" + bytes(40) + zip_of({"a": SCRIPT}))
    assert list(suspects(facts.archive)) == ["a"]
    assert "not-opened" in {issue.code for issue in facts.issues}


def test_members_that_tell_little_do_not_crowd_out_what_matters() -> None:
    decoys = {f"{n:03}.zip": zip_of({"x": b"hello"}) + b"J" for n in range(70)}
    facts = facts_of(zip_of({**decoys, "zz.sh": SCRIPT}))
    assert list(suspects(facts.archive)) == ["zz.sh"]
    assert facts.archive is not None
    assert (len(facts.archive.notable), facts.archive.further) == (64, 7)
    (issue,) = [issue for issue in facts.issues if issue.code == "limit"]
    assert "7 members" in issue.message
    assert issue.lost_bytes > 0


def test_a_signature_not_seen_yet_makes_room_among_those_of_one_kind() -> None:
    key = (
        b"-----BEGIN RSA PRIVATE KEY-----\n" + b"MIIEpAIBAAKCAQEA" * 20 + b"\n-----END RSA PRIVATE KEY-----\n"
    )
    decoys = {f"{n:03}.pem": key + b"%d" % n for n in range(70)}
    facts = facts_of(zip_of({**decoys, "zz.sh": SCRIPT}))
    assert list(suspects(facts.archive)) == ["zz.sh"]
    assert "limit" in {issue.code for issue in facts.issues}


def test_what_follows_the_packed_bytes_of_a_member_is_examined() -> None:
    archive = zip_of({"a.txt": b"hello"})
    start, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    longer = archive[:start] + PACKED + archive[start:]
    size = struct.pack("<I", start - 35 + len(PACKED))
    longer = patched(patched(longer, b"PK\x01\x02", 20, size), b"PK\x03\x04", 18, size)
    longer = patched(longer, b"PK\x05\x06", 16, struct.pack("<I", start + len(PACKED)))
    facts = facts_of(longer)
    assert end
    assert list(suspects(facts.archive)) == [""]
    assert codes(facts) == {"trailing-data"}


def test_a_tar_by_its_sum_only_where_the_sum_agrees() -> None:
    damaged = bytearray(tar_of({"GIF89a": b"x"}))
    damaged[0:6] = b"GIF87a"
    assert file_type(bytes(damaged)).id == "gif"
    assert file_type(tar_of({"GIF89a": b"x"})).id == "tar"


@pytest.mark.parametrize(
    "content",
    [
        SHELL,
        SHELL + b"BZh is how bzip2 begins, 7z\xc2\xbc and so on, ustar\n",
        b"magic\n" + b"BZh" * 1000,
    ],
)
def test_text_that_only_tells_of_packed_data_is_no_archive(content: bytes) -> None:
    facts = facts_of(content)
    assert facts.archive is None
    assert not facts.issues


def test_honest_archives_have_no_oddities() -> None:
    streamed = io.BytesIO()

    class Pipe:
        """A target that cannot be sought in, so that data descriptors are written."""

        def write(self, data: bytes) -> int:
            return streamed.write(data)

        def flush(self) -> None:
            pass

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n")
        archive.mkdir("lib") if hasattr(archive, "mkdir") else archive.writestr("lib/", b"")
        archive.writestr("lib/a.txt", b"hello" * 100)
    sparse = io.BytesIO()
    with tarfile.open(fileobj=sparse, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("ä" * 120)
        info.mtime = 1.5
        tar.addfile(info)
    for content in (
        streamed.getvalue(),
        zip_of({"a": b"hello", "b": b""}),
        b"#!/usr/bin/env python3\n" + zip_of({"__main__.py": b"print(1)\n"}),
        with_comment(zip_of({"a": b"hello"}), b"made by hand"),
        zip_of({}),
        sparse.getvalue(),
        tar_of({"a": b"hello"}, "w:gz"),
        cpio_of({"a": b"hello"}),
        ar_of([("debian-binary", b"2.0\n"), ("control.tar.gz", tar_of({"control": b"x"}, "w:gz"))]),
    ):
        facts = facts_of(content)
        assert facts.archive is not None
        assert facts.archive.oddities == ()
        assert facts.issues == ()
