"""A seccomp filter: what a worker may ask the kernel for.

Sources: seccomp(2), Linux, Documentation/userspace-api/seccomp_filter.rst; the numbers are those of
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. What is not in the list of what
Python, its libraries and the decoders need fails with EPERM, and what came with newer kernels with ENOSYS as
on an old one: a library that tries takes another way. Only calls of another architecture's interface kill.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence

_SET_SECCOMP, _FILTER = 22, 2
_KILL, _ALLOW, _ERROR = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_FIRST_OF_X32 = 0x40000000
_FIRST_COMMON = 424
"""From here on the numbers are the same on every architecture."""
_CLONE_THREAD = 0x10000
_TERMINAL_SIZES = (0x5401, 0x5450, 0x5451, 0x5421)  # TCGETS, FIONCLEX, FIOCLEX, FIONBIO
_OF_DESCRIPTORS = (0, 1, 2, 3, 4, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC
_NAMES = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: of threads and of memory

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the numbers, and the architecture as the filter sees it (AUDIT_ARCH_…)."""

_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # descriptors that are open
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "lseek": (8, 62),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "fadvise64": (221, 223),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "eventfd2": (290, 19),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "shutdown": (48, 210),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "setsockopt": (54, 208),
    "getsockopt": (55, 209),
    # what files are, for those that may be read
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents": (78, None),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    # memory
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "msync": (26, 227),
    "mincore": (27, 232),
    "madvise": (28, 233),
    "mlock": (149, 228),
    "munlock": (150, 229),
    "brk": (12, 214),
    # threads, and this process itself
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "arch_prctl": (158, None),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "getcpu": (309, 168),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getpgrp": (111, None),
    "getpgid": (121, 155),
    "getsid": (124, 156),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # signals and time
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "pause": (34, None),
    "alarm": (37, None),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrandom": (318, 278),
}
"""Allowed whatever the arguments: number on x86_64, on aarch64 (None: it has no such call)."""

_COMMON = (436, 439, 441, 444, 445, 446, 449, 453, 454, 455, 456, 462)
"""Of the common numbers, what a worker may use: close_range, faccessat2, epoll_pwait2, Landlock, futexes, and
what memory is guarded with (map_shadow_stack, mseal)."""

_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE, _KILL_CALL, _TGKILL = (56, 220), (62, 129), (234, 131)
_PRLIMIT, _IOCTL, _FCNTL, _PRCTL = (302, 261), (16, 29), (72, 25), (157, 167)

_Instruction = tuple[int, int, int, int]


def restrict(libc: ctypes.CDLL) -> bool:
    """Install the filter in this thread and all that it starts; whether the kernel took it.

    False on machines whose numbers are not known here. Needs no-new-privileges.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.byteorder != "little" or sys.maxsize < 1 << 32:
        return False
    program = b"".join(struct.pack("=HBBI", *each) for each in _program(*machine))
    held = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, described, 0, 0) == 0)


def _program(column: int, architecture: int) -> list[_Instruction]:
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    found: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        _result(_KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _FIRST_OF_X32),
        _result(_KILL),
    ]
    for numbers in _ALLOWED.values():
        found += _unless(numbers[column], [_result(_ALLOW)])
    for number in _COMMON:
        found += _unless(number, [_result(_ALLOW)])
    found += _unless(_OPEN[column], _no_bits(1, writing))
    found += _unless(_OPENAT[column], _no_bits(2, writing))
    found += _unless(_CLONE[column], _some_bit(0, _CLONE_THREAD))
    found += _unless(_KILL_CALL[column], _one_of(0, (os.getpid(),)))
    found += _unless(_TGKILL[column], _one_of(0, (os.getpid(),)))
    found += _unless(_PRLIMIT[column], _one_of(0, (0, os.getpid())))
    found += _unless(_IOCTL[column], _one_of(1, _TERMINAL_SIZES))
    found += _unless(_FCNTL[column], _one_of(1, _OF_DESCRIPTORS))
    found += _unless(_PRCTL[column], _one_of(0, _NAMES))
    found += [(_IF_AT_LEAST, 0, 1, _FIRST_COMMON), _refusal(errno.ENOSYS), _refusal(errno.EPERM)]
    return found


def _result(value: int) -> _Instruction:
    return (_RETURN, 0, 0, value)


def _refusal(code: int) -> _Instruction:
    return _result(_ERROR | code)


def _unless(number: int | None, then: list[_Instruction]) -> list[_Instruction]:
    """For the call of this number `then`, which must return; the others go on behind it."""
    return [] if number is None else [(_IF_EQUAL, 0, len(then), number), *then]


def _argument(which: int) -> _Instruction:
    """The lower half of an argument: flags, commands and process ids need no more."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * which)


def _no_bits(which: int, bits: int) -> list[_Instruction]:
    return [_argument(which), (_IF_ANY_BIT, 0, 1, bits), _refusal(errno.EPERM), _result(_ALLOW)]


def _some_bit(which: int, bits: int) -> list[_Instruction]:
    return [_argument(which), (_IF_ANY_BIT, 1, 0, bits), _refusal(errno.EPERM), _result(_ALLOW)]


def _one_of(which: int, values: Sequence[int]) -> list[_Instruction]:
    tests = [(_IF_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [_argument(which), *tests, _refusal(errno.EPERM), _result(_ALLOW)]
