"""A worker that was taken over and says little or promises much: nobody waits, no memory is taken."""

from __future__ import annotations

import os
import socket
import threading
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator

import pytest

from forensics.cancellation import Cancellation
from forensics.errors import Cancelled
from forensics.limits import MIB, Limits
from forensics.pipeline import pool as pools
from forensics.pipeline import protocol
from forensics.pipeline.pool import Task, WorkerPool

_PROMISE = (500 * MIB).to_bytes(4, "big")


@pytest.fixture
def taken_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerPool]:
    """A pool whose workers promise a long message, then drip a byte every tenth of a second."""
    sends = (
        f"import socket,sys,time\nc=socket.socket(fileno=int(sys.argv[1]))\nc.sendall({_PROMISE!r})\n"
        "while True: c.sendall(b'x'); time.sleep(0.1)\n"
    )
    start = pools.subprocess.Popen

    def dripping(command: list[str], **options: object) -> object:
        return start([command[0], "-P", "-c", sends, command[-1]], **options)

    monkeypatch.setattr(pools.subprocess, "Popen", dripping)
    pool = WorkerPool(1, protocol.Hello(Limits()), Cancellation())
    yield pool
    pool.close()


def _run(pool: WorkerPool) -> list[str]:
    deaths: list[str] = []
    tasks = deque([Task(protocol.AskConfinement())])
    pool.run(tasks, lambda *_: True, lambda _task, how: deaths.append(how))
    return deaths


def test_an_interruption_does_not_wait_for_it(taken_over: WorkerPool) -> None:
    threading.Timer(1.5, taken_over._cancel.cancel).start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        _run(taken_over)
    assert time.monotonic() - begun < 5


def test_the_time_of_the_run_does_not_wait_for_it(taken_over: WorkerPool) -> None:
    taken_over.limit_time(1)
    begun = time.monotonic()
    [how] = _run(taken_over)
    assert "run_seconds" in how
    assert time.monotonic() - begun < 5


def test_a_message_has_one_deadline(taken_over: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_MESSAGE_SECONDS", 1.0)
    begun = time.monotonic()
    [how] = _run(taken_over)
    assert "SIGKILL" in how
    assert time.monotonic() - begun < 10


def test_memory_is_taken_for_bytes_that_came_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(_PROMISE + bytes(1000))
        answers = protocol.Answers(ours)
        tracemalloc.start()
        try:
            assert list(answers.arrived()) == []
            assert tracemalloc.get_traced_memory()[1] < 2 * MIB
        finally:
            tracemalloc.stop()
        assert answers.begun is not None


def test_messages_come_whole_however_they_are_cut() -> None:
    ours, theirs = socket.socketpair()
    packed = os.urandom(3 * MIB)
    with ours, theirs:

        def speak() -> None:
            protocol.send(theirs, protocol.Advanced(1))
            protocol.send(theirs, protocol.Indexed(packed))
            for byte in b"\x00\x00\x00\x15" + protocol._ENCODER.encode(protocol.Advanced(2)):
                theirs.sendall(bytes([byte]))
            theirs.shutdown(socket.SHUT_WR)

        speaker = threading.Thread(target=speak)
        speaker.start()
        answers, heard = protocol.Answers(ours), []
        while len(heard) < 3:
            heard += answers.arrived()
        speaker.join()
    assert heard == [protocol.Advanced(1), protocol.Indexed(packed), protocol.Advanced(2)]
    assert answers.begun is None
