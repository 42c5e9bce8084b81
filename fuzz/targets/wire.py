"""What a worker that hostile bytes took over may send: messages, and a layer's index in one of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import msgspec

from forensics.errors import ParseError
from forensics.layers import ImageView, index_layer, pack_index, unpack_index
from forensics.limits import Limits
from forensics.model.image import LayerSource
from forensics.pipeline import protocol
from fuzz._memory import in_memory
from fuzz._promises import is_absolute
from fuzz._target import Target
from fuzz.targets import tar

_LIMITS = Limits(members=200)


def run(data: bytes) -> None:
    """It is a message or the end of the worker; an index that is taken can be laid over and read."""
    with socket_of(data) as channel:
        message = protocol.receive_answer(channel)
    if isinstance(message, protocol.Indexed):
        with in_memory(bytes(2048)) as blob:
            index = unpack_index(message.index, blob.fd)
            view = ImageView([index], _LIMITS)
            for version in view.all_versions():
                assert is_absolute(version.path), version
                view.read(version, 0, 4096)
                view.resolve(version.path)


def socket_of(data: bytes) -> socket.socket:
    """A socket on whose other side a worker said this and ended."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.setblocking(False)
        theirs.send(data)
    return ours


def _framed(answer: protocol.Answer) -> bytes:
    body = msgspec.msgpack.encode(answer)
    return len(body).to_bytes(4, "big") + body


def seeds() -> Iterator[bytes]:
    """Every answer, sound."""
    for one in list(tar.seeds())[:6]:
        with in_memory(one) as blob, in_memory() as spool:
            index = index_layer(LayerSource(index=0, name="x", blob=blob), spool.fd)
            yield _framed(protocol.Indexed(pack_index(index)))
    yield _framed(protocol.Advanced(7))
    yield _framed(protocol.Digested("0" * 64, {"md5": "0" * 32}))
    yield _framed(protocol.Examined((), last=True))
    yield (5001).to_bytes(4, "big") + b"\x91" * 5001


def reframe(data: bytes, _chance: object) -> bytes:
    """The length in front set right."""
    return max(0, len(data) - 4).to_bytes(4, "big") + data[4:]


TARGET = Target(
    id="wire",
    run=run,
    allowed=(EOFError, ParseError),
    seeds=seeds,
    vary=reframe,
    words=(b"Indexed", b"Examined"),
)
