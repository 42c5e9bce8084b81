"""Entropy: 0 for one byte, 8 for all alike, near a full count where it is sampled."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from forensics.examine import Examination, load_signatures
from forensics.examine._randomness import entropy


def _counted(content: bytes) -> float:
    total = len(content)
    return -sum(n / total * math.log2(n / total) for n in Counter(content).values())


@pytest.mark.parametrize("content", [b"a" * 100, bytes(range(256)) * 4, b"ab", b"hello world", bytes(1)])
def test_agrees_with_a_plain_count(content: bytes) -> None:
    assert entropy(content) == pytest.approx(_counted(content), abs=1e-4)


def test_nothing_has_none() -> None:
    assert entropy(b"") == 0.0


def test_a_sample_is_near_the_whole_and_repeatable() -> None:
    chance = random.Random(7)
    content = bytes(chance.choices(range(256), weights=range(1, 257), k=1 << 20))
    assert entropy(content, 1 << 15) == pytest.approx(_counted(content), abs=0.02)
    assert entropy(content, 1 << 15) == entropy(bytearray(content), 1 << 15)


@pytest.mark.parametrize(
    ("content", "bits"), [(bytes(range(256)), 8.0), (bytes(10), 0.0), (b"words\n" * 9, None), (b"", None)]
)
def test_every_content_but_text_has_its_entropy(content: bytes, bits: float | None) -> None:
    assert Examination(load_signatures()).examine(content, "").entropy == bits
