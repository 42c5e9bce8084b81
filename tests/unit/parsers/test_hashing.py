"""Digests computed in another thread are those that hashlib computes here."""

from __future__ import annotations

import hashlib
import threading

import pytest

from forensics.parsers.hashing import HashingThread


def test_several_streams_at_once() -> None:
    with HashingThread(("sha256", "sha512", "sha256")) as hashing:
        for number in range(100):
            hashing.add(number % 2, b"%d" % number * 1000)
        hashing.add(2, memoryview(b"view")[1:])
        found = hashing.digests()
    even = b"".join(b"%d" % number * 1000 for number in range(0, 100, 2))
    odd = b"".join(b"%d" % number * 1000 for number in range(1, 100, 2))
    assert found == [
        "sha256:" + hashlib.sha256(even).hexdigest(),
        "sha512:" + hashlib.sha512(odd).hexdigest(),
        "sha256:" + hashlib.sha256(b"iew").hexdigest(),
    ]


def test_nothing_added() -> None:
    with HashingThread(("sha256",)) as hashing:
        assert hashing.digests() == ["sha256:" + hashlib.sha256().hexdigest()]


def test_the_thread_ends_also_when_the_work_fails() -> None:
    def fail() -> None:
        with HashingThread(("sha256",)) as hashing:
            hashing.add(0, b"data")
            raise ZeroDivisionError

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert threading.active_count() == before
