"""ZIP archives, their central directory and their local headers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from fuzz._members import check_archive
from fuzz._target import Target


def run(data: bytes) -> None:
    """As any archive, also where it stands behind something else."""
    check_archive("zip", data)
    check_archive("data", data)


def archive(method: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False) -> bytes:
    """A few members, one with a comment, one a folder."""
    made = io.BytesIO()
    if streamed:
        made.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(made, "w", method) as writer:
        writer.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n" * 5)
        writer.writestr(zipfile.ZipInfo("folder/"), "")
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr, info.comment = 3, 0o120777 << 16, b"comment"
        writer.writestr(info, "folder/target")
        writer.comment = b"" if streamed else b"the end"
    return made.getvalue()


def seeds() -> Iterator[bytes]:
    """Every method, one in a stream, one behind other bytes, one without its directory, a wide one."""
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield archive(method)
    yield archive(streamed=True)
    yield b"#!/bin/sh\nexit\n" + archive()
    yield archive()[:150]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as writer, writer.open("wide", "w", force_zip64=True) as member:
        member.write(b"x")
    yield made.getvalue()
    yield archive() + b"behind"


TARGET = Target(
    id="zip",
    run=run,
    seeds=seeds,
    harvest=("zip",),
    words=(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06"),
)
