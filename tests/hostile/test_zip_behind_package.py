"""A ZIP archive behind an rpm package whose payload is not compressed: every member is read where it lies."""

from __future__ import annotations

import pytest

from forensics.parsers.archives import is_content, open_archive
from forensics.parsers.unpacking import METHODS
from fuzz.targets import cpio, rpm
from fuzz.targets import zip as zip_archives

PAYLOADS = {"cpio": cpio.archive(), "other": b"no archive at all"}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_members_lie_within_the_bytes_they_are_read_from(payload: str) -> None:
    package = rpm.package(PAYLOADS[payload] + zip_archives.archive(), b"")
    opened = open_archive("rpm", memoryview(package), 1 << 20)
    assert opened is not None
    contents = []
    for member in opened.walk:
        assert member.data_offset + member.stored <= len(opened.base) + len(opened.tail)
        if is_content(member) and member.method in METHODS:
            contents.append(bytes(opened.read(member, 1 << 20).data))
    assert any(content.endswith(zip_archives.archive()) for content in contents)
    assert (b"hello" in contents) is (payload == "cpio")
