"""The one exit for text that came from an image."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from forensics.printable import exact_base64, printable, told_apart
from fuzz._target import Target


def run(data: bytes) -> None:
    """Nothing a terminal would obey passes, and the exact bytes are not lost."""
    text = data.decode("utf-8", "surrogateescape")
    shown = printable(data)
    assert shown == printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    assert told_apart(text).isprintable()
    exact = exact_base64(text)
    if exact is None:
        assert shown == text
    else:
        assert base64.b64decode(exact) == data


def seeds() -> Iterator[bytes]:
    """Controls, marks that turn the direction, letters composed apart, what is not UTF-8."""
    yield "a\x1b[2J\x9b\u202e\u200b\u0301e\u0301 / a /\uac00\u1160\U000e0001".encode()
    yield b"\xff\xed\xa0\x80\xc3 / "


TARGET = Target(id="printable", run=run, seeds=seeds, longest=2048)
