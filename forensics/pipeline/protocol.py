"""What the program and its workers say to each other: msgpack records over a Unix socket.

Every message is a four-byte big-endian length and a tagged record. File descriptors travel beside the message
(SCM_RIGHTS). Nothing here can name code: a worker that hostile bytes took over can only send data.
"""

from __future__ import annotations

import socket
import struct
from typing import TypeVar

import msgspec

from forensics.limits import MIB, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import Segment
from forensics.model.image import LayerSource

_LENGTH = struct.Struct(">I")
_LONGEST = 512 * MIB
_MOST_DESCRIPTORS = 2
_Message = TypeVar("_Message")


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First message to a worker: the limits, and the folders and files of further signatures."""

    limits: Limits
    rules: tuple[str, ...] = ()


class IndexLayer(msgspec.Struct, frozen=True, tag=True):
    """Verify, decompress and index one layer. Descriptors: the source's file, the spool file."""

    source: LayerSource


class AttachLayer(msgspec.Struct, frozen=True, tag=True):
    """The uncompressed tar of layer `index`, for later contents. Descriptor: its file. No answer."""

    index: int
    offset: int
    size: int


class ContentTask(msgspec.Struct, frozen=True, array_like=True):
    """One distinct content to examine, and the digests that some claim needs beside SHA-256."""

    layer: int
    data_offset: int
    size: int
    sha256: str
    digests: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()


class ExamineContents(msgspec.Struct, frozen=True, tag=True):
    """Examine some contents; answers come in the same order, in one or more `Examined`."""

    contents: tuple[ContentTask, ...]


class DigestContent(msgspec.Struct, frozen=True, tag=True):
    """Compute the digests that `content` names and nothing else; the answer is one `Digested`."""

    content: ContentTask


class Advanced(msgspec.Struct, frozen=True, tag=True):
    """A sign of life: `done` bytes of the task in hand."""

    done: int


class Indexed(msgspec.Struct, frozen=True, tag=True):
    """The packed index of a layer (`forensics.layers.pack_index`)."""

    index: bytes


class Examined(msgspec.Struct, frozen=True, tag=True):
    """Facts of the next contents of the task; `last` says that the task is finished."""

    facts: tuple[FileFacts, ...]
    last: bool


class Digested(msgspec.Struct, frozen=True, tag=True):
    """Hex digests of one content, by algorithm."""

    sha256: str
    digests: dict[str, str]


Request = Hello | IndexLayer | AttachLayer | ExamineContents | DigestContent
Answer = Advanced | Indexed | Examined | Digested

_ENCODER = msgspec.msgpack.Encoder()
REQUESTS: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def send(channel: socket.socket, message: Request | Answer, descriptors: tuple[int, ...] = ()) -> None:
    """Write one message; OSError when the other side is gone."""
    body = _ENCODER.encode(message)
    header = _LENGTH.pack(len(body))
    if descriptors:
        socket.send_fds(channel, [header], list(descriptors))
    else:
        channel.sendall(header)
    channel.sendall(body)


def receive(channel: socket.socket, decoder: msgspec.msgpack.Decoder[_Message]) -> tuple[_Message, list[int]]:
    """Read one message and the descriptors that came with it.

    Raises EOFError when the other side is gone or sends what is not a message.
    """
    header, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, _MOST_DESCRIPTORS)
    header += _exactly(channel, _LENGTH.size - len(header)) if header else b""
    if not header:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    if length > _LONGEST:
        raise EOFError
    try:
        return decoder.decode(_exactly(channel, length)), descriptors
    except msgspec.DecodeError as error:
        raise EOFError from error


def _exactly(channel: socket.socket, length: int) -> bytearray:
    received = bytearray(length)
    window = memoryview(received)
    while window:
        count = channel.recv_into(window)
        if not count:
            raise EOFError
        window = window[count:]
    return received
