"""Landlock: which files a process may open, decided by itself and for good.

Source: Linux, Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many access rights to files there are from this ABI on, each a bit from the lowest."""
_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def abi() -> int:
    """The ABI that the kernel offers, 0 where it has no Landlock or does not let this process use it."""
    return _abi(ctypes.CDLL(None, use_errno=True))


def _abi(libc: ctypes.CDLL) -> int:
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def restrict(libc: ctypes.CDLL, readable: Iterable[Path]) -> int:
    """Let this thread, and those that it starts, open only what lies at `readable`, only to read it.

    The ABI in force; 0 when nothing could be restricted. Needs no-new-privileges.
    """
    version = _abi(libc)
    if not version:
        return 0
    ruleset = int(libc.syscall(_CREATE_RULESET, *_attributes(version), 0))
    if ruleset < 0:
        return 0
    try:
        for path in readable:
            with contextlib.suppress(OSError):  # what is not there need not be read
                _allow(libc, ruleset, path)
        done = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)
    return version if done else 0


def _attributes(version: int) -> tuple[bytes, ctypes.c_size_t]:
    """`struct landlock_ruleset_attr`, as long as this version of it is."""
    bits = max(count for since, count in _RIGHTS.items() if since <= version)
    fields = [(1 << bits) - 1]
    if version >= 4:
        fields.append(_TCP)
    if version >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    packed = struct.pack(f"={len(fields)}Q", *fields)
    return packed, ctypes.c_size_t(len(packed))


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights |= _READ_FOLDER
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)
