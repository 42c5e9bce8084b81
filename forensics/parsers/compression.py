"""Decompresses layers and archives as a stream: gzip, zstd, xz and bzip2, told apart by their bytes.

Sources: RFC 1952 (gzip), RFC 8878 (Zstandard), the .xz file format 1.2, the bzip2 format. What a damaged
stream gave before the damage is kept, and the compressed bytes behind it are counted as lost. The input is
read with `pread` and never mapped: it may shrink or vanish while it is read.
"""

from __future__ import annotations

import errno
import lzma
import os
from collections.abc import Callable
from typing import Any

import msgspec
import zstandard
from isal import igzip_lib

from forensics.cancellation import Cancellation
from forensics.errors import ForensicsError
from forensics.limits import DEFAULT, KIB, MIB, Limits
from forensics.model.image import Blob
from forensics.parsers._decoders import new_decoder
from forensics.parsers._gzip_header import HEAD, SHORT_NOTE, notes_in_header
from forensics.parsers._zstd_frames import HEADER, SKIPPABLE, ChunkIndex, is_frame_size
from forensics.parsers.hashing import HashingThread
from forensics.printable import printable

__all__ = ["SHORT_NOTE", "Decompressed", "HiddenRun", "Progress", "decompress", "detect_compression"]

Progress = Callable[[int, int], None]

_PIECE = MIB
_SLICE = 256 * KIB
_FIRST_SLICE = 2 * KIB
"""What a stream is given first, doubled each time: a million tiny streams cost no million large slices."""
_SALVAGE_STEPS = (4 * KIB, 64, 1)
_HEAD = 6
_MOST_RUNS = 65_536
_DAMAGE: Any = (igzip_lib.IsalError, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)


class HiddenRun(msgspec.Struct, frozen=True):
    """`size` compressed bytes from `offset` on that give no output and are not padding.

    Kinds: `behind-compression` (what follows the last stream), `compression-header` (names and notes in
    headers of gzip streams, skippable frames of zstd: long ones, and short ones that are many), `chunk-index`
    (the frames that the footer of a zstd:chunked layer names, which container runtimes read), `damaged` (the
    compressed bytes from where they are damaged).
    """

    kind: str
    offset: int
    size: int


class Decompressed(msgspec.Struct, frozen=True, kw_only=True):
    """What came out. Sizes in bytes; digests `sha256:…` over all of the input and all of the output.

    `consumed` compressed bytes were decoded. `code` is empty when that was all of it, else `truncated`,
    `corrupt`, `limit`, or `trailing-data` when something else follows the last stream; `error` then says so
    in one sentence and `lost` is the number of compressed bytes that gave nothing: at least 1 when the data
    is damaged or ends early, because what is missing cannot be counted. What only follows the last stream is
    not lost but `hidden`; `left_out` counts the hidden bytes of too many runs.
    """

    compression: str
    size: int
    digest: str
    compressed_digest: str
    consumed: int
    code: str = ""
    error: str = ""
    lost: int = 0
    hidden: tuple[HiddenRun, ...] = ()
    left_out: int = 0


def detect_compression(head: bytes) -> str:
    """`gzip`, `zstd`, `xz` or `bzip2` by the first six bytes, empty when it is none of them."""
    if head[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == SKIPPABLE and 0x50 <= head[0] <= 0x5F):
        return "zstd"
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    if head[:3] == b"BZh" and head[3:4].isdigit():
        return "bzip2"
    return ""


class _Source:
    """The compressed bytes, handed out in slices; all of them pass through the digest once."""

    def __init__(
        self, blob: Blob, hashing: HashingThread, cancel: Cancellation | None, progress: Progress | None
    ):
        self._blob = blob
        self._hashing = hashing
        self._cancel = cancel
        self._progress = progress
        self._piece = b""
        self._piece_start = 0
        self._hashed = 0
        self.position = 0
        self.size = blob.size

    def peek(self, length: int) -> bytes:
        """The next `length` bytes, fewer at the end; the position stays."""
        offset = self.position - self._piece_start
        if not 0 <= offset <= len(self._piece) - length:
            self._load()
            offset = 0
        return self._piece[offset : offset + length]

    def take(self, length: int) -> bytes:
        """The next bytes, at least one and at most `length`; none at the end."""
        offset = self.position - self._piece_start
        if not 0 <= offset < len(self._piece):
            self._load()
            offset = 0
        taken = self._piece[offset : offset + length]
        self.position += len(taken)
        return taken

    def read(self, offset: int, length: int) -> bytes:
        """What stands at `offset`, wherever the position is; fewer bytes at the end."""
        length = min(length, self.size - offset)
        try:
            return os.pread(self._blob.fd, length, self._blob.offset + offset) if length > 0 else b""
        except OSError:
            return b""

    def finish(self) -> None:
        """Pass what nobody read through the digest."""
        self.position = self._hashed
        while self.take(_PIECE):
            pass

    def _load(self) -> None:
        if self._cancel is not None:
            self._cancel.check()
        blob = self._blob
        wanted = min(_PIECE, blob.size - self.position)
        try:
            self._piece = os.pread(blob.fd, wanted, blob.offset + self.position) if wanted > 0 else b""
        except OSError:
            self._piece = b""
        self._piece_start = self.position
        end = self.position + len(self._piece)
        if end > self._hashed:
            self._hashing.add(0, self._piece[self._hashed - self.position :])
            self._hashed = end
        if self._progress is not None:
            self._progress(self.position, blob.size)


class _Sink:
    """The output file, its digest and its size, and the limits on it."""

    def __init__(self, out_fd: int, hashing: HashingThread, limits: Limits) -> None:
        self._out_fd = out_fd
        self._hashing = hashing
        self._limits = limits
        self.size = 0

    def write(self, data: bytes, consumed: int) -> str:
        """Store `data`, which `consumed` compressed bytes gave so far; what limit it breaks, else empty."""
        limits = self._limits
        room = limits.layer_bytes - self.size
        _write_all(self._out_fd, data[:room])
        self._hashing.add(1, data[:room])
        self.size += min(len(data), room)
        if len(data) > room:
            return f"more than {limits.layer_bytes} bytes come out (limit layer_bytes)"
        if self.size > limits.ratio_free_bytes and self.size > limits.compression_ratio * max(consumed, 1):
            return f"more than {limits.compression_ratio} bytes come out of one (limit compression_ratio)"
        return ""


def _write_all(out_fd: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(out_fd, view) :]
    except OSError as error:
        hint = "set FORENSICS_TMPDIR to a folder with room for the uncompressed image"
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        what = "no room is left for" if full else f"{error.strerror} while writing"
        raise ForensicsError(f"{what} decompressed data", hint) from error


class _Stop(Exception):
    """Decoding ends early: why, and up to which compressed byte it went."""

    def __init__(self, code: str, message: str, consumed: int) -> None:
        super().__init__(message)
        self.code, self.message, self.consumed = code, message, consumed


class _Decoding:
    """Decodes stream after stream from a source into a sink."""

    def __init__(self, compression: str, source: _Source, sink: _Sink) -> None:
        self._compression = compression
        self._source = source
        self._sink = sink
        self._fruitful = 0
        self._slice = 0
        self._hidden: list[HiddenRun] = []
        self._short: list[HiddenRun] = []
        self._short_size = 0
        self._index: ChunkIndex | None = None
        self.left_out = 0

    def run(self) -> None:
        """Decode everything; raises `_Stop` when that ends early."""
        source = self._source
        while head := source.peek(_HEAD):
            if detect_compression(head) != self._compression:
                self._pass_padding()
                return
            if self._compression == "zstd" and head[1:4] == SKIPPABLE:
                self._skip_frame()
            else:
                self._stream()

    def _stream(self) -> None:
        source, start, before = self._source, self._source.position, self._sink.size
        if self._compression == "gzip":
            for offset, size in notes_in_header(source.peek(HEAD), source.peek):
                self._note(start + offset, size)
        decoder, length = new_decoder(self._compression), _FIRST_SLICE
        while not decoder.eof:
            data = b""
            if decoder.needs_input:
                self._slice = source.position
                data = source.take(length)
                length = min(2 * length, _SLICE)
                if not data:
                    raise _Stop("truncated", "the compressed data ends early", self._fruitful)
            try:
                found = decoder.decompress(data, _SLICE)
            except _DAMAGE as error:
                failed = self._slice
                for step in _SALVAGE_STEPS:
                    failed = self._salvage(start, failed, step, before)
                message = f"the compressed data is damaged: {printable(str(error))}"
                raise _Stop("corrupt", message, failed) from error
            self._keep(found)
        source.position -= len(decoder.unused_data)

    def _salvage(self, start: int, failed: int, step: int, before: int) -> int:
        """Keep more of what a failing call held back; from where on the input fails.

        The stream from `start` is decoded once more, from `failed` on in slices of `step` bytes. `before`
        bytes had come out in front of it.
        """
        source, known, seen = self._source, self._sink.size - before, 0
        decoder, here = new_decoder(self._compression), start
        source.position = start
        while not decoder.eof:
            data = b""
            if decoder.needs_input:
                here = source.position
                data = source.take(step if here >= failed else min(_SLICE, failed - here))
                if not data:
                    break
            try:
                found = decoder.decompress(data, _SLICE)
            except _DAMAGE:
                break
            self._keep(found[max(0, known - seen) :])
            seen += len(found)
        return here

    def _keep(self, data: bytes) -> None:
        if not data:
            return
        self._fruitful = self._source.position
        broken = self._sink.write(data, self._source.position)
        if broken:
            raise _Stop("limit", broken, self._slice)

    def _skip_frame(self) -> None:
        """Pass a skippable frame: a magic number and a length (RFC 8878, section 3.1.2)."""
        source, here = self._source, self._source.position
        length = int.from_bytes(source.peek(HEADER)[4:], "little")
        start = here + HEADER
        end = start + length
        if self._index is None:
            self._index = ChunkIndex(source.read, source.size)
        if self._index.holds(start, length):
            if length > SHORT_NOTE:
                self._hide("chunk-index", start, length)
        elif length > _PIECE - HEADER:
            self._note(start, min(length, source.size - start))
        else:
            content = source.peek(HEADER + length)[HEADER:]
            if content.strip(b"\0") and not is_frame_size(source.read, content, end, source.size):
                self._note(start, len(content))
        while source.position < end:
            if not source.take(min(_PIECE, end - source.position)):
                raise _Stop("truncated", "the compressed data ends within a skippable frame", here)

    def _note(self, offset: int, size: int) -> None:
        """Take a long note at once; short ones wait until together they have room for a content."""
        run = HiddenRun("compression-header", offset, size)
        if size > SHORT_NOTE:
            self._hide(run.kind, offset, size)
            return
        self._short_size += size
        if len(self._short) < _MOST_RUNS:
            self._short.append(run)

    def hidden(self) -> tuple[HiddenRun, ...]:
        """What was found, in order; `left_out` counts the rest."""
        if self._short_size > SHORT_NOTE:
            self.left_out += self._short_size - sum(run.size for run in self._short)
            for run in self._short:
                self._hide(run.kind, run.offset, run.size)
        self._short, self._short_size = [], 0
        return tuple(sorted(self._hidden, key=lambda run: run.offset))

    def hide_damaged(self, start: int) -> None:
        """Take everything from where the data is damaged, unless nothing but zeros stands there."""
        size = self._source.size - start
        if any(self._source.read(at, _PIECE).strip(b"\0") for at in range(start, start + size, _PIECE)):
            self._hidden.insert(0, HiddenRun("damaged", start, size))

    def _hide(self, kind: str, offset: int, size: int) -> None:
        if size > 0 and len(self._hidden) >= _MOST_RUNS:
            self.left_out += size
        elif size > 0:
            self._hidden.append(HiddenRun(kind, offset, size))

    def _pass_padding(self) -> None:
        """Zeros may follow the last stream; anything else is data that nobody decodes."""
        source, here = self._source, self._source.position
        while data := source.take(_PIECE):
            kept = data.lstrip(b"\0")
            if kept:
                found = source.position - len(kept)
                # First of all: what follows the data is told even where too many notes stand in it.
                self._hidden.insert(0, HiddenRun("behind-compression", found, source.size - found))
                raise _Stop("trailing-data", f"data follows the {self._compression} stream", found)
        source.position = max(here, source.position)


def decompress(
    blob: Blob,
    out_fd: int,
    *,
    limits: Limits = DEFAULT,
    cancel: Cancellation | None = None,
    on_progress: Progress | None = None,
    algorithm: str = "sha256",
) -> Decompressed:
    """Decompress `blob` to where `out_fd` stands, hashing both sides.

    `algorithm` names the digest of the compressed side. `on_progress` gets compressed bytes read and their
    total. Raises Cancelled, and ForensicsError when the output cannot be written or the input is not
    compressed; damage and limits do not raise, see `Decompressed`.
    """
    head = os.pread(blob.fd, min(_HEAD, blob.size), blob.offset)
    compression = detect_compression(head)
    if not compression:
        raise ForensicsError("this is not compressed data", "use it as it is")
    with HashingThread((algorithm, "sha256")) as hashing:
        source = _Source(blob, hashing, cancel, on_progress)
        sink = _Sink(out_fd, hashing, limits)
        code, error, consumed = "", "", blob.size
        decoding = _Decoding(compression, source, sink)
        try:
            decoding.run()
        except _Stop as stop:
            code, error, consumed = stop.code, stop.message, stop.consumed
            if code == "corrupt":
                decoding.hide_damaged(consumed)
        hidden = decoding.hidden()
        source.finish()
        compressed_digest, digest = hashing.digests()
    if on_progress is not None:
        on_progress(blob.size, blob.size)
    lost = 0 if code == "trailing-data" else blob.size - consumed
    return Decompressed(
        compression=compression,
        size=sink.size,
        digest=digest,
        compressed_digest=compressed_digest,
        consumed=consumed,
        code=code,
        error=error,
        lost=max(lost, 1 if code in {"truncated", "corrupt"} else 0),
        hidden=hidden,
        left_out=decoding.left_out,
    )
