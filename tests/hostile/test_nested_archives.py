"""Archives made to exhaust whoever opens them: each ends soon, and what was lost is said."""

from __future__ import annotations

import gzip
import hashlib
import io
import resource
import struct
import time
import zipfile
from collections.abc import Callable

import msgspec
import pytest

from forensics.examine import Examination, load_signatures
from forensics.limits import DEFAULT
from forensics.model.facts import FileFacts
from tests.nested_bytes import SCRIPT, overlapping_zip, zip_of

_LIMITS = msgspec.structs.replace(DEFAULT, nested_seconds=3)
"""The time is what ends some of them, and it need not be long to show that."""
EXAMINATION = Examination(load_signatures(), _LIMITS)
_SECONDS = 30
"""Far more than any takes on an idle machine."""


def nested(depth: int) -> bytes:
    """A ZIP in a ZIP in a ZIP …"""
    content = SCRIPT
    for _ in range(depth):
        content = zip_of({"next.zip": content})
    return content


def many_members(count: int) -> bytes:
    """A ZIP archive of `count` empty-looking members of one byte, written without a library's cost."""
    local = struct.Struct("<4s5H3I2H")
    central = struct.Struct("<4s6H3I5H2I")
    members, directory = io.BytesIO(), io.BytesIO()
    for number in range(count):
        name, place = b"%07d" % number, members.tell()
        members.write(local.pack(b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 1, 1, 7, 0) + name + b"x")
        directory.write(
            central.pack(b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 1, 1, 7, 0, 0, 0, 0, 0, place) + name
        )
    size, start = directory.tell(), members.tell()
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return members.getvalue() + directory.getvalue() + end64 + locator + end


def tree_of_bombs() -> bytes:
    """Five levels of sixteen archives each, and 64 MiB of zeros in every leaf: 67 TiB in all."""
    content = zip_of({"0.bin": bytes(64 << 20)})
    for _ in range(5):
        content = zip_of({f"{number}.zip": content for number in range(16)})
    return content


def zeros_as_gzip() -> bytes:
    """A GiB of zeros in a MiB."""
    piece = gzip.compress(bytes(1 << 20), 9)
    return b"".join([piece] * 1024)


def vast_claim() -> bytes:
    """A stored member that claims 8 EiB."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.bin", b"abc")
    packed = bytearray(target.getvalue())
    place = packed.index(b"PK\x01\x02")
    extra = struct.pack("<HHQQ", 1, 16, 1 << 63, 1 << 63)
    packed[place + 20 : place + 28] = b"\xff" * 8
    packed[place + 30 : place + 32] = struct.pack("<H", len(extra))
    packed[place + 46 + 5 : place + 46 + 5] = extra
    end = packed.index(b"PK\x05\x06")
    packed[end + 12 : end + 16] = struct.pack("<I", end - place)
    return bytes(packed)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "fifty deep": (lambda: nested(50), "limit"),
    "overlapping": (lambda: overlapping_zip(1500, 1 << 20), "limit"),
    "a million members": (lambda: many_members(1_000_000), "limit"),
    "a million gzip streams": (lambda: gzip.compress(b"x", 1) * 1_000_000, "limit"),
    "a tree of bombs": (tree_of_bombs, "limit"),
    "a gibibyte of zeros": (zeros_as_gzip, "limit"),
    "eight exbibytes": (vast_claim, "truncated"),
}


def examined(content: bytes) -> FileFacts:
    return EXAMINATION.examine(content, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_soon_and_says_what_was_lost(name: str) -> None:
    make, code = BOMBS[name]
    content = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    facts = examined(content)
    assert time.monotonic() - began < _SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000
    assert facts.archive is not None
    assert code in {issue.code for issue in facts.issues}
    assert any(issue.lost_bytes for issue in facts.issues)
    assert len(facts.issues) < 100


def test_what_lies_above_the_depth_is_still_found() -> None:
    outer = zip_of({"run.sh": SCRIPT, "deep.zip": nested(50)})
    facts = examined(outer)
    assert facts.archive is not None
    assert b"run.sh" in [member.name for member in facts.archive.notable]


@pytest.mark.parametrize("size", [1, 7, 22, 30, 46, 98, 110, 111, 512, 700])
def test_heads_of_archives_alone_crash_nothing(size: int) -> None:
    for start in (b"PK\x03\x04", b"PK\x05\x06", b"070701", b"070707", b"!<arch>\n", b"\xed\xab\xee\xdb"):
        content = start + bytes([0xFF]) * size
        assert examined(content).sha256 == hashlib.sha256(content).hexdigest()
