"""The worker program: `python -P -m forensics.pipeline.worker FD` serves one socket until it closes.

It is confined before it is given any byte of an image (docs/confinement.md), sees those only through
descriptors that it was handed, and answers with records. A file that takes longer than `limits.file_seconds`
ends the process (the alarm's default action also stops C code).
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from forensics.confinement import Confinement, confine, refused
from forensics.errors import ForensicsError
from forensics.layers import index_layer, pack_index
from forensics.limits import MIB, Limits
from forensics.model.facts import FileFacts
from forensics.model.image import Blob
from forensics.model.issues import Issue
from forensics.model.members import WrittenMember
from forensics.parsers.compression import decompress
from forensics.pipeline import protocol

if TYPE_CHECKING:
    from forensics.examine import Examination

_FLUSH_SECONDS = 0.1
_ADVANCE_BYTES = 8 * MIB


class Worker:
    """Answers the requests of one program over one socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._limits = Limits()
        self._confinement = Confinement()
        self._rules: tuple[Path, ...] = ()
        self._layers: dict[int, memoryview] = {}
        self._examination: Examination | None = None

    def serve(self) -> None:
        """Answer until the program closes the socket."""
        while True:
            try:
                request, descriptors = protocol.receive_request(self._channel)
            except EOFError:
                return
            try:
                self._answer(request, descriptors)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)

    def _answer(self, request: protocol.Request, descriptors: list[int]) -> None:
        match request:
            case protocol.Hello():
                self._limits = request.limits
                self._rules = tuple(Path(path) for path in request.rules)
                self._confinement = confine(self._limits, tuple(_files_of(self._rules)))
            case protocol.AttachLayer():
                self._attach(request, descriptors[0])
            case protocol.IndexLayer():
                self._write(self._index, request, descriptors)
            case protocol.Unwrap():
                self._write(self._unwrap, request, descriptors)
            case protocol.ExamineContents():
                self._examine(request.contents)
            case protocol.DigestContent():
                self._digest(request.content)
            case protocol.ReadMember():
                self._read_member(request, descriptors[0])
            case protocol.ListMembers():
                self._list_members(request)
            case protocol.AskConfinement():
                found = msgspec.structs.replace(self._confinement, refused=refused())
                protocol.send(self._channel, protocol.Confined(found))

    def _write(
        self, work: Callable[[Any, list[int]], protocol.Answer], request: Any, descriptors: list[int]
    ) -> None:
        """Do work that writes a file; with the answer that file is closed, which the program insists on."""
        try:
            answer = work(request, descriptors)
        except ForensicsError as error:
            answer = protocol.Failed(error.message, error.hint)
        while descriptors:
            os.close(descriptors.pop())
        protocol.send(self._channel, answer)

    def _unwrap(self, request: protocol.Unwrap, descriptors: list[int]) -> protocol.Answer:
        here = Blob(descriptors[0], request.blob.offset, request.blob.size)
        advance = _Advance(self._channel)
        return protocol.Unwrapped(decompress(here, descriptors[1], limits=self._limits, on_progress=advance))

    def _attach(self, request: protocol.AttachLayer, descriptor: int) -> None:
        start = request.offset - request.offset % mmap.ALLOCATIONGRANULARITY
        lead = request.offset - start
        size = min(request.size, os.fstat(descriptor).st_size - request.offset)
        if size > 0:
            mapped = mmap.mmap(descriptor, lead + size, mmap.MAP_SHARED, mmap.PROT_READ, offset=start)
            self._layers[request.index] = memoryview(mapped)[lead:]
        else:
            self._layers[request.index] = memoryview(b"")

    def _index(self, request: protocol.IndexLayer, descriptors: list[int]) -> protocol.Answer:
        source, spool = request.source, descriptors[-1]
        if source.blob is not None:
            here = Blob(descriptors[0], source.blob.offset, source.blob.size)
            source = msgspec.structs.replace(source, blob=here)
        index = index_layer(source, spool, limits=self._limits, on_progress=_Advance(self._channel))
        return protocol.Indexed(pack_index(index))

    def _examine(self, contents: tuple[protocol.ContentTask, ...]) -> None:
        examination = self._examination or self._prepare()
        facts: list[FileFacts] = []
        flushed = time.monotonic()
        for task in contents:
            content = self._bytes_of(task)
            with _deadline(self._limits.file_seconds):
                learnt = examination.examine(content, task.sha256, frozenset(task.digests))
            facts.append(_complete(learnt, task, len(content)))
            if time.monotonic() - flushed > _FLUSH_SECONDS:
                protocol.send(self._channel, protocol.Examined(tuple(facts), last=False))
                facts, flushed = [], time.monotonic()
        protocol.send(self._channel, protocol.Examined(tuple(facts), last=True))

    def _digest(self, task: protocol.ContentTask) -> None:
        from forensics.examine import digest_facts

        content = self._bytes_of(task)
        digests = dict.fromkeys(task.digests, "")
        if len(content) == task.size:  # a digest of a part would be taken for one of the whole
            with _deadline(self._limits.file_seconds):
                digests = digest_facts(content, task.digests)
        protocol.send(self._channel, protocol.Digested(task.sha256, digests))

    def _read_member(self, request: protocol.ReadMember, spool: int) -> None:
        from forensics.parsers.member_lookup import MemberLookup

        with _deadline(self._limits.file_seconds):
            content = self._bytes_of(request.content)
            found = MemberLookup(self._limits).find(content, request.path, request.outer, request.sha256)
            written = None
            if found is not None:
                rest = found.data
                while rest:
                    rest = rest[os.write(spool, rest) :]
                written = WrittenMember(
                    name=found.name,
                    size=len(found.data),
                    sha256=hashlib.sha256(found.data).hexdigest(),
                    mode=found.mode,
                    mtime=found.mtime,
                    problem=found.problem,
                    lost=found.lost,
                )
        protocol.send(self._channel, protocol.MemberRead(written))

    def _list_members(self, request: protocol.ListMembers) -> None:
        from forensics.parsers.member_lookup import MemberLookup

        with _deadline(self._limits.file_seconds):
            content: memoryview | None = self._bytes_of(request.content)
            lookup = MemberLookup(self._limits)
            if request.path and content is not None:
                found = lookup.find(content, request.path, request.outer)
                content = found.data if found else None
            listing = lookup.listing(content) if content is not None else None
        protocol.send(self._channel, protocol.MembersListed(listing))

    def _prepare(self) -> Examination:
        from forensics.examine import Examination, load_signatures

        self._examination = Examination(load_signatures(self._rules), self._limits)
        return self._examination

    def _bytes_of(self, task: protocol.ContentTask) -> memoryview:
        layer = self._layers[task.layer]
        if not task.segments:
            return layer[task.data_offset : task.data_offset + task.size]
        content = bytearray(min(task.size, self._limits.scan_bytes))
        for segment in task.segments:
            room = len(content) - segment.logical_offset
            if room <= 0:
                continue
            stored = layer[segment.data_offset : segment.data_offset + min(segment.size, room)]
            content[segment.logical_offset : segment.logical_offset + len(stored)] = stored
        return memoryview(content)


def _complete(facts: FileFacts, task: protocol.ContentTask, held: int) -> FileFacts:
    """The facts, with what the worker was not given of the content said as lost."""
    missing = task.size - held
    if not missing:
        return facts
    code = "limit" if task.segments else "truncated"
    message = f"only {held} of {task.size} bytes could be examined"
    issue = Issue(stage="examine", code=code, subject=task.sha256, message=message, lost_bytes=missing)
    return msgspec.structs.replace(
        facts, size=task.size, issues=(*facts.issues, issue), lost_bytes=facts.lost_bytes + missing
    )


def _files_of(rules: tuple[Path, ...]) -> Iterator[Path]:
    """What must stay readable so that the rules can be: also what links among them lead to."""
    for path in rules:
        yield path
        if path.is_dir():
            yield from (below.resolve() for below in path.rglob("*") if below.is_symlink())


class _Advance:
    """Tells the program how far a layer is, every few MiB."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        if done - self._told >= _ADVANCE_BYTES or done == total:
            self._told = done
            protocol.send(self._channel, protocol.Advanced(done))


@contextlib.contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Serve the socket whose descriptor is the only argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with socket.socket(fileno=int(sys.argv[1])) as channel, contextlib.suppress(BrokenPipeError):
        try:
            Worker(channel).serve()
        except MemoryError:
            sys.exit(protocol.OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
