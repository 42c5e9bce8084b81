"""What a worker that hostile bytes took over may say: it is refused, and takes nobody down with it."""

from __future__ import annotations

import math
import socket
from typing import Any

import msgspec
import pytest

from forensics.errors import ParseError
from forensics.layers import pack_index, unpack_index
from forensics.model.files import Entry, FileKind, LayerIndex, Segment
from forensics.model.image import Blob
from forensics.model.issues import Issue
from forensics.pipeline import protocol

ENTRY = Entry(path="/a", kind=FileKind.REGULAR, size=5, stored=5, data_offset=512)


def _index(**changes: Any) -> bytes:
    return pack_index(
        msgspec.structs.replace(LayerIndex(index=0, blob=Blob(0, 0, 2048), size=2048), **changes)
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"size": -1},
        {"stored": -1},
        {"data_offset": -512},
        {"header_offset": 1 << 63},
        {"segments": (Segment(0, -1, 5),)},
        {"mtime": math.nan},
        {"mtime": math.inf},
        {"path": "a"},
        {"path": "/a/../../b"},
        {"path": ""},
    ],
)
def test_an_entry_that_no_layer_can_have_is_refused(entry: dict[str, Any]) -> None:
    assert unpack_index(_index(entries=(ENTRY,)), 3).entries == (ENTRY,)
    with pytest.raises(ParseError):
        unpack_index(_index(entries=(msgspec.structs.replace(ENTRY, **entry),)), 3)


@pytest.mark.parametrize("lost", [-1, 1 << 63])
def test_a_loss_that_cannot_be_counted_is_refused(lost: int) -> None:
    issue = Issue(stage="layer", code="limit", subject="x", message="x", lost_bytes=lost)
    with pytest.raises(ParseError):
        unpack_index(_index(issues=(issue,)), 3)


@pytest.mark.parametrize("blob", [Blob(0, -1, 5), Blob(0, 0, -1), Blob(0, 1 << 62, 5)])
def test_a_layer_that_lies_nowhere_is_refused(blob: Blob) -> None:
    with pytest.raises(ParseError):
        unpack_index(_index(blob=blob), 3)


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(ParseError):
        unpack_index(_index(digest="sha256:").replace(b"sha256:", b"sha256\xff"), 3)


@pytest.mark.parametrize(
    "body",
    [
        b"\x83\xa4type\xa8Advanced\xa4done\x01\xa1x" + b"\x91" * 5000,
        b"\x83\xa4type\xa8Digested\xa6sha256\xa1\xff\xa7digests\x80",
        b"\x91" * 5000,
        b"",
    ],
)
def test_a_message_that_is_none_counts_as_the_end_of_the_worker(body: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(len(body).to_bytes(4, "big") + body)
        with pytest.raises(EOFError):
            protocol.receive_answer(ours)
