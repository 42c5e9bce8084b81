"""What a server asks for in `WWW-Authenticate`."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.registry.challenges import parse_challenges
from fuzz._target import Target


def run(data: bytes) -> None:
    """A bounded number of challenges, schemes and names in small letters."""
    headers = [line.decode("latin-1") for line in data.split(b"\n")]
    found = parse_challenges(headers)
    assert found == parse_challenges(headers)
    assert len(found) <= 16
    for challenge in found:
        assert challenge.scheme == challenge.scheme.lower() != ""
        for name, value in challenge.parameters.items():
            assert name == name.lower() != ""
            assert len(value) <= len(data)


def seeds() -> Iterator[bytes]:
    """Bearer, Basic, several in one header, quotes and escapes."""
    yield b'Bearer realm="https://a.invalid/token",service="a",scope="repository:x:pull"'
    yield b'Basic realm="a \\"b\\"", Bearer realm=x\nNegotiate abc=='
    yield b"Digest a=b,,c = d , Basic"
    yield b'Bearer realm="' + b"\\" * 500


TARGET = Target(
    id="challenges", run=run, seeds=seeds, words=(b"Bearer ", b"Basic ", b'realm="', b"scope="), longest=4096
)
