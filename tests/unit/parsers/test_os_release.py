"""os-release, against the shell that the format is defined by."""

from __future__ import annotations

import subprocess

import pytest

from forensics.parsers.os_release import parse_os_release

DEBIAN = b"""\
# comment
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME='Debian GNU/Linux'
VERSION_ID="12"
ID=debian
QUOTED="a \\"b\\" \\$c \\\\d"
EMPTY=
"""


def test_agrees_with_the_shell() -> None:
    read = parse_os_release(DEBIAN)
    for name in ("PRETTY_NAME", "NAME", "VERSION_ID", "ID", "QUOTED", "EMPTY"):
        script = DEBIAN.decode() + f'\nprintf %s "${name}"'
        assert read[name] == subprocess.check_output(["sh", "-c", script], text=True)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"no assignment", b"lower=1", b"=x"])
def test_what_is_no_assignment_is_skipped(content: bytes) -> None:
    assert parse_os_release(content) == {}


def test_the_last_assignment_counts() -> None:
    assert parse_os_release(b"ID=a\nID=b\n") == {"ID": "b"}
