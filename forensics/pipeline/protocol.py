"""What the program and its workers say to each other: msgpack records over a Unix socket.

Every message is a four-byte big-endian length and a tagged record. File descriptors travel beside the message
(SCM_RIGHTS). Nothing here can name code: a worker that hostile bytes took over can only send data.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator
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
_PIECE = MIB // 4
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
    if not header:
        raise EOFError
    header += _exactly(channel, _LENGTH.size - len(header))
    return _decoded(_exactly(channel, _length_of(header)), REQUESTS), descriptors


def receive_answer(channel: socket.socket) -> Answer:
    """Wait for the answer of a worker that says no more; raises EOFError like `receive_request`."""
    answers = Answers(channel)
    while True:
        select.select([channel], [], [])
        for answer in answers.arrived():
            return answer


class Answers:
    """What a worker says, put together from what has arrived: whoever reads never waits for it.

    Nobody asked a worker for descriptors, so none are taken: they would fill this process up. Memory is
    taken for bytes that are there, never for those that were promised. `begun` is when the first byte of a
    message came that is not complete, by the monotonic clock; None between messages.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._held = bytearray()
        self.begun: float | None = None

    def arrived(self) -> Iterator[Answer]:
        """The answers that are complete after one look, often none; raises EOFError like the others.

        It takes one piece a call, so that one worker cannot keep the program from the others.
        """
        try:
            piece = self._channel.recv(_PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        if not piece:
            raise EOFError
        if self.begun is None:
            self.begun = time.monotonic()
        self._held += piece
        yield from self._complete()

    def _complete(self) -> Iterator[Answer]:
        while len(self._held) >= _LENGTH.size:
            end = _LENGTH.size + _length_of(self._held)
            if len(self._held) < end:
                return
            body = self._held[_LENGTH.size : end]
            del self._held[:end]
            self.begun = time.monotonic() if self._held else None
            yield _decoded(body, ANSWERS)


def _length_of(header: bytes | bytearray) -> int:
    """How long the message behind this header is; EOFError when none is so long."""
    (length,) = _LENGTH.unpack_from(header)
    if length > _LONGEST:
        raise EOFError
    return int(length)


def _decoded(body: bytearray, decoder: msgspec.msgpack.Decoder[_Message]) -> _Message:
    try:
        return decoder.decode(body)
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
