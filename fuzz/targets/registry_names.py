"""Names of images of registries."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.errors import UsageError
from forensics.registry.names import parse_name
from fuzz._target import Target


def run(data: bytes) -> None:
    """A name has a host and a repository, is plain text, and means the same when it is read again."""
    try:
        name = parse_name(data.decode("utf-8", "surrogateescape"))
    except UsageError as error:
        assert error.message.isprintable()
        assert error.hint.isprintable()
        return
    assert name.host
    assert name.repository == name.repository.lower()
    assert name.wanted
    assert str(name).isascii()
    assert str(name).isprintable()
    assert parse_name(str(name)) == name
    for part in name.repository.split("/"):
        assert part.strip(".-_") == part
        assert part


def seeds() -> Iterator[bytes]:
    """Short names, hosts with ports, digests."""
    yield b"alpine"
    yield b"docker.io/library/alpine:3.20"
    yield b"localhost:5000/a/b_c/d-e.f@sha256:" + b"ab" * 32
    yield b"[::1]:5000/x:y@sha512:" + b"cd" * 64
    yield b"//index.docker.io/a--b__c:T_1.x-y"


TARGET = Target(
    id="registry_names", run=run, seeds=seeds, words=(b"@sha256:", b":5000/", b"docker.io/"), longest=600
)
