"""Control data of dpkg."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.parsers.deb822 import parse_deb822
from fuzz._target import Target


def run(data: bytes) -> None:
    """Fields have names and trimmed values; faults lie within the file and none counts twice."""
    read = parse_deb822(data)
    assert read == parse_deb822(data)
    assert 0 <= read.lost_bytes <= len(data)
    for fault in read.faults:
        assert 0 <= fault.offset <= fault.offset + fault.length <= len(data)
    for paragraph in read.paragraphs:
        assert paragraph
        for name, value in paragraph.items():
            assert name == name.lower()
            assert not name.startswith(("-", "#"))
            assert value == value.strip()


def seeds() -> Iterator[bytes]:
    """Sound and unsound paragraphs."""
    yield b"Package: a\nStatus: install ok installed\nConffiles:\n /etc/a 0123 obsolete\nD: x\n .\n y\n\n"
    yield b"Package: a\nPackage: b\n continued\n\n# comment\n-X: 1\nno field\n \n"
    yield b"A:\xff\r\n\tb\r\n\r\nB : c"


TARGET = Target(
    id="deb822",
    run=run,
    seeds=seeds,
    harvest=("dpkg",),
    longest=4096,
    words=(b"Package: ", b"\n\n", b"\n ", b":"),
)
