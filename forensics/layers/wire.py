"""A layer's index as bytes, from the worker to the program: msgpack, which cannot name code.

Names travel as bytes, because a str with undecodable bytes has no UTF-8 form. The worker may have been taken
over by the bytes it read: every number is held to what it can be, so that none leads out of a file or a list.
"""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Any

import msgspec

from forensics.errors import ParseError
from forensics.layers._names import absolute
from forensics.model.files import Content, Entry, FileKind, HiddenBytes, LayerIndex, Segment, behind_layer
from forensics.model.image import Blob
from forensics.model.issues import Issue

_KINDS = tuple(FileKind)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_Size = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_Offset = Annotated[int, msgspec.Meta(ge=0, le=(1 << 62) - 1)]
"""Two of them still come to what pread takes."""
_Kind = Annotated[int, msgspec.Meta(ge=0, lt=len(_KINDS))]
_Digest = Annotated[bytes, msgspec.Meta(max_length=32)]
_Runs = tuple[tuple[_Size, _Offset, _Size], ...]


class _WireEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: bytes
    kind: _Kind
    size: _Size
    mode: _Size
    uid: int
    gid: int
    user: bytes
    group: bytes
    mtime: float
    link: bytes
    header_offset: _Offset
    data_offset: _Offset
    stored: _Size
    raw_name: bytes
    sha256: _Digest
    segments: _Runs = ()
    xattrs: tuple[tuple[bytes, bytes], ...] = ()
    device: tuple[int, int] | None = None


class _WireHidden(msgspec.Struct, frozen=True, array_like=True):
    layer: int | None
    kind: str
    offset: _Offset
    place: tuple[int, _Offset, _Size]
    sha256: _Digest
    name: str
    head: bytes
    member: bytes
    segments: _Runs
    places: tuple[tuple[_Offset, _Size], ...] = ()


class _WireIndex(msgspec.Struct, frozen=True, array_like=True):
    index: _Size
    offset: _Offset
    blob_size: _Offset
    digest: str
    diff_id: str
    digest_agrees: bool | None
    diff_id_agrees: bool | None
    compression: str
    compressed_size: _Size
    size: _Size
    entries: list[_WireEntry]
    issues: tuple[Issue, ...]
    hidden: tuple[_WireHidden, ...] = ()
    behind: tuple[_Offset, _Offset] | None = None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_WireIndex)


def _exact(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _name(exact: bytes) -> str:
    return exact.decode("utf-8", "surrogateescape")


def pack_index(index: LayerIndex) -> bytes:
    """The index in msgpack, its file descriptor left out."""
    wire = _WireIndex(
        index=index.index,
        offset=index.blob.offset,
        blob_size=index.blob.size,
        digest=index.digest,
        diff_id=index.diff_id,
        digest_agrees=index.digest_agrees,
        diff_id_agrees=index.diff_id_agrees,
        compression=index.compression,
        compressed_size=index.compressed_size,
        size=index.size,
        entries=[_packed(entry) for entry in index.entries],
        issues=index.issues,
        hidden=tuple(_packed_hidden(one) for one in index.hidden),
        behind=None if index.behind is None else (index.behind.offset, index.behind.size),
    )
    return _ENCODER.encode(wire)


def _packed(entry: Entry) -> _WireEntry:
    return _WireEntry(
        _exact(entry.path),
        _NUMBERS[entry.kind],
        entry.size,
        entry.mode,
        entry.uid,
        entry.gid,
        _exact(entry.user),
        _exact(entry.group),
        entry.mtime,
        _exact(entry.link),
        entry.header_offset,
        entry.data_offset,
        entry.stored,
        _exact(entry.raw_name),
        bytes.fromhex(entry.sha256),
        tuple((run.logical_offset, run.data_offset, run.size) for run in entry.segments),
        tuple((_exact(name), value) for name, value in entry.xattrs),
        entry.device,
    )


def _packed_hidden(hidden: HiddenBytes) -> _WireHidden:
    content = hidden.content
    return _WireHidden(
        hidden.layer,
        hidden.kind,
        hidden.offset,
        (content.layer, content.data_offset, content.size),
        bytes.fromhex(content.sha256),
        hidden.name,
        hidden.head,
        _exact(hidden.member),
        tuple((run.logical_offset, run.data_offset, run.size) for run in content.segments),
        hidden.places,
    )


def _unpacked_hidden(wire: _WireHidden, index: int) -> HiddenBytes:
    if wire.layer != index or wire.place[0] not in (index, behind_layer(index)):
        raise ParseError("a layer's index speaks of bytes that are not of this layer")
    return HiddenBytes(
        layer=wire.layer,
        kind=wire.kind,
        offset=wire.offset,
        content=Content(*wire.place, tuple(Segment(*run) for run in wire.segments), wire.sha256.hex()),
        name=wire.name,
        head=wire.head,
        member=_name(wire.member),
        places=wire.places,
    )


def unpack_index(data: bytes, blob_fd: int) -> LayerIndex:
    """The index that `pack_index` packed; its blob is read from `blob_fd`.

    Raises ParseError when `data` is not such an index.
    """
    try:
        wire = _DECODER.decode(data)
        shared: dict[bytes, str] = {}
        hidden = tuple(_unpacked_hidden(one, wire.index) for one in wire.hidden)
        entries = tuple(_unpacked(entry, shared) for entry in wire.entries)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"a layer's index cannot be read: {error}") from error
    if not all(0 <= issue.lost_bytes < 1 << 63 for issue in wire.issues):
        raise ParseError("a layer's index tells of a loss that is no number of bytes")
    return LayerIndex(
        index=wire.index,
        blob=Blob(blob_fd, wire.offset, wire.blob_size),
        digest=wire.digest,
        diff_id=wire.diff_id,
        digest_agrees=wire.digest_agrees,
        diff_id_agrees=wire.diff_id_agrees,
        compression=wire.compression,
        compressed_size=wire.compressed_size,
        size=wire.size,
        entries=entries,
        hidden=hidden,
        behind=None if wire.behind is None else Blob(blob_fd, *wire.behind),
        issues=wire.issues,
    )


def _unpacked(wire: _WireEntry, shared: dict[bytes, str]) -> Entry:
    optional: dict[str, Any] = {}
    if wire.segments:
        optional["segments"] = tuple(Segment(*run) for run in wire.segments)
    if wire.xattrs:
        optional["xattrs"] = tuple((_name(name), value) for name, value in wire.xattrs)
    path = _name(wire.path)
    if absolute(path) != (path, False) or not isfinite(wire.mtime):
        raise ParseError("a layer's index has a path that is not absolute, or a time that is none")
    return Entry(
        path=path,
        kind=_KINDS[wire.kind],
        size=wire.size,
        mode=wire.mode,
        uid=wire.uid,
        gid=wire.gid,
        user=_shared(wire.user, shared),
        group=_shared(wire.group, shared),
        mtime=wire.mtime,
        link=_name(wire.link),
        header_offset=wire.header_offset,
        data_offset=wire.data_offset,
        stored=wire.stored,
        device=wire.device,
        raw_name=_name(wire.raw_name),
        sha256=wire.sha256.hex(),
        **optional,
    )


def _shared(exact: bytes, shared: dict[bytes, str]) -> str:
    """One str for all entries with the same owner: a layer names few of them, many times."""
    known = shared.get(exact)
    if known is None:
        known = shared[exact] = _name(exact)
    return known
