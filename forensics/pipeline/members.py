"""Members of archives inside the image, listed and read by a worker when somebody asks for them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from msgspec.structs import replace

from forensics.cancellation import Cancellation
from forensics.errors import ForensicsError
from forensics.layers import ImageView
from forensics.model.files import Content, FileVersion
from forensics.model.image import Blob
from forensics.model.members import MemberListing
from forensics.parsers.member_names import SEPARATOR
from forensics.pipeline import protocol
from forensics.pipeline.pool import Task, WorkerPool, WrongAnswer
from forensics.printable import printable
from forensics.spool import Spool

_MOST_KEPT = 256
"""Members held open at a time, two files each."""


class MemberReader:
    """Asks a process of its own, so that it can be asked from any thread, also during an analysis.

    `inner` is a name within the archive, `a.jar!/b.class` for what lies deeper, as text with surrogates.
    """

    def __init__(self, pool: Callable[[Cancellation], WorkerPool], view: ImageView, spool: Spool) -> None:
        self._start = pool
        self._cancel = Cancellation()
        self._pool: WorkerPool | None = None
        self._view = view
        self._spool = spool
        self._lock = threading.Lock()
        self._known: dict[tuple[tuple[int, int], str, str], tuple[FileVersion, str]] = {}

    def read(self, outer: FileVersion, inner: str, sha256: str = "") -> tuple[FileVersion, str]:
        """The member as a version that the view can read, and what is wrong with it (empty: nothing).

        With `sha256` the one of several of this name that has it. It has the layer, the state and the key of
        its outer file. Raises ForensicsError when there is no such member or the worker died of it.
        """
        if not inner:
            hint = f"forensics ls IMAGE '{printable(outer.path)}{SEPARATOR}' lists what there is"
            raise ForensicsError(f"no member of {printable(outer.path)} is named", hint)
        with self._lock:
            place = (outer.key, inner, sha256)
            if place not in self._known:
                if len(self._known) >= _MOST_KEPT:
                    raise ForensicsError(
                        f"{_MOST_KEPT} members were looked at already, and each is held open",
                        "close the image and open it again",
                    )
                self._known[place] = self._read(outer, inner, sha256)
            return self._known[place]

    def listing(self, outer: FileVersion, inner: str = "") -> MemberListing:
        """The members of a file, or of the archive `inner` in it; ForensicsError when it is no archive."""
        with self._lock:
            answer = self._ask(protocol.ListMembers(_task(outer), _bytes(inner), _bytes(outer.path)), ())
        if not isinstance(answer, protocol.MembersListed) or answer.listing is None:
            name = outer.path + (SEPARATOR + inner if inner else "")
            raise ForensicsError(
                f"{printable(name)} is no archive that can be opened", "forensics cat shows its bytes"
            )
        return answer.listing

    def _read(self, outer: FileVersion, inner: str, sha256: str) -> tuple[FileVersion, str]:
        spool = self._spool.new_file()
        request = protocol.ReadMember(_task(outer), _bytes(inner), _bytes(outer.path), sha256)
        answer = self._ask(request, (spool,))
        if not isinstance(answer, protocol.MemberRead) or answer.member is None:
            raise ForensicsError(
                f"there is no {printable(inner)} in {printable(outer.path)}",
                f"forensics ls IMAGE '{printable(outer.path)}{SEPARATOR}' lists what there is",
            )
        found = answer.member
        name = found.name.decode("utf-8", "surrogateescape")
        layer = self._view.adopt(Blob(self._spool.to_read(spool), 0, found.size))
        mode = outer.entry.mode if found.mode is None else found.mode & 0o7777
        version = replace(
            outer,
            path=f"{outer.path}{SEPARATOR}{name}",
            entry=replace(outer.entry, size=found.size, mode=mode, mtime=found.mtime or outer.entry.mtime),
            content=Content(layer, 0, found.size, (), found.sha256),
        )
        problem = f"{found.problem}: at least {found.lost} bytes are missing" if found.problem else ""
        return version, printable(problem)

    def _ask(self, request: protocol.Request, descriptors: tuple[int, ...]) -> protocol.Answer:
        answers: list[protocol.Answer] = []
        deaths: list[str] = []

        def heard(_task: Task, answer: protocol.Answer) -> bool:
            if not isinstance(answer, (protocol.MemberRead, protocol.MembersListed)):
                raise WrongAnswer
            answers.append(answer)
            return True

        if self._pool is None:
            self._pool = self._start(self._cancel)
        tasks = deque([Task(request, descriptors)])
        self._pool.run(tasks, heard, lambda _task, how: deaths.append(how))
        if deaths:
            raise ForensicsError(f"the archive could not be opened: {deaths[0]}", "its own bytes can be read")
        return answers[0]

    def close(self) -> None:
        """End the process, also while somebody waits for it."""
        self._cancel.cancel()
        if self._pool is not None:
            self._pool.close()


def _task(outer: FileVersion) -> protocol.ContentTask:
    content = outer.content
    if content is None:
        raise ForensicsError(f"{printable(outer.path)} has no content", "name a file")
    return protocol.ContentTask(
        content.layer, content.data_offset, content.size, content.sha256, (), content.segments
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
