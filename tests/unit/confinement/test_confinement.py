"""A confined process gets nothing of what it does not need, and a worker of the pool is one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.cancellation import Cancellation
from forensics.confinement import Confinement, landlock_abi
from forensics.limits import GIB, MIB, Limits
from forensics.pipeline import protocol
from forensics.pipeline.pool import Task, WorkerPool

_FILTERED = os.uname().machine in {"x86_64", "aarch64"}
filtered = pytest.mark.skipif(not _FILTERED, reason="the system calls of this machine are not known")

_TRIES = """
import ctypes, fcntl, os, signal, socket, sys, threading
from pathlib import Path
from forensics.confinement import confine
from forensics.limits import Limits

def socket_of(family, kind):
    socket.socket(family, kind)

def start_process():
    if os.fork() == 0:
        os._exit(0)

outside, allowed = map(Path, sys.argv[1:3])
held = os.open(outside, os.O_RDWR)
parent, libc = os.getppid(), ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

tries = {
    "write": lambda: (outside.parent / "new").write_text("x"),
    "overwrite": lambda: outside.open("r+"),
    "again for writing": lambda: os.open(f"/proc/self/fd/{held}", os.O_RDWR),
    "delete": lambda: outside.unlink(),
    "rename": lambda: outside.rename(outside.parent / "other"),
    "chmod": lambda: outside.chmod(0o777),
    "folder": lambda: (outside.parent / "folder").mkdir(),
    "link": lambda: os.symlink("/", outside.parent / "link"),
    "shadow": lambda: Path("/etc/shadow").read_bytes(),
    "passwd": lambda: Path("/etc/passwd").read_bytes(),
    "memory of another": lambda: Path(f"/proc/{parent}/mem").open("rb"),
    "listing": lambda: os.listdir(outside.parent),
    "internet": lambda: socket_of(socket.AF_INET, socket.SOCK_STREAM),
    "datagrams": lambda: socket_of(socket.AF_INET6, socket.SOCK_DGRAM),
    "local socket": lambda: socket_of(socket.AF_UNIX, socket.SOCK_STREAM),
    "pair": lambda: socket.socketpair(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "process": start_process,
    "signal": lambda: os.kill(parent, 0),
    "trace": lambda: call("ptrace", 16, parent, None, None),
    "name space": lambda: call("unshare", 0x10000000),
    "nameless file": lambda: os.memfd_create("x"),
    "message queue": lambda: call("msgrcv", 0, None, 0, 0, 0),
    "message queue removed": lambda: call("msgctl", 0, 0, None),
    "semaphores removed": lambda: call("semctl", 0, 0, 0),
    "semaphores waited for": lambda: call("semtimedop", 0, None, 0, None),
    "shared memory left": lambda: call("shmdt", None),
    "not to be dumped": lambda: call("prctl", 4, 1, 0, 0, 0),
    "signals of a descriptor": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, parent),
}
print(confine(Limits(), [allowed]).landlock)
for name, attempt in tries.items():
    try:
        attempt()
    except PermissionError:
        print(f"refused {name}")
    except OSError as error:
        print(f"failed {name} {error}")
    else:
        print(f"GIVEN {name}")

os.write(held, b"what was handed over")
thread = threading.Thread(target=print, args=("thread",))
thread.start()
thread.join()
print(allowed.read_text())
import forensics.examine
print("loaded")
os.kill(os.getpid(), signal.SIGUSR1)
"""


def _run_confined(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


@filtered
class TestInAProcessOfItsOwn:
    def test_every_door_is_shut_and_what_was_handed_over_still_works(self, tmp_path: Path) -> None:
        outside, allowed = tmp_path / "outside", tmp_path / "rules.yar"
        outside.write_text("what others own here")
        allowed.write_text("rules to read")
        done = _run_confined(_TRIES, str(outside), str(allowed))
        lines = done.stdout.splitlines()
        by_landlock_alone = {"shadow", "passwd", "listing", "memory of another"}
        tried = {line.split(" ", 1)[1] for line in lines if line.split(" ")[0] in {"refused", "GIVEN"}}
        given = {line.removeprefix("GIVEN ") for line in lines if line.startswith("GIVEN ")}
        assert not [line for line in lines if line.startswith("failed")]
        assert len(tried) == 29
        assert given <= (set() if landlock_abi() else by_landlock_alone)
        assert lines[-3:] == ["thread", "rules to read", "loaded"]
        assert done.returncode == -10, "it may still end itself by a signal"
        assert outside.read_text() == "what was handed over"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "rules.yar"]

    def test_calls_of_the_other_abi_kill(self) -> None:
        done = _run_confined("""
            import ctypes
            from forensics.confinement import confine
            from forensics.limits import Limits
            confine(Limits())
            ctypes.CDLL(None).syscall(0x40000000 + 41, 2, 1, 0)
            print("alive")
        """)
        assert done.returncode == -31  # SIGSYS
        assert "alive" not in done.stdout

    @pytest.mark.skipif(os.uname().machine != "x86_64", reason="no other interface is known to be there")
    def test_calls_of_the_32_bit_interface_kill(self) -> None:
        done = _run_confined("""
            import ctypes, mmap
            from forensics.confinement import confine
            from forensics.limits import Limits
            code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            code.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # mov eax, 20 (getpid); int 0x80; ret
            getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
            confine(Limits())
            print("confined", flush=True)
            getpid()
            print("alive", flush=True)
        """)
        assert done.stdout == "confined\n", done.stderr
        assert done.returncode in {-31, -11}, "SIGSYS, or SIGSEGV from a kernel without that interface"

    def test_what_is_not_known_to_be_needed_is_refused_and_what_is_new_is_not_there(self) -> None:
        """No call is allowed for want of knowing it; nothing but the other interfaces kills."""
        done = _run_confined("""
            import ctypes, errno
            from forensics.confinement import confine, _system_calls
            from forensics.limits import Limits
            column, _ = _system_calls._MACHINES[_system_calls.platform.machine()]
            special = [value for name, value in vars(_system_calls).items() if isinstance(value, tuple)
                       and name in {"_OPEN", "_OPENAT", "_CLONE", "_KILL_CALL", "_TGKILL", "_PRLIMIT",
                                    "_IOCTL", "_FCNTL", "_PRCTL"}]
            held = {each[column] for each in (*_system_calls._ALLOWED.values(), *special)}
            libc = ctypes.CDLL(None, use_errno=True)
            confine(Limits())
            probes = {335, 336}  # of the kernel's own trampolines: others get SIGILL before any filter
            for number in set(range(600)) - held - set(_system_calls._COMMON) - probes:
                ctypes.set_errno(0)
                # Arguments that no call accepts: one that is let through fails otherwise, and does nothing.
                result = libc.syscall(number, *[ctypes.c_long(-1)] * 6)
                wanted = errno.EPERM if number < 424 else errno.ENOSYS
                assert (result, ctypes.get_errno()) == (-1, wanted), (number, result, ctypes.get_errno())
            print(len(held))
        """)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 80

    def test_memory_is_bounded_and_maps_of_layers_do_not_count(self, tmp_path: Path) -> None:
        vast = tmp_path / "layer"
        with vast.open("wb") as file:
            file.truncate(8 * GIB)
        done = _run_confined(
            """
            import mmap, os, sys
            from forensics.confinement import confine
            from forensics.limits import MIB, Limits
            layer = os.open(sys.argv[1], os.O_RDONLY)
            confine(Limits(worker_bytes=256 * MIB))
            mapped = mmap.mmap(layer, 0, mmap.MAP_SHARED, mmap.PROT_READ)
            print(len(mapped))
            try:
                bytearray(512 * MIB)
            except MemoryError:
                print("no memory")
            """,
            str(vast),
        )
        assert done.stdout.split("\n")[:2] == [str(8 * GIB), "no memory"]


class TestWithoutMeans:
    def test_what_the_kernel_lacks_is_missing_in_the_answer_and_nothing_fails(self) -> None:
        done = _run_confined("""
            from forensics import confinement
            from forensics.confinement import _landlock, _system_calls
            from forensics.limits import Limits
            _landlock._abi = lambda libc: 0
            _system_calls._MACHINES.clear()
            found = confinement.confine(Limits())
            print(found.landlock, found.system_calls, found.no_new_privileges)
            open("/etc/passwd").close()
        """)
        assert done.stdout.split() == ["0", "False", "True"], done.stderr
        assert done.returncode == 0


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    limits = Limits(worker_bytes=2 * GIB, layer_bytes=3 * GIB, image_bytes=5 * GIB, run_seconds=100)
    pool = WorkerPool(1, protocol.Hello(limits), Cancellation())
    yield pool
    pool.close()


def _asked(pool: WorkerPool) -> Confinement:
    answers: list[protocol.Answer] = []
    tasks = deque([Task(protocol.AskConfinement())])
    pool.run(tasks, lambda _task, answer: answers.append(answer) is None, lambda _task, how: pytest.fail(how))
    [answer] = answers
    assert isinstance(answer, protocol.Confined)
    return answer.confinement


class TestAWorkerOfThePool:
    @filtered
    def test_it_says_what_is_in_force_and_the_kernel_agrees(self, pool: WorkerPool) -> None:
        told = _asked(pool)
        assert told.landlock == landlock_abi()
        assert told.no_new_privileges
        assert told.system_calls
        assert set(told.refused) >= {"write", "network", "programs"}
        assert ("read" in told.refused) == (landlock_abi() > 0)
        [process] = pool._processes
        status = Path(f"/proc/{process.child.pid}/status").read_text()
        assert "NoNewPrivs:\t1\n" in status
        assert "Seccomp:\t2\n" in status

    def test_its_resources_are_bounded(self, pool: WorkerPool) -> None:
        _asked(pool)
        [process] = pool._processes
        text = Path(f"/proc/{process.child.pid}/limits").read_text()
        bounds = {line[:25].strip(): line[25:].split()[:2] for line in text.splitlines()}
        spare = 16 * MIB
        expected = {
            "Max core file size": 0,
            "Max data size": 2 * GIB,
            "Max address space": 10 * GIB + spare,
            "Max file size": 3 * GIB + spare,
            "Max cpu time": 300,
        }
        assert {name: bounds[name] for name in expected} == {
            name: [str(most)] * 2 for name, most in expected.items()
        }

    def test_descriptors_that_it_sends_are_not_taken(self) -> None:
        import socket

        ours, theirs = socket.socketpair()
        before = len([*Path("/proc/self/fd").iterdir()])
        with ours, theirs:
            body = protocol._ENCODER.encode(protocol.Advanced(1))
            socket.send_fds(theirs, [len(body).to_bytes(4, "big") + body], [0] * 8)
            assert protocol.receive_answer(ours) == protocol.Advanced(1)
            assert len([*Path("/proc/self/fd").iterdir()]) == before
