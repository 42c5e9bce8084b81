"""A compressed archive is decompressed by a worker: its bytes are as hostile as those of a layer."""

from __future__ import annotations

import os
from collections import deque

from forensics.errors import ForensicsError
from forensics.model.image import Blob
from forensics.parsers.compression import Decompressed, Progress
from forensics.pipeline import protocol
from forensics.pipeline.pool import Task, WorkerPool, WrongAnswer
from forensics.spool import Spool


def unwrap(
    pool: WorkerPool, spool: Spool, blob: Blob, target: int, on_progress: Progress | None
) -> Decompressed:
    """Decompress `blob` into `target`, an empty file of the spool, which is sealed then.

    Raises Cancelled, and ForensicsError when the output cannot be written or two workers died of it.
    """
    return _Unwrapping(pool, spool, blob, target, on_progress).run()


class _Unwrapping:
    def __init__(
        self, pool: WorkerPool, spool: Spool, blob: Blob, target: int, on_progress: Progress | None
    ) -> None:
        self._pool = pool
        self._spool = spool
        self._blob = blob
        self._target = target
        self._on_progress = on_progress
        self._tasks = deque([self._task()])
        self._tried = False
        self._result: Decompressed | None = None
        self._failure: ForensicsError | None = None

    def run(self) -> Decompressed:
        self._pool.run(self._tasks, self._answered, self._died)
        self._pool.let_nobody_write()
        if self._result is None:
            raise self._failure or ForensicsError("the archive was not decompressed")
        return self._result

    def _task(self) -> Task:
        return Task(protocol.Unwrap(self._blob), (self._blob.fd, self._target))

    def _answered(self, task: Task, answer: protocol.Answer) -> bool:  # noqa: ARG002 - the pool's signature
        match answer:
            case protocol.Advanced(done):
                if self._on_progress is not None:
                    self._on_progress(min(done, self._blob.size), self._blob.size)
                return False
            case protocol.Unwrapped(result):
                if result.size != os.fstat(self._target).st_size:
                    raise WrongAnswer
                self._pool.seal(self._spool, self._target)
                self._result = result
            case protocol.Failed(message, hint):
                self._failure = ForensicsError(message, hint)
            case _:
                raise WrongAnswer
        return True

    def _died(self, task: Task, how: str) -> None:  # noqa: ARG002 - the pool's signature
        if self._tried:
            hint = "decompress it with another program first"
            self._failure = ForensicsError(f"the archive could not be decompressed: {how}", hint)
            return
        self._tried = True
        os.ftruncate(self._target, 0)
        os.lseek(self._target, 0, os.SEEK_SET)
        self._tasks.append(self._task())
