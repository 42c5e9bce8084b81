"""deb822 control data, as dpkg's status file holds it."""

from __future__ import annotations

import email
import random

import pytest

from forensics.parsers.deb822 import parse_deb822

STATUS = b"""\
Package: dash
Status: install ok installed
Conffiles:
 /etc/a 0123456789abcdef0123456789abcdef
 /etc/b c obsolete
Description: a shell
 It is small.
 .
 It is fast.

Package: bash
Version:5.2
"""


def test_paragraphs_fields_and_continuation_lines() -> None:
    read = parse_deb822(STATUS)
    dash, bash = read.paragraphs
    assert read.faults == ()
    assert dash["package"] == "dash"
    assert dash["conffiles"].split("\n") == ["/etc/a 0123456789abcdef0123456789abcdef", "/etc/b c obsolete"]
    assert dash["description"] == "a shell\nIt is small.\n.\nIt is fast."
    assert bash == {"package": "bash", "version": "5.2"}


def test_field_names_are_read_without_regard_to_case() -> None:
    assert parse_deb822(b"PACKAGE: x\nVeRsIoN: 1\n").paragraphs == ({"package": "x", "version": "1"},)


def test_comments_blank_lines_and_carriage_returns() -> None:
    read = parse_deb822(
        b"\n\r\n# comment\r\nPackage: x\r\n# inside\r\nVersion: 1\r\n \t \r\n\r\nPackage: y\r\n"
    )
    assert [paragraph["package"] for paragraph in read.paragraphs] == ["x", "y"]
    assert read.faults == ()


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"Package: x\nno colon here\nVersion: 1\n", b"no colon here", "not a field"),
        (b" lost\nPackage: x\nVersion: 1\n", b" lost", "a continuation line without a field"),
        (b"Package: x\n-Bad: 1\nVersion: 1\n", b"-Bad: 1", "not a field"),
        (b"Package: x\nPackage: y\nVersion: 1\n", b"Package: y", "the field package stands twice"),
    ],
)
def test_a_line_that_makes_no_sense_is_lost_alone(content: bytes, line: bytes, reason: str) -> None:
    read = parse_deb822(content)
    assert read.paragraphs == ({"package": "x", "version": "1"},)
    (fault,) = read.faults
    assert content[fault.offset : fault.offset + fault.length] == line
    assert fault.reason == reason


def test_continuation_lines_of_a_second_copy_of_a_field_do_not_reach_the_first() -> None:
    read = parse_deb822(b"Conffiles:\n /etc/a 1\nConffiles:\n /etc/evil 2\n")
    assert read.paragraphs[0]["conffiles"] == "/etc/a 1"


def test_bytes_that_are_not_text_survive() -> None:
    value = parse_deb822(b"Package: \xff\xfe\nVersion: 1\n").paragraphs[0]["package"]
    assert value.encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_nothing_is_no_paragraph() -> None:
    assert parse_deb822(b"").paragraphs == ()
    assert parse_deb822(b"\n\n\n").paragraphs == ()


def test_agrees_with_the_standard_librarys_header_parser() -> None:
    """RFC 822 headers with folded lines are the common part of both formats."""
    chosen = random.Random(7)
    for _ in range(50):
        names = chosen.sample(["Package", "Version", "Source", "Depends", "Tag"], 3)
        text = "".join(f"{name}: {chosen.randrange(10**6)}\n more {chosen.random()}\n" for name in names)
        expected = {
            name.lower(): value.replace("\n ", "\n")
            for name, value in email.message_from_string(text).items()
        }
        assert parse_deb822(text.encode()).paragraphs == (expected,)
