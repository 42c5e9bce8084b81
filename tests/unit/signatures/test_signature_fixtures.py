"""Every signature that reads a content fires on what it is for and is silent on what merely looks like it."""

from __future__ import annotations

import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest

from forensics.examine import Examination, load_signatures

FIXTURES = Path(__file__).parents[2] / "fixtures" / "signatures"
TYPES = {"relocatable": 1, "executable": 2, "shared": 3}
SIGNATURES = load_signatures()
EXAMINATION = Examination(SIGNATURES)


def _fixtures() -> dict[str, dict[str, Any]]:
    loaded = (tomllib.loads(path.read_text("utf-8")) for path in sorted(FIXTURES.glob("*.toml")))
    return {fixture["rule"]: fixture for fixture in loaded}


def _content(text: str, elf: str | None) -> bytes:
    """The text, behind a bare ELF header of 64 bytes where the rule is about programs."""
    if elf is None:
        return text.encode()
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    fields = (TYPES[elf], 62, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)
    return ident + struct.pack("<HHIQQQIHHHHHH", *fields) + text.encode()


def _matched(content: bytes) -> set[str]:
    return {match.rule_id for match in EXAMINATION.examine(content, "").matches}


CASES = _fixtures()


def test_every_rule_has_a_fixture_with_both_sides() -> None:
    readable = {rule.id for rule in SIGNATURES.rules.values() if rule.name}
    assert readable == set(CASES)
    assert all(case["positive"] and case["negative"] for case in CASES.values())


def _pairs(side: str) -> list[Any]:
    return [
        pytest.param(rule, _content(text, case.get("elf")), id=f"{rule}-{number}")
        for rule, case in CASES.items()
        for number, text in enumerate(case[side])
    ]


@pytest.mark.parametrize(("rule", "content"), _pairs("positive"))
def test_fires_on_what_it_is_for(rule: str, content: bytes) -> None:
    assert rule in _matched(content)


@pytest.mark.parametrize(("rule", "content"), _pairs("negative"))
def test_is_silent_on_what_looks_like_it(rule: str, content: bytes) -> None:
    assert rule not in _matched(content)
