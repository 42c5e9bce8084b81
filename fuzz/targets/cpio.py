"""cpio archives: newc, its variant with checksums, odc."""

from __future__ import annotations

from collections.abc import Iterator

from fuzz._members import check_archive
from fuzz._target import Target


def run(data: bytes) -> None:
    """As any archive."""
    check_archive("cpio", data)


def newc(name: bytes, content: bytes = b"", mode: int = 0o100644, magic: bytes = b"070701") -> bytes:
    """One member."""
    numbers = (1, mode, 0, 0, 1, 1_700_000_000, len(content), 0, 0, 0, 0, len(name) + 1, sum(content))
    head = magic + b"".join(b"%08X" % number for number in numbers) + name + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def archive(magic: bytes = b"070701") -> bytes:
    """A folder, a file, a link and the end."""
    members = (
        (b"d", b"", 0o40755),
        (b"d/f", b"hello", 0o100755),
        (b"l", b"d/f", 0o120777),
        (b"TRAILER!!!", b"", 0),
    )
    return b"".join(newc(*member, magic) for member in members)


def _odc(name: bytes, content: bytes) -> bytes:
    head = b"070707" + b"%06o" * 7 % (1, 2, 0o100644, 0, 0, 1, 0)
    return head + b"%011o%06o%011o" % (0, len(name) + 1, len(content)) + name + b"\0" + content


def seeds() -> Iterator[bytes]:
    """Each form, and bytes behind the end."""
    yield archive()
    yield archive(b"070702")
    yield _odc(b"f", b"hello") + _odc(b"TRAILER!!!", b"")
    yield archive() + bytes(300) + b"hidden"
    yield archive() + archive()
    yield newc(b"f", b"x") + b"07070X00000000" + b"x" * 20


TARGET = Target(
    id="cpio", run=run, seeds=seeds, words=(b"070701", b"070702", b"070707", b"TRAILER!!!\0"), longest=4096
)
