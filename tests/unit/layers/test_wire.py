"""The index survives its way through the socket, names that are no UTF-8 included."""

from __future__ import annotations

import msgspec
import pytest

from forensics.errors import ParseError
from forensics.layers import pack_index, unpack_index
from forensics.model.files import (
    Content,
    Entry,
    FileKind,
    HiddenBytes,
    LayerIndex,
    Segment,
    behind_layer,
)
from forensics.model.image import Blob
from forensics.model.issues import Issue

FULL = LayerIndex(
    index=7,
    blob=Blob(3, 4096, 10_000),
    digest="sha256:" + "a" * 64,
    diff_id="sha512:" + "b" * 128,
    digest_agrees=True,
    diff_id_agrees=False,
    compression="zstd",
    compressed_size=5000,
    size=10_000,
    entries=(
        Entry(
            path="/caf\udce9/\x1b[0m",
            kind=FileKind.REGULAR,
            size=1 << 62,
            mode=0o4755,
            uid=-2,
            gid=1 << 40,
            user="\udcff",
            group="ä",
            mtime=-1.5,
            header_offset=512,
            data_offset=1024,
            stored=5,
            segments=(Segment(10, 1024, 3), Segment(1 << 61, 1027, 2)),
            xattrs=(("user.\udc80", b"\xff\0"), ("security.capability", b"")),
            raw_name="caf\udce9/./\x1b[0m",
            sha256="ab" * 32,
        ),
        Entry(path="/dev/x", kind=FileKind.CHAR_DEVICE, device=(1, 3)),
        Entry(path="/l", kind=FileKind.SYMLINK, link="\udcf0\n"),
    ),
    hidden=(
        HiddenBytes(
            layer=7,
            kind="padding",
            offset=517,
            content=Content(7, 517, 5, (Segment(0, 517, 2), Segment(2, 1029, 3)), "cd" * 32),
            name="!slack@0x205",
            head=b"\xff\0abc",
            member="/caf\udce9",
        ),
        HiddenBytes(
            layer=7,
            kind="behind-compression",
            offset=4990,
            content=Content(behind_layer(7), 0, 10, (), "ef" * 32),
            name="!behind-compression@0x137e",
            places=((4990, 3), (6000, 7)),
        ),
    ),
    behind=Blob(3, 12_288, 10),
    issues=(Issue(stage="layer", code="limit", subject="layer 7", message="m", lost_bytes=1 << 60),),
)


def test_everything_arrives() -> None:
    assert unpack_index(pack_index(FULL), 3) == FULL


def test_every_kind_arrives() -> None:
    entries = tuple(Entry(path=f"/{kind}", kind=kind) for kind in FileKind)
    index = LayerIndex(index=0, blob=Blob(0, 0, 0), entries=entries)
    assert unpack_index(pack_index(index), 0).entries == entries


def test_the_descriptor_is_the_receivers() -> None:
    assert unpack_index(pack_index(FULL), 99).blob == Blob(99, 4096, 10_000)


def test_the_bytes_are_the_same_every_time() -> None:
    assert pack_index(FULL) == pack_index(unpack_index(pack_index(FULL), 3))


@pytest.mark.parametrize("place", [(8, 0, 5), (behind_layer(8), 0, 5)])
def test_hidden_bytes_of_another_layer_are_refused(place: tuple[int, int, int]) -> None:
    stranger = msgspec.structs.replace(FULL.hidden[0], content=Content(*place, (), "cd" * 32))
    with pytest.raises(ParseError):
        unpack_index(pack_index(msgspec.structs.replace(FULL, hidden=(stranger,))), 3)


@pytest.mark.parametrize("length", [0, 1, 10, 100, -1])
def test_what_is_cut_is_refused(length: int) -> None:
    with pytest.raises(ParseError):
        unpack_index(pack_index(FULL)[:length], 3)


def test_what_is_no_index_is_refused() -> None:
    for other in ({}, [1, 2], "x", [0] * 12):
        with pytest.raises(ParseError):
            unpack_index(msgspec.msgpack.encode(other), 3)
    kind = pack_index(
        LayerIndex(index=0, blob=Blob(0, 0, 0), entries=(Entry(path="/a", kind=FileKind.OTHER),))
    )
    with pytest.raises(ParseError):
        unpack_index(kind.replace(b"\xc4\x02/a\x09", b"\xc4\x02/a\x7f"), 3)
