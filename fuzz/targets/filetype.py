"""The kind of a content by its first bytes, and interpreter lines."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.parsers.filetype import FILE_TYPES, HEAD_BYTES, file_type, shebang
from fuzz._target import Target


def run(data: bytes) -> None:
    """A known type with a phrase for people, told by the first bytes alone."""
    kind = file_type(data, len(data))
    assert kind.id in FILE_TYPES
    assert kind.description.isprintable()
    assert kind == file_type(memoryview(data)[:HEAD_BYTES], len(data))
    assert (kind.id == "empty") is (not data)
    line = shebang(data)
    if kind.id == "script":
        assert line is not None
    if line is not None:
        assert line.line
        assert "\n" not in line.line


def seeds() -> Iterator[bytes]:
    """The beginnings that are looked up, and some of which more is asked."""
    yield b"#!/usr/bin/env -S A=b python3 -u\nprint()\n"
    yield b"#! /bin/busybox sh\n"
    yield b"#!\xc2\xa0\n"
    yield b"<?xml version='1.0'?>"
    yield b'{"a": 1}'
    yield b"-----BEGIN CERTIFICATE-----\n"
    yield b"\xff\xfea\0b\0"
    yield b"\xca\xfe\xba\xbe\0\0\0\x02"
    yield b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0"
    yield b"BM" + bytes(30)
    yield b"RIFF\0\0\0\0WEBP"
    yield b"\x1a\x01" + bytes(30)
    yield b"\x1f\x8b\x08" + bytes(20)
    yield bytes(257) + b"ustar"
    yield b"a\xe9 \xfc" * 40
    yield b"\xa7\x0d\r\n" + bytes(12)


TARGET = Target(
    id="filetype", run=run, seeds=seeds, harvest=("script", "elf", "zip", "settings"), longest=5000
)
