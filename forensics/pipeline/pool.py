"""Worker processes: tasks go out, answers come back, and a worker that dies costs one task."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from forensics.cancellation import Cancellation
from forensics.confinement import environment_of_worker
from forensics.limits import Limits
from forensics.pipeline import protocol
from forensics.spool import Seal, Spool

_POLL_SECONDS = 0.05
_SILENCE_SECONDS = 300.0
"""A task without a sign of life for so long is given up."""
_DYING_SECONDS = 2.0
_BY_SIGNAL = "the worker process ended with {}"
KILLED = _BY_SIGNAL.format(signal.SIGKILL.name)
"""How a worker ends that somebody else killed, the kernel in need of memory for example."""
_MESSAGE_SECONDS = 60.0
"""A message that has begun must be complete after so long."""


class WrongAnswer(Exception):
    """A process answered what it was not asked, or did what its text says: it may have been taken over."""


@dataclass(slots=True)
class Task:
    """One request with the descriptors that travel with it; how many of its parts are answered."""

    request: protocol.Request
    descriptors: tuple[int, ...] = ()
    answered: int = 0


@dataclass(slots=True)
class _Process:
    child: subprocess.Popen[bytes]
    channel: socket.socket
    answers: protocol.Answers
    task: Task | None = None
    heard: float = field(default_factory=time.monotonic)


class WorkerPool:
    """Runs tasks in up to `jobs` processes from one thread.

    Processes start when there is work for them and stay until `close()`. `greeting` is sent to every new
    process; `attach()` adds messages that every process, also a later one, must see before its next task.
    """

    def __init__(self, jobs: int, greeting: protocol.Hello, cancel: Cancellation) -> None:
        self.jobs = max(1, jobs)
        self._opening: list[tuple[protocol.Request, tuple[int, ...]]] = [(greeting, ())]
        self._cancel = cancel
        self._processes: list[_Process] = []
        self._selector = selectors.DefaultSelector()
        self._end_of_time: float | None = None
        self._seconds = 0
        self._may_be_held = False

    def beside(self, jobs: int, cancel: Cancellation) -> WorkerPool:
        """Another pool whose processes see what those of this one see, now and later."""
        pool = WorkerPool(jobs, protocol.Hello(Limits()), cancel)
        pool._opening = self._opening
        return pool

    def limit_time(self, seconds: int | None) -> None:
        """From now on work may go on for so long (None: without end); then it is given up as by death."""
        self._seconds = seconds or 0
        self._end_of_time = None if seconds is None else time.monotonic() + seconds

    @property
    def out_of_time(self) -> bool:
        """Whether the time that was given is over."""
        return self._end_of_time is not None and time.monotonic() > self._end_of_time

    def start(self) -> None:
        """Start all processes now, so that their start-up overlaps with other work."""
        while len(self._processes) < self.jobs:
            self._start_one()

    def status_of_kernel(self) -> dict[str, str]:
        """What the kernel says of the first process, by field of `/proc/PID/status`; none without one."""
        if not self._processes:
            return {}
        text = Path(f"/proc/{self._processes[0].child.pid}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def attach(self, message: protocol.AttachLayer, descriptor: int) -> None:
        """Hand a layer to every process."""
        self._opening.append((message, (descriptor,)))
        for process in self._processes:
            with contextlib.suppress(OSError):  # a dead one is noticed at its next task
                protocol.send(process.channel, message, (descriptor,))

    def seal(self, spool: Spool, descriptor: int) -> None:
        """Let nobody write a file any more that a process of the pool has finished.

        Raises WrongAnswer when one still holds it. `let_nobody_write` does it where the kernel tells nothing.
        """
        found = spool.seal(descriptor)
        if found is Seal.HELD:
            raise WrongAnswer("the worker process kept open what it had finished writing")
        self._may_be_held = self._may_be_held or found is Seal.UNKNOWN

    def let_nobody_write(self) -> None:
        """End the processes, all idle, of which it is not known whether they hold what they wrote."""
        if self._may_be_held:
            for process in tuple(self._processes):
                self._end(process)
        self._may_be_held = False

    def begin(self, tasks: deque[Task], on_death: Callable[[Task, str], None]) -> None:
        """Hand out the first of `tasks`, one a process, and return; the next `run` hears the answers.

        What a process sends meanwhile waits in its socket, at the most with the process.
        """
        self._hand_out(tasks, on_death)

    def run(
        self,
        tasks: deque[Task],
        on_answer: Callable[[Task, protocol.Answer], bool],
        on_death: Callable[[Task, str], None],
    ) -> None:
        """Work until `tasks` is empty and every process idle; both callbacks may append to `tasks`.

        `on_answer` returns True when the answer finishes its task, and raises WrongAnswer to have the process
        replaced. `on_death` gets the task that was in the hands of a process that ended, and a phrase that
        says how. Raises Cancelled when asked to stop.
        """
        for process in self._processes:
            process.heard = time.monotonic()
        while tasks or any(process.task for process in self._processes):
            self._cancel.check()
            if self.out_of_time:
                self._give_up(tasks, on_death)
                continue
            self._hand_out(tasks, on_death)
            for ready, _ in self._selector.select(_POLL_SECONDS):
                self._listen(ready.data, on_answer, on_death)
            self._stop_silent()

    def _hand_out(self, tasks: deque[Task], on_death: Callable[[Task, str], None]) -> None:
        while tasks:
            process = next((each for each in self._processes if each.task is None), None)
            if process is None:
                if len(self._processes) >= self.jobs:
                    return
                process = self._start_one()
            task = tasks.popleft()
            process.task, process.heard = task, time.monotonic()
            try:
                protocol.send(process.channel, task.request, task.descriptors)
            except OSError:
                self._bury(process, on_death)

    def _give_up(self, tasks: deque[Task], on_death: Callable[[Task, str], None]) -> None:
        how = f"the {self._seconds} seconds of the whole run were over (limit run_seconds)"
        for process in [each for each in self._processes if each.task]:
            self._end(process)
            if process.task is not None:
                on_death(process.task, how)
        while tasks:
            on_death(tasks.popleft(), how)

    def _listen(
        self,
        process: _Process,
        on_answer: Callable[[Task, protocol.Answer], bool],
        on_death: Callable[[Task, str], None],
    ) -> None:
        answers = process.answers.arrived()
        while process in self._processes:
            try:
                answer = next(answers, None)
            except (EOFError, OSError):
                self._bury(process, on_death)
                return
            if answer is None:
                return
            self._hear(process, answer, on_answer, on_death)

    def _hear(
        self,
        process: _Process,
        answer: protocol.Answer,
        on_answer: Callable[[Task, protocol.Answer], bool],
        on_death: Callable[[Task, str], None],
    ) -> None:
        process.heard = time.monotonic()
        try:
            if process.task and on_answer(process.task, answer):
                process.task = None
        except WrongAnswer as wrong:
            self._end(process)
            if process.task is not None:
                on_death(process.task, str(wrong) or "the worker process answered what it was not asked")

    def _start_one(self) -> _Process:
        ours, theirs = socket.socketpair()
        ours.settimeout(_MESSAGE_SECONDS)  # for what is sent to it
        with theirs:
            child = subprocess.Popen(  # noqa: S603 - our own program with our own argument
                [sys.executable, "-P", "-m", "forensics.pipeline.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment_of_worker(),
                stderr=None if os.environ.get("FORENSICS_DEBUG") else subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        process = _Process(child, ours, protocol.Answers(ours))
        self._processes.append(process)
        self._selector.register(ours, selectors.EVENT_READ, process)
        with contextlib.suppress(OSError):  # one that died at once is noticed at its first task
            for message, descriptors in self._opening:
                protocol.send(ours, message, descriptors)
        return process

    def _bury(self, process: _Process, on_death: Callable[[Task, str], None]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Its socket closes a moment before it is gone; a kill now would hide what it died of.
            process.child.wait(_DYING_SECONDS)
        self._end(process)
        if process.task is not None:
            on_death(process.task, _manner_of_death(process.child.returncode))

    def _stop_silent(self) -> None:
        now = time.monotonic()
        for process in self._processes:
            begun = process.answers.begun
            is_dripping = begun is not None and now - begun > _MESSAGE_SECONDS
            if is_dripping or (process.task and now - process.heard > _SILENCE_SECONDS):
                process.child.kill()

    def _end(self, process: _Process) -> None:
        self._selector.unregister(process.channel)
        self._processes.remove(process)
        process.channel.close()
        process.child.kill()
        process.child.wait()

    def close(self) -> None:
        """End every process, also in the middle of a task."""
        for process in tuple(self._processes):
            self._end(process)
        self._selector.close()


def _manner_of_death(status: int) -> str:
    if status == -signal.SIGALRM:
        return "it took longer than the time limit"
    if status == -signal.SIGXCPU:
        return "it took more processor time than a worker may have"
    if status < 0:
        return _BY_SIGNAL.format(signal.Signals(-status).name)
    if status == protocol.OUT_OF_MEMORY:
        return "it needed more memory than a worker may have (limit worker_bytes)"
    return f"the worker process ended with status {status}"
