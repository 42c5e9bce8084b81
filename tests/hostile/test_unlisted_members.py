"""A ZIP archive may hide more members from its directory than anybody would list: they are bounded too."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from forensics.limits import Limits
from forensics.parsers.zip import ZipWalk

LOCAL = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 1, 1, 1, 0) + b"ax"
LIMITS = Limits(members=10)


def _listed() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as writer:
        writer.writestr("listed", "x")
    return made.getvalue()


@pytest.mark.parametrize(("behind", "listed"), [(b"", 0), (_listed(), 1)])
def test_members_that_no_directory_lists_are_bounded(behind: bytes, listed: int) -> None:
    front = LOCAL * 500
    walk = ZipWalk(memoryview(front + behind), LIMITS)
    members = list(walk)
    assert len(members) == LIMITS.members + listed
    (limit,) = (note for note in walk.notes if note.code == "limit")
    assert limit.offset == LIMITS.members * len(LOCAL)
    assert limit.lost == len(front) - limit.offset
