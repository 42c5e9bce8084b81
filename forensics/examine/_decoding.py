"""Undoes the encodings that one-liners hide behind: base64, hexadecimal, escapes, and compression within.

Nothing is run: runs of encoded characters are decoded and kept when what comes out is text, a compressed
stream or a program. Bounds: `MAX_BLOBS` runs, `MAX_BYTES` decoded bytes in all, `MAX_DEPTH` layers.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import lzma
import re
import string
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec

from forensics.examine._long_runs import LongRuns
from forensics.parsers.filetype import file_type

MAX_BLOBS = 64
MAX_BYTES = 1 << 20
MAX_DEPTH = 3
MIN_ENCODED = 24
"""Characters below which a run of base64 or hexadecimal is more likely a name or a digest's part."""

_BASE64_WORDS = (
    b"base64", b"b64decode", b"b32decode", b"b85decode", b"atob(", b"openssl enc", b"unpack(", b"Base64",
)  # fmt: skip
_HEX_WORDS = (b"xxd -r", b"unhexlify", b"fromhex", b"pack(", b"'hex'", b'"hex"')
_ESCAPE_WORDS = (b"\\x", b"printf '\\", b'printf "\\', b"$'\\")
NEEDLES = (*_BASE64_WORDS, *_HEX_WORDS, *_ESCAPE_WORDS)
"""Words without which a text does not decode anything."""

_ALPHANUMERIC = string.ascii_letters.encode() + string.digits.encode()
_HEX_DIGITS = string.hexdigits.encode()
_BASE64_RUNS = LongRuns(_ALPHANUMERIC + b"+/_-", MIN_ENCODED)
_HEX_RUNS = LongRuns(_HEX_DIGITS, MIN_ENCODED)
_LINE = 60
"""Characters that a line of base64 has at least, where it is broken into lines."""
_WRAPPED = re.compile(rb"(?:[A-Za-z0-9+/]{%d,128}\r?\n){2,}[A-Za-z0-9+/]{0,128}={0,2}" % _LINE)
# Two expressions that begin with a plain character are found a hundred times as fast as one with a choice.
_HEX_ESCAPES = re.compile(rb"\\x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2}){5,}")
_OCTAL_ESCAPES = re.compile(rb"\\0?[0-7]{3}(?:\\0?[0-7]{3}){5,}")
_OCTAL = re.compile(rb"\\0?([0-7]{3})")
_DIGESTS = frozenset({32, 40, 64, 96, 128})
"""Characters of a digest in hexadecimal."""
_TELLING = frozenset({"gzip", "bzip2", "xz", "elf", "script", "zip", "pe", "zstd"})
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x7fELF", b"#!", b"PK", b"MZ", b"\x28\xb5\x2f\xfd")
"""What contents of the telling types begin with: noise is sorted out by these, the rest by a closer look."""
_Find = Callable[[bytes], Iterator[tuple[int, int]]]
_READABLE = bytes([9, 10, 13, *range(0x20, 0x7F)])


class Hidden(msgspec.Struct, frozen=True):
    """One decoded run: its place in the text that was given, how it was hidden, and its bytes."""

    offset: int
    length: int
    encoding: str
    data: bytes


def reveal(text: bytes, seen: Sequence[bytes] = NEEDLES) -> tuple[Hidden, ...]:
    """What is hidden in `text`, outermost first, in order of places; nothing when no word decodes.

    `seen` are the needles that may be in the text.
    """
    found: list[Hidden] = []
    budget = MAX_BYTES
    spoken = [
        (form, how) for form, how, words in _FORMS if any(word in text for word in words if word in seen)
    ]
    if not spoken:
        return ()
    queue = [(hidden, 1) for hidden in _runs(text, spoken)]
    while queue and len(found) < MAX_BLOBS and budget > 0:
        hidden, depth = queue.pop(0)
        budget -= len(hidden.data)
        found.append(hidden)
        if depth < MAX_DEPTH:
            inner = (
                Hidden(hidden.offset, hidden.length, f"{hidden.encoding} > {each.encoding}", each.data)
                for each in _runs(hidden.data, _ALL_FORMS)
            )
            queue += [(each, depth + 1) for each in inner]
    found.sort(key=lambda each: (each.offset, each.encoding.count(">"), each.encoding))
    return tuple(found)


def _runs(text: bytes, forms: Sequence[tuple[_Find, str]]) -> Iterator[Hidden]:
    """The encoded runs of these forms in one text that decode to something; no two of them overlap."""
    backwards = b"rev" in text or b"[::-1]" in text
    covered, count = -1, 0
    candidates = [(start, end, how) for find, how in forms for start, end in find(text)]
    candidates += _wrapped(text, [(start, end) for start, end, how in candidates if how == "base64"])
    for start, end, how in sorted(candidates, key=lambda each: (each[0], -each[1])):
        if start < covered or count >= MAX_BLOBS:
            continue
        raw = text[start:end]
        if how == "base64" and len(raw) in _DIGESTS and not raw.translate(None, _HEX_DIGITS):
            continue
        encoding, data = how, _decode(how, raw)
        if data is None and backwards and how == "base64":
            encoding, data = "reversed base64", _decode(how, raw[::-1])
        if data is not None:
            covered, count = end, count + 1
            packing, data = _decompress(data)
            yield Hidden(start, end - start, encoding + packing, data)


def _wrapped(text: bytes, runs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """The places of base64 in lines, which begin where one of the runs has another right below it."""
    covered = 0
    for (start, end), (below, _) in pairwise(runs):
        if start >= covered and end - start >= _LINE and below - end <= len(b"\r\n"):
            found = _WRAPPED.match(text, start)
            if found:
                covered = found.end()
                yield start, covered, "base64"


def _decode(how: str, raw: bytes) -> bytes | None:
    try:
        if how == "hex":
            data = binascii.unhexlify(raw)
        elif how == "escapes" and raw[1:2] == b"x":
            data = binascii.unhexlify(raw.replace(b"\\x", b""))
        elif how == "escapes":
            data = _OCTAL.sub(lambda m: bytes([int(m[1], 8) & 0xFF]), raw)
        else:
            compact = raw.translate(bytes.maketrans(b"-_", b"+/"), b"\r\n")
            compact = compact.rstrip(b"=")
            if len(compact) % 4 == 1:
                compact = compact[:-1]
            data = base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if _means_something(data) else None


def _means_something(data: bytes) -> bool:
    """Whether the bytes are text, a compressed stream or a program, not the noise of a digest or a key."""
    if len(data) < 6:
        return False
    head = data[:4096]
    if not head.translate(None, _READABLE):
        # Eighteen random bytes, the least that comes out of a run, are all readable once in 10^7 times.
        return len(data) >= 8
    if _is_foreign_text(head):
        return True
    return _is_zlib(data) or (data.startswith(_MAGIC) and file_type(head).id in _TELLING)


def _is_foreign_text(head: bytes) -> bool:
    """UTF-8 with a few letters beyond ASCII."""
    if len(head.translate(None, _READABLE)) * 4 > len(head):
        return False
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\t\r\n" for char in text)


def _is_zlib(data: bytes) -> bool:
    return data[0] == 0x78 and int.from_bytes(data[:2], "big") % 31 == 0  # RFC 1950 2.2


def _decompress(data: bytes) -> tuple[str, bytes]:
    """What a compressed stream holds, up to `MAX_BYTES`, and how it was packed; else the data itself."""
    kind = "zlib" if _is_zlib(data) else file_type(data[:4096]).id
    try:
        if kind == "zlib":
            return "+zlib", zlib.decompressobj().decompress(data, MAX_BYTES)
        if kind == "gzip":
            return "+gzip", zlib.decompressobj(31).decompress(data, MAX_BYTES)
        if kind == "bzip2":
            return "+bzip2", bz2.BZ2Decompressor().decompress(data, MAX_BYTES)
        if kind == "xz":
            return "+xz", lzma.LZMADecompressor(memlimit=1 << 26).decompress(data, MAX_BYTES)
    except (zlib.error, OSError, EOFError, lzma.LZMAError):
        pass
    return "", data


def _base64(text: bytes) -> Iterator[tuple[int, int]]:
    """Runs of base64, also in its form for URLs, with the padding that ends them."""
    for start, end in _BASE64_RUNS.find(text):
        padding = text[end : end + 2]
        yield start, end + len(padding) - len(padding.lstrip(b"="))


def _hex(text: bytes) -> Iterator[tuple[int, int]]:
    """Runs of whole bytes in hexadecimal that stand alone, not in a longer word."""
    for start, end in _HEX_RUNS.find(text):
        if (end - start) % 2 or text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
            continue
        yield start, end


def _matches_of(form: re.Pattern[bytes]) -> _Find:
    return lambda text: (found.span() for found in form.finditer(text))


_FORMS: tuple[tuple[_Find, str, tuple[bytes, ...]], ...] = (
    (_base64, "base64", _BASE64_WORDS),
    (_hex, "hex", _HEX_WORDS),
    (_matches_of(_HEX_ESCAPES), "escapes", _ESCAPE_WORDS),
    (_matches_of(_OCTAL_ESCAPES), "escapes", _ESCAPE_WORDS),
)
"""How runs are found, what they are called, and the words without which a text does not decode them."""
_ALL_FORMS = tuple((form, how) for form, how, _ in _FORMS)
