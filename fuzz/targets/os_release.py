"""The file by which a distribution names itself."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.parsers.os_release import parse_os_release
from fuzz._target import Target


def run(data: bytes) -> None:
    """Names in capitals, values within one line."""
    values = parse_os_release(data)
    assert values == parse_os_release(data)
    for name, value in values.items():
        assert name.isascii()
        assert name == name.upper()
        assert len(value.splitlines()) <= 1


def seeds() -> Iterator[bytes]:
    """Quotes, escapes and neither."""
    yield b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME=\'x "y"\'\nA="\\"\\$\\`\\\\"\n# no\nB=\n'
    yield b"\xffID=x\nID=\"\nID='\n"


TARGET = Target(id="os_release", run=run, seeds=seeds, harvest=("os-release",), words=(b"ID=", b'"', b"'"))
