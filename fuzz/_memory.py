"""Bytes as what the parsers read from: descriptors of files in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from forensics.model.image import Blob


@contextmanager
def in_memory(data: bytes = b"") -> Iterator[Blob]:
    """A blob of `data` in a file of its own."""
    descriptor = os.memfd_create("fuzz", os.MFD_CLOEXEC)
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        yield Blob(descriptor, 0, len(data))
    finally:
        os.close(descriptor)


def content_of(descriptor: int) -> bytes:
    """All bytes of a file."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
