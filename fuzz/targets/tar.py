"""The members of a tar, and what is odd about it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

from forensics.limits import Limits
from forensics.parsers.tar import BLOCK, TarWalk
from fuzz._promises import MOST
from fuzz._target import Target
from fuzz._vary import mend_tar

_LIMITS = Limits(members=64, header_bytes=4096, name_bytes=300)


def run(data: bytes) -> None:
    """Members and notes lie within the archive and are the same each time."""
    walk = TarWalk(data, _LIMITS)
    members = list(walk)
    again = TarWalk(data, _LIMITS)
    assert list(again) == members
    assert again.notes == walk.notes
    size = len(data)
    assert 0 <= walk.end <= size
    assert len(members) <= _LIMITS.members
    last = -1
    for member in members:
        assert last < member.header_offset < member.data_offset <= size + BLOCK
        last = member.header_offset
        assert member.size >= 0
        assert 0 <= member.stored <= max(0, size - member.data_offset)
        assert len(member.name) <= _LIMITS.name_bytes
        assert len(member.link) <= _LIMITS.name_bytes
        behind = 0
        for segment in member.segments:
            assert behind <= segment.logical_offset
            assert segment.logical_offset + segment.size <= member.size
            behind = segment.logical_offset + segment.size
    for note in walk.notes:
        assert 0 <= note.lost < MOST, note
        assert 0 <= note.offset <= size, note
        assert note.message.isprintable(), note


def archive(form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of every kind of member."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as writer:
        for name, kind in (("d/", b"5"), ("d/f", b"0"), ("l", b"2"), ("h", b"1"), ("c", b"3"), ("p", b"6")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "d/f" if kind in b"12" else ""
            info.size = 700 if kind == b"0" else 0
            writer.addfile(info, io.BytesIO(b"x" * info.size))
        if form != tarfile.USTAR_FORMAT:
            long = tarfile.TarInfo("n" * 200)
            long.linkname, long.type = "m" * 200, b"2"
            writer.addfile(long)
    return made.getvalue()


def pax(records: dict[str, str], content: bytes = b"") -> bytes:
    """A tar of one member with these extended records."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as writer:
        info = tarfile.TarInfo("f")
        info.size, info.pax_headers = len(content), records
        writer.addfile(info, io.BytesIO(content))
    return made.getvalue()


def _old_sparse() -> bytes:
    block = bytearray(archive()[512 * 2 - 512 : 512 * 2])
    block[156:157] = b"S"
    block[386:482] = (b"%011o\0" * 8) % (0, 5, 512, 5, 1024, 0, 0, 0)
    block[482:495] = b"\x01" + b"%011o\0" % 2048
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more = (b"%011o\0" * 4 % (1500, 5, 1600, 5)).ljust(512, b"\0")
    return bytes(block) + more + bytes(512 * 4)


def seeds() -> Iterator[bytes]:
    """Every format, and each kind of sparse map."""
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        yield archive(form)
    yield pax({"path": "a/b", "size": "5", "mtime": "1.5", "uid": "7", "SCHILY.xattr.user.a": "b"}, b"12345")
    yield pax({"LIBARCHIVE.xattr.user%2ea": "YWJj", "linkpath": "x", "gname": "g"})
    new = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "4096"}
    yield pax(new | {"GNU.sparse.name": "s"}, b"2\n0\n5\n1024\n5\n".ljust(512, b"\0") + b"helloworld")
    yield pax({"GNU.sparse.map": "0,5,1024,5", "GNU.sparse.size": "4096"}, b"helloworld")
    yield pax({"GNU.sparse.numblocks": "1", "GNU.sparse.offset": "0", "GNU.sparse.numbytes": "5"}, b"hello")
    yield _old_sparse()
    yield archive()[:-9000] + b"hidden"


TARGET = Target(
    id="tar",
    run=run,
    seeds=seeds,
    harvest=("tar",),
    vary=mend_tar,
    words=(
        b"ustar\0",
        b"ustar  \0",
        b"GNU.sparse.map=",
        b"SCHILY.xattr.",
        b"path=",
        b"size=",
        b"././@LongLink",
    ),
)
