"""How random bytes look: Shannon entropy in bits a byte, 0 for one repeated byte, 8 for noise."""

from __future__ import annotations

import yara

EXACT_BYTES = 1 << 18
"""Contents up to this size are counted whole; of larger ones, as many bytes in evenly spread blocks."""
_BLOCK = 4096
_SPOKEN = "entropy in bits a byte: "
_COUNTED = f"""import "math"
import "console"
rule entropy {{
  condition:
    console.log("{_SPOKEN}", math.entropy(0, filesize))
}}
"""
"""YARA text that tells the console of the entropy of a content.

The histogram is counted in C by YARA's math module: a Python loop takes sixty times as long.
"""
_counter = yara.compile(source=_COUNTED)


def entropy(content: bytes | memoryview, exact_bytes: int = EXACT_BYTES) -> float:
    """Entropy of `content` in bits a byte, rounded to four digits.

    More than `exact_bytes` bytes are sampled in blocks at places that depend on the size alone, so the result
    is repeatable; against a full count it is off by less than the last digits that anyone would read.
    """
    size = len(content)
    if size == 0:
        return 0.0
    if size > exact_bytes:
        content = _sample(memoryview(content), exact_bytes)
    heard: list[str] = []
    _counter.match(data=content, console_callback=heard.append)
    (told,) = heard
    return round(float(told.removeprefix(_SPOKEN)), 4) + 0.0


def _sample(content: memoryview, wanted: int) -> bytes:
    block = min(_BLOCK, wanted // 8)
    blocks = wanted // block
    last = len(content) - block
    return b"".join(
        content[start : start + block] for start in (last * n // (blocks - 1) for n in range(blocks))
    )
