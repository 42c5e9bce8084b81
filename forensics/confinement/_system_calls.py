"""A seccomp filter: what a worker may ask the kernel for.

Sources: seccomp(2), Linux, Documentation/userspace-api/seccomp_filter.rst; the numbers are those of
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. What is refused fails with
EPERM, so that a library which tries takes another way. Calls that came with newer kernels than this list
knows do not exist for a worker (ENOSYS), save a few that computing needs.
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
_SIGNALLED = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the numbers, and the architecture as the filter sees it (AUDIT_ARCH_…)."""

_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # sockets
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # other processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "setpgid": (109, 154),
    "setsid": (112, 157),
    # names in file systems
    "mknod": (133, None),
    "mknodat": (259, 33),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "creat": (85, None),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # what is shared without a name
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "semget": (64, 190),
    "semop": (65, 193),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # the machine
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "ioperm": (173, None),
    "iopl": (172, None),
    "modify_ldt": (154, None),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    # rights, and doors into the kernel
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "setgroups": (116, 159),
    "capset": (126, 91),
    "personality": (135, 92),
    "seccomp": (317, 277),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "io_setup": (206, 0),
    "io_submit": (209, 2),
    "timer_create": (222, 107),
}
"""Refused whatever the arguments: number on x86_64, on aarch64 (None: it has no such call)."""

_COMMON = (436, 439, 441, 444, 445, 446, 449, 453, 454, 455, 456, 462)
"""Of the common numbers, what a worker may use: close_range, faccessat2, epoll_pwait2, Landlock, futexes, and
what memory is guarded with (map_shadow_stack, mseal)."""

_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE, _KILL_CALL, _TGKILL = (56, 220), (62, 129), (234, 131)
_PRLIMIT, _IOCTL, _FCNTL = (302, 261), (16, 29), (72, 25)

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
    for numbers in _REFUSED.values():
        found += _unless(numbers[column], [_refusal(errno.EPERM)])
    found += _unless(_OPEN[column], _no_bits(1, writing))
    found += _unless(_OPENAT[column], _no_bits(2, writing))
    found += _unless(_CLONE[column], _some_bit(0, _CLONE_THREAD))
    found += _unless(_KILL_CALL[column], _one_of(0, (os.getpid(),)))
    found += _unless(_TGKILL[column], _one_of(0, (os.getpid(),)))
    found += _unless(_PRLIMIT[column], _one_of(0, (0, os.getpid())))
    found += _unless(_IOCTL[column], _one_of(1, _TERMINAL_SIZES))
    found += _unless(_FCNTL[column], _none_of(1, _SIGNALLED))
    for number in _COMMON:
        found += _unless(number, [_result(_ALLOW)])
    found += [(_IF_AT_LEAST, 0, 1, _FIRST_COMMON), _refusal(errno.ENOSYS), _result(_ALLOW)]
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


def _none_of(which: int, values: Sequence[int]) -> list[_Instruction]:
    tests = [(_IF_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [_argument(which), *tests, _result(_ALLOW), _refusal(errno.EPERM)]
