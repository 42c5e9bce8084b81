"""Whatever `tarfile` writes is read back the same; whatever is cut or damaged is accounted for."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forensics.layers import pack_index, unpack_index
from forensics.limits import Limits
from forensics.model.files import FileKind
from forensics.parsers.tar import Member, TarWalk
from tests.layer_bytes import bench

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
KINDS = {
    tarfile.REGTYPE: FileKind.REGULAR,
    tarfile.DIRTYPE: FileKind.DIRECTORY,
    tarfile.SYMTYPE: FileKind.SYMLINK,
    tarfile.LNKTYPE: FileKind.HARDLINK,
    tarfile.CHRTYPE: FileKind.CHAR_DEVICE,
    tarfile.BLKTYPE: FileKind.BLOCK_DEVICE,
    tarfile.FIFOTYPE: FileKind.FIFO,
}

names = st.binary(min_size=1, max_size=20).map(
    lambda raw: raw.replace(b"\0", b"n").replace(b"/", b"s").decode("utf-8", "surrogateescape")
)
ascii_paths = st.lists(st.text("abc._-", min_size=1, max_size=60), min_size=1, max_size=4).map("/".join)
any_paths = st.lists(names, min_size=1, max_size=20).map("/".join)
owners = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
# Tiny times `tarfile` writes with an exponent, which pax does not know.
seconds = st.integers(0, 2**33) | st.floats(0.001, 2**33).map(lambda value: round(value, 6))


@st.composite
def infos(draw: st.DrawFn, form: int) -> tuple[tarfile.TarInfo, bytes]:
    """A member that `tarfile` can write in this format, and its data."""
    ustar = form == tarfile.USTAR_FORMAT
    info = tarfile.TarInfo(draw(ascii_paths.filter(lambda path: len(path) <= 100) if ustar else any_paths))
    info.type = draw(st.sampled_from(list(KINDS)))
    info.mode = draw(st.integers(0, 0o7777))
    top = 8**7 - 1 if ustar else 2**31
    info.uid, info.gid = draw(st.integers(0, top)), draw(st.integers(0, top))
    info.mtime = draw(seconds) if form == tarfile.PAX_FORMAT else draw(st.integers(0, 8**11 - 1))  # type: ignore[assignment]
    info.uname, info.gname = draw(owners.filter(lambda name: len(name.encode()) <= 31)), draw(st.just("g"))
    if info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = draw(ascii_paths.filter(lambda path: len(path) <= 100) if ustar else any_paths)
    if info.type in (tarfile.CHRTYPE, tarfile.BLKTYPE):
        info.devmajor, info.devminor = draw(st.integers(0, 4095)), draw(st.integers(0, 4095))
    data = draw(st.binary(max_size=1500)) if info.type == tarfile.REGTYPE else b""
    info.size = len(data)
    return info, data


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A tar of a few members, with or without records of its own."""
    form = draw(st.sampled_from(FORMATS))
    members = draw(st.lists(infos(form), max_size=6))
    made = io.BytesIO()
    errors = "surrogateescape"
    with tarfile.open(fileobj=made, mode="w", format=form, encoding="utf-8", errors=errors) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def read(data: bytes) -> tuple[list[Member], TarWalk]:
    walked = TarWalk(data, Limits())
    return list(walked), walked


def fields_of_tarfile(info: tarfile.TarInfo) -> dict[str, Any]:
    return {
        "name": info.name.rstrip("/"),
        "kind": KINDS[info.type],
        "size": info.size,
        "mode": stat.S_IMODE(info.mode),
        "owners": (info.uid, info.gid, info.uname, info.gname),
        "mtime": float(info.mtime),
        "link": info.linkname,
        "device": (info.devmajor, info.devminor) if info.type in (tarfile.CHRTYPE, tarfile.BLKTYPE) else None,
        "offsets": (info.offset, info.offset_data),
    }


def fields_of_member(member: Member) -> dict[str, Any]:
    return {
        "name": member.name.decode("utf-8", "surrogateescape").rstrip("/"),
        "kind": member.kind,
        "size": member.size,
        "mode": member.mode,
        "owners": (member.uid, member.gid, member.user, member.group),
        "mtime": member.mtime,
        "link": member.link.decode("utf-8", "surrogateescape"),
        "device": member.device,
        "offsets": (member.header_offset, member.data_offset),
    }


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives())
def test_every_field_is_what_tarfile_reads(data: bytes) -> None:
    members, walked = read(data)
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as archive:
        expected = [fields_of_tarfile(info) for info in archive.getmembers()]
        contents = [
            opened.read() if (opened := archive.extractfile(info) if info.isreg() else None) else b""
            for info in archive.getmembers()
        ]
    assert [fields_of_member(member) for member in members] == expected
    assert [data[member.data_offset :][: member.stored] for member in members] == contents
    assert walked.notes == []
    assert walked.end == len(data)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives(), st.data())
def test_a_cut_anywhere_keeps_what_came_before_and_counts_the_rest(data: bytes, draws: st.DataObject) -> None:
    whole, _ = read(data)
    cut = draws.draw(
        st.integers(0, len(data)) | st.integers(0, len(data) // 512).map(lambda block: block * 512)
    )
    members, walked = read(data[:cut])
    complete = [member for member in whole if member.data_offset + member.size <= cut]
    assert members[: len(complete)] == complete
    assert len(members) <= len(complete) + 1
    for member in members[len(complete) :]:
        assert 0 <= member.stored < member.size
        assert member.stored == cut - member.data_offset
    assert walked.end <= cut
    covered = max((member.data_offset + member.stored for member in members), default=0)
    if cut > covered and data[covered:cut].strip(b"\0"):
        assert sum(note.lost for note in walked.notes) > 0


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives(), st.data())
def test_damage_anywhere_raises_nothing_and_stays_within_the_archive(
    data: bytes, draws: st.DataObject
) -> None:
    damaged = bytearray(data)
    for _ in range(draws.draw(st.integers(1, 4))):
        at = draws.draw(st.integers(0, len(data) - 1))
        damaged[at] = draws.draw(st.integers(0, 255))
    members, walked = read(bytes(damaged))
    assert walked.end <= len(damaged)
    position = 0
    for member in members:
        assert position <= member.header_offset < member.data_offset <= len(damaged)
        assert member.data_offset + (0 if member.segments else member.stored) <= len(damaged)
        position = member.data_offset
    for note in walked.notes:
        assert note.lost >= 0


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=3000))
@example(b"\0" * 511)
@example(b"\x80" * 1024)
def test_arbitrary_bytes_are_lost_as_a_whole(data: bytes) -> None:
    members, walked = read(data)
    assert members == []
    assert sum(note.lost for note in walked.notes) == (len(data) if data.strip(b"\0") else 0)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives())
def test_an_index_survives_its_way_and_compression_changes_nothing(data: bytes) -> None:
    with bench() as layers:
        plain, packed = layers.index(data), layers.index(gzip.compress(data, 1))
        assert plain.entries == packed.entries
        assert plain.diff_id == packed.diff_id
        for index in (plain, packed):
            assert unpack_index(pack_index(index), index.blob.fd) == index
