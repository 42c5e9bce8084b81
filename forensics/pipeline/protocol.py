"""What the program and its workers say to each other: msgpack records over a Unix socket.

Every message is a four-byte big-endian length and a tagged record. File descriptors travel beside the message
(SCM_RIGHTS). Nothing here can name code: a worker that hostile bytes took over can only send data.
"""

from __future__ import annotations

import socket
import struct
from typing import TypeVar

import msgspec

from forensics.confinement import Confinement
from forensics.limits import MIB, Limits
from forensics.model.facts import FileFacts
from forensics.model.files import Segment
from forensics.model.image import Blob, LayerSource
from forensics.model.members import MemberListing, WrittenMember
from forensics.parsers.compression import Decompressed

_LENGTH = struct.Struct(">I")
_LONGEST = 512 * MIB
OUT_OF_MEMORY = 12
"""The exit status of a worker that needed more memory than `limits.worker_bytes`."""
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


class Unwrap(msgspec.Struct, frozen=True, tag=True):
    """Decompress an archive. Descriptors: its file, the spool file; the answer is `Unwrapped` or `Failed`."""

    blob: Blob


class AskConfinement(msgspec.Struct, frozen=True, tag=True):
    """Say what is in force in the process; the answer is one `Confined`."""


class ReadMember(msgspec.Struct, frozen=True, tag=True):
    """Write a member of the archive `content` out. Descriptor: the spool file; one `MemberRead` answers.

    `path` is its inner name (`a.jar!/b`), `outer` the path of the file; with `sha256` the one that has it.
    """

    content: ContentTask
    path: bytes
    outer: bytes
    sha256: str = ""


class ListMembers(msgspec.Struct, frozen=True, tag=True):
    """List the members of the archive `content`, or of the one called `path` in it: `MembersListed`."""

    content: ContentTask
    path: bytes
    outer: bytes


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


class Unwrapped(msgspec.Struct, frozen=True, tag=True):
    """What came out of an archive."""

    result: Decompressed


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The task could not be done, through no fault of the bytes: a full disk, say."""

    message: str
    hint: str


class Confined(msgspec.Struct, frozen=True, tag=True):
    """What is in force in the process, tried out."""

    confinement: Confinement


class MemberRead(msgspec.Struct, frozen=True, tag=True):
    """The member that was written out; None when there is none of that name."""

    member: WrittenMember | None


class MembersListed(msgspec.Struct, frozen=True, tag=True):
    """The members; None when the content is no archive."""

    listing: MemberListing | None


Request = (
    Hello
    | IndexLayer
    | AttachLayer
    | ExamineContents
    | DigestContent
    | Unwrap
    | AskConfinement
    | ReadMember
    | ListMembers
)
Answer = Advanced | Indexed | Examined | Digested | Unwrapped | Failed | Confined | MemberRead | MembersListed

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


def receive_request(channel: socket.socket) -> tuple[Request, list[int]]:
    """Read one request and the descriptors that came with it.

    Raises EOFError when the other side is gone or sends what is not a message.
    """
    header, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, _MOST_DESCRIPTORS)
    return _rest(channel, header, REQUESTS), descriptors


def receive_answer(channel: socket.socket) -> Answer:
    """Read one answer; raises EOFError like `receive_request`.

    Nobody asked a worker for descriptors, so none are taken: they would fill this process up.
    """
    return _rest(channel, channel.recv(_LENGTH.size), ANSWERS)


def _rest(channel: socket.socket, header: bytes, decoder: msgspec.msgpack.Decoder[_Message]) -> _Message:
    """The message of which `header` is what has arrived of its length, at least one byte of a message."""
    header += _exactly(channel, _LENGTH.size - len(header)) if header else b""
    if not header:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    if length > _LONGEST:
        raise EOFError
    try:
        return decoder.decode(_exactly(channel, length))
    except (ValueError, RecursionError) as error:  # no such record, no UTF-8, or nested without end
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
