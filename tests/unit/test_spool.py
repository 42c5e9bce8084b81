"""A sealed file of the spool cannot be written by whoever got it to read, and who still writes is seen."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from forensics.spool import Seal, Spool


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool() as spool:
        yield spool


def test_a_sealed_file_keeps_its_number_and_bytes_and_cannot_be_written(spool: Spool) -> None:
    descriptor = spool.new_file()
    os.write(descriptor, b"evidence")
    assert spool.seal(descriptor) is Seal.SEALED
    assert os.pread(descriptor, 100, 0) == b"evidence"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(descriptor, b"x")
    with pytest.raises(OSError, match="Invalid argument"):
        os.ftruncate(descriptor, 0)
    assert not os.get_inheritable(descriptor)
    assert spool.seal(descriptor) is Seal.SEALED


def test_a_file_that_somebody_holds_for_writing_is_not_sealed(spool: Spool) -> None:
    descriptor = spool.new_file()
    held = os.dup(descriptor)
    assert spool.seal(descriptor) is Seal.HELD
    os.close(held)
    assert os.write(descriptor, b"again") == 5
    assert spool.seal(descriptor) is Seal.SEALED


def test_one_that_lets_go_in_a_moment_is_waited_for(spool: Spool) -> None:
    descriptor = spool.new_file()
    held = os.dup(descriptor)
    threading.Timer(0.02, os.close, (held,)).start()
    assert spool.seal(descriptor) is Seal.SEALED


def test_what_was_emptied_takes_no_room(spool: Spool) -> None:
    descriptor = spool.new_file()
    os.write(descriptor, b"x" * 100_000)
    other = spool.to_read(descriptor)
    spool.seal(descriptor)
    spool.empty(descriptor)
    assert os.read(descriptor, 10) == b""
    assert os.fstat(other).st_nlink == 0
