"""Takes away from this process, for good, what work on hostile bytes does not need; docs/confinement.md."""

from __future__ import annotations

import ctypes
import os
import resource
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from forensics.confinement import _landlock, _system_calls
from forensics.confinement._environment import environment_of_worker
from forensics.confinement._folders import program_folders
from forensics.limits import MIB, Limits

__all__ = ["Confinement", "confine", "environment_of_worker", "landlock_abi", "refused"]

_SET_NO_NEW_PRIVILEGES = 38
_SPARE = 16 * MIB
"""What a file may have beyond the largest layer, and a mapping beyond what it maps."""
_THREADS = 3
"""Threads of a worker that may compute at once: CPU seconds pass so much faster than the clock's."""

landlock_abi = _landlock.abi


class Confinement(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force in a process, and what it was `refused` when it tried.

    `landlock` is the ABI of the rules that hold, 0 where the kernel has none; `system_calls` whether a
    filter watches over them.
    """

    landlock: int = 0
    no_new_privileges: bool = False
    system_calls: bool = False
    refused: tuple[str, ...] = ()


def confine(limits: Limits, files: Iterable[Path] = ()) -> Confinement:
    """Confine this process, which must have one thread, and all it will ever start; says what is in force.

    Afterwards it opens only what the program itself consists of and what lies at `files`, to read it; what is
    open already stays as it is. It opens no socket, starts no process, and touches no other one. Never
    raises: what a kernel lacks is missing in the answer.
    """
    _bound(limits)
    libc = ctypes.CDLL(None, use_errno=True)
    privileges = libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    rules = _landlock.restrict(libc, (*program_folders(), *files))
    return Confinement(
        landlock=rules, no_new_privileges=privileges, system_calls=_system_calls.restrict(libc)
    )


def refused() -> tuple[str, ...]:
    """Asks the kernel for what a confined process may not have; the names of what was not given."""
    return tuple(name for name, attempt in _ATTEMPTS.items() if _is_refused(attempt))


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _read() -> None:
    os.close(os.open("/etc/passwd", os.O_RDONLY | os.O_CLOEXEC))


def _write() -> None:
    os.close(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC))


def _connect() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def _start() -> None:
    # Where it is not refused for what it is, it fails because nothing is there.
    os.execv("/forensics-is-not-here", ["-"])  # noqa: S606


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "read": _read,
    "write": _write,
    "network": _connect,
    "programs": _start,
}


def _bound(limits: Limits) -> None:
    """Resource limits, never above those that stand.

    A map of a layer takes address space but no memory, so the address space has room for all layers, and
    the memory of the process's own is bounded apart (RLIMIT_DATA, getrlimit(2)).
    """
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: limits.worker_bytes,
        resource.RLIMIT_AS: limits.worker_bytes + limits.image_bytes + limits.layer_bytes + _SPARE,
        resource.RLIMIT_FSIZE: limits.layer_bytes + _SPARE,
        resource.RLIMIT_CPU: _THREADS * limits.run_seconds,
    }
    for which, most in bounds.items():
        _, hard = resource.getrlimit(which)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (bound, bound))
