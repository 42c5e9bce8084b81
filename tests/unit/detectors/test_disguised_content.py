"""Programs behind the suffix of something else."""

from __future__ import annotations

import gzip

import pytest

from forensics.detectors.disguised_content import DETECTOR
from tests.scenes import debian, dpkg, elf, judge, said

PROGRAM, ARCHIVE = "files/disguised-program", "files/disguised-archive"
SCRIPT = b"#!/bin/sh\ncurl http://pool.invalid\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("/opt/xm.jpg", elf(), (PROGRAM, "high")),
        ("/opt/notes.PDF", elf(), (PROGRAM, "high")),
        ("/opt/config.json", elf(), (PROGRAM, "high")),
        ("/opt/xm.jpg", SCRIPT, (PROGRAM, "high")),
        ("/opt/xm.png", gzip.compress(b"x" * 100, mtime=0), (ARCHIVE, "medium")),
        ("/opt/tests/xm.jpg", elf(), (PROGRAM, "low")),
        ("/opt/x.png", PNG, None),
        ("/etc/nftables.conf", SCRIPT, None),
        ("/opt/run.txt", SCRIPT, None),
        ("/opt/x.so.1", elf(), None),
        ("/opt/x.bin", elf(), None),
        ("/opt/jpg", elf(), None),
        ("/opt/x.txt", gzip.compress(b"x", mtime=0), None),
    ],
)
def test_disguises(path: str, content: bytes, expected: tuple[str, str] | None) -> None:
    found = [(rule, severity) for rule, severity, _ in said(judge(DETECTOR, debian(), {path: content}))]
    assert found == ([expected] if expected else [])


def test_owned_files_are_passed_over() -> None:
    path = "/usr/share/x/data.png"
    assert judge(DETECTOR, {path: elf(), **dpkg({"p": {path: elf()}})}) == []
