"""The type of a content is told from its bytes: by real writers of the formats where Python has them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import marshal
import py_compile
import sqlite3
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from forensics.parsers.filetype import FILE_TYPES, HEAD_BYTES, file_type, shebang


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "b")
    return out.getvalue()


def _sqlite(tmp_path: Path) -> bytes:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as database:
        database.execute("create table a (b)")
    database.close()
    return path.read_bytes()


def _pyc(tmp_path: Path) -> bytes:
    source = tmp_path / "a.py"
    source.write_text("x = 1\n")
    return Path(str(py_compile.compile(str(source), cfile=str(tmp_path / "a.pyc")))).read_bytes()


def test_what_pythons_own_writers_make(tmp_path: Path) -> None:
    made = {
        "gzip": gzip.compress(b"x"),
        "bzip2": bz2.compress(b"x"),
        "xz": lzma.compress(b"x"),
        "zstd": zstandard.compress(b"x"),
        "tar": _tar(),
        "zip": _zip(),
        "sqlite": _sqlite(tmp_path),
        "pyc": _pyc(tmp_path),
    }
    assert {name: file_type(content, len(content)).id for name, content in made.items()} == {
        name: name for name in made
    }


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x7fELF\x02\x01\x01", "elf"),
        (b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0", "pe"),
        (b"\xca\xfe\xba\xbe\0\0\0\x3d", "java-class"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", "macho"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\1", "macho"),
        (b"!<arch>\ndebian-binary   ", "deb"),
        (b"!<arch>\n/               ", "ar"),
        (b"\xed\xab\xee\xdb\3\0", "rpm"),
        (b"070701000000", "cpio"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a\1\0", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"\0\1\0\0\0\x11\1\0", "ttf"),
        (b"OTTO\0\x0b", "otf"),
        (b"wOF2\0\1\0\0", "woff"),
        (b"\0asm\1\0\0\0", "wasm"),
        (b"BC\xc0\xde\x35\x14", "llvm-bitcode"),
        (b"\x1bLua\x54\0", "lua"),
        (b"\x1bLJ\2\n", "lua"),
        (b"TZif2\0\0", "timezone"),
        (b"\xde\x12\x04\x95\0\0\0\0", "gettext"),
        (b"hsqs\1\0\0\0", "squashfs"),
        (b"", "empty"),
        (bytes(range(1, 32)) * 9, "data"),
        (bytes(300), "data"),
        (b"plain words\n", "text"),
        ("naïve café\n".encode(), "text"),
        ("naïve café\n".encode("latin-1"), "text"),
        ("\ufeffwide".encode("utf-16"), "text"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nMII\n", "text"),
        (b"#!/bin/sh\necho\n", "script"),
        (b"#! /usr/bin/perl -w\n", "script"),
        (b"#![feature(test)]\nfn main() {}\n", "text"),
        (b"\xef\xbb\xbf#!/bin/sh\n", "text"),
        (b"X5O!P%@AP", "text"),
        (b"true\nfalse\n", "text"),
        (b"MZ is how it starts, but this is prose and long enough to have a header, is it not\n", "text"),
        (b"BZh means nothing here\n", "text"),
        (b"\x1f\x8b\x07not deflate\0", "data"),
    ],
)
def test_by_magic_number(head: bytes, expected: str) -> None:
    assert file_type(head, len(head)).id == expected


def test_every_type_is_listed() -> None:
    assert file_type(b"\x1f\x8b\x08\0").id in FILE_TYPES
    assert file_type(marshal.dumps(("a", 1))).id in FILE_TYPES


def test_text_cut_inside_a_character_is_still_text() -> None:
    head = b"a" * (HEAD_BYTES - 1) + "é".encode()
    assert file_type(head, len(head)).description == "UTF-8 text"


def test_a_script_with_a_binary_tail_is_a_script() -> None:
    assert file_type(b"#!/bin/sh\nexit 0\n" + bytes(100)).description == "Shell script"


@pytest.mark.parametrize(
    ("line", "program", "language"),
    [
        ("/bin/sh -e", "sh", "sh"),
        ("/usr/bin/env python3", "python3", "python"),
        ("/usr/bin/env -S node --no-warnings", "node", "javascript"),
        ("/usr/bin/env -S-i PATH=/bin perl", "perl", "perl"),
        ("/usr/bin/env -i LANG=C bash", "bash", "sh"),
        ("/bin/busybox ash", "ash", "sh"),
        ("/opt/venv/bin/python3.11", "python3.11", "python"),
        ("/opt/app/run", "run", ""),
        ("/usr/bin/env", "env", ""),
    ],
)
def test_the_interpreter_is_the_one_that_reads_the_script(line: str, program: str, language: str) -> None:
    found = shebang(f"#!{line}\nrest\n".encode())
    assert found is not None
    assert (found.line, found.program, found.language) == (line, program, language)


@pytest.mark.parametrize("head", [b"", b"#!", b"#!\n/bin/sh", b"#![cfg]", b"# !/bin/sh", b"echo"])
def test_no_interpreter_line(head: bytes) -> None:
    assert shebang(head) is None


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u3000\u2028"])
def test_blanks_beyond_ascii_are_the_name_of_the_interpreter_as_for_the_kernel(blank: str) -> None:
    head = f"#! {blank}\n".encode()
    assert file_type(head).id == "script"
    line = shebang(head)
    assert line is not None
    assert (line.line, line.program, line.language) == (blank, blank, "")
