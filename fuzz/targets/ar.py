"""ar archives, Debian packages among them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from fuzz._members import check_archive
from fuzz._target import Target
from fuzz.targets import tar


def run(data: bytes) -> None:
    """As any archive."""
    check_archive("ar", data)
    check_archive("deb", data)


def member(name: bytes, content: bytes) -> bytes:
    """One member as deb(5) has it."""
    head = b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o100644, len(content))
    return head + content + b"\n" * (len(content) % 2)


def seeds() -> Iterator[bytes]:
    """A package, long names of both kinds, what no reader lists."""
    packed = gzip.compress(tar.archive(), mtime=0)
    start = b"!<arch>\n"
    yield (
        start
        + member(b"debian-binary", b"2.0\n")
        + member(b"control.tar.gz", packed)
        + member(b"data.tar.gz", packed)
    )
    yield (
        start
        + member(b"//", b"a-very-long-name.o/\n")
        + member(b"/0", b"x")
        + member(b"#1/4", b"namecontent")
    )
    yield start + member(b"/", b"\0\0\0\0") + member(b"short.o/", b"abc") + b"hidden behind"
    yield b"!<thin>\n" + member(b"x/", b"")


TARGET = Target(id="ar", run=run, seeds=seeds, words=(b"`\n", b"!<arch>\n", b"#1/20", b"//"), longest=8192)
