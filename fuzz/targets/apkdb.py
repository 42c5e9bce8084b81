"""The installed database of apk-tools."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.parsers.apkdb import decode_checksum, parse_apkdb
from fuzz._promises import is_absolute
from fuzz._target import Target

_PATHS = 1 << 20


def run(data: bytes) -> None:
    """Packages have names, files absolute paths that together do not outgrow the file without bound."""
    database = parse_apkdb(data)
    assert 0 <= database.lost_bytes <= len(data)
    size = 0
    for package in database.packages:
        assert package.name
        assert package.version
        for file in package.files:
            size += len(file.path)
            assert is_absolute(file.path), file
            assert file.mode is None or 0 <= file.mode <= 0o7777
            assert not file.digest or file.digest.startswith(("sha1:", "sha256:"))
    assert size <= _PATHS + 16 * len(data)
    decode_checksum(data[:200])


def seeds() -> Iterator[bytes]:
    """A database, and one that does not follow the rules."""
    yield (
        b"C:Q1WR9MGKU+cJh6dJFEXnr3zU1qsMM=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nM:0:0:1777\n"
        b"R:ld.so\na:0:0:755\nZ:Q1WR9MGKU+cJh6dJFEXnr3zU1qsMM=\n\nP:b\nV:1\nF:\nR:top\n"
    )
    yield b"R:a\nZ:Q1\nF:../..\nR:../x\na:0:0:9\nx\nP:a\n\n"
    yield b"P:a\nV:1\nF:" + b"d/" * 900 + b"\n" + b"R:a\n" * 3000


TARGET = Target(
    id="apkdb",
    run=run,
    seeds=seeds,
    harvest=("apk",),
    longest=4096,
    words=(b"\nR:", b"\nF:", b"\nZ:Q1", b"\na:0:0:"),
)
