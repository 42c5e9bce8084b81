"""The files beside dpkg's status file."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.parsers.dpkgdb import (
    parse_conffiles_field,
    parse_diversions,
    parse_md5sums,
    parse_path_list,
)
from fuzz._promises import is_absolute
from fuzz._target import Target


def run(data: bytes) -> None:
    """Every path is absolute and normalised, every digest one; lost bytes are bytes of the file."""
    for path in parse_path_list(data):
        assert is_absolute(path), path
    digests = parse_md5sums(data)
    assert 0 <= digests.lost_bytes <= len(data)
    for path, digest in digests.md5.items():
        assert is_absolute(path), path
        assert len(digest) == 32
        assert not digest.strip("0123456789abcdef")
    diversions = parse_diversions(data)
    assert 0 <= diversions.lost_bytes <= len(data)
    for each in diversions.diversions:
        assert is_absolute(each.original), each
        assert is_absolute(each.diverted), each
    for conffile in parse_conffiles_field(data.decode("utf-8", "surrogateescape")):
        assert is_absolute(conffile.path), conffile
        assert len(conffile.md5) in {0, 32}


def seeds() -> Iterator[bytes]:
    """One of each file."""
    yield b"/.\n/usr\n/usr/bin/a\nremove-on-upgrade /etc/x\n//../y\n"
    yield b"0123456789abcdef0123456789abcdef  usr/bin/a\n0123456789ABCDEF0123456789abcdef *b\nnonsense\n"
    yield b"/usr/bin/a\n/usr/bin/a.distrib\n:\n/b\n/c\nd\n/left"
    yield b" /etc/a 0123456789abcdef0123456789abcdef obsolete\n /etc/b newconffile\n"


TARGET = Target(id="dpkgdb", run=run, seeds=seeds, harvest=("dpkg",), longest=4096)
