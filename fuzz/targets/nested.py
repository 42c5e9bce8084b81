"""Whatever may be an archive within an image, opened as its first bytes say."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Iterator

import zstandard

from forensics.parsers.archives import is_archive
from forensics.parsers.filetype import file_type
from fuzz._members import check_archive
from fuzz._target import Target
from fuzz._vary import mend_tar
from fuzz.targets import ar, cpio, rpm, tar
from fuzz.targets import zip as zip_archives


def run(data: bytes) -> None:
    """What is no archive opens as none; what is one keeps the promises of archives."""
    kind = file_type(data, len(data)).id
    if is_archive(kind, memoryview(data)):
        check_archive(kind, data)


def seeds() -> Iterator[bytes]:
    """Every format, and a tar and a cpio archive in every compression."""
    for module in (ar, cpio, rpm, tar, zip_archives):
        yield from list(module.seeds())[:4]
    for plain in (tar.archive(), cpio.archive(), b"text\n" * 50):
        yield gzip.compress(plain, mtime=0)
        yield bz2.compress(plain)
        yield lzma.compress(plain)
        yield lzma.compress(plain, lzma.FORMAT_ALONE)
        yield zstandard.compress(plain)
    many = io.BytesIO()
    for _ in range(80):
        many.write(gzip.compress(b"x", mtime=0))
    yield many.getvalue()


TARGET = Target(
    id="nested", run=run, seeds=seeds, harvest=("tar", "compressed", "zip"), vary=mend_tar, longest=16 * 1024
)
