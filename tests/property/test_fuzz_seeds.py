"""The harnesses of the fuzzer keep working: seeds, real pieces and everything that ever broke a parser."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from fuzz._harvest import KINDS, harvest
from fuzz._target import Target, targets
from fuzz._vary import mend_tar, vary_json

TARGETS = targets()
MUTANTS = 3
"""Mutants of each seed."""
REGRESSIONS = [(target, path) for target in TARGETS for path in target.regressions()]


def _mutant(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, dropped or doubled."""
    made = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(made) + 1)
        length = chance.choice((1, 1, 2, 8, 64))
        made[at : at + length] = chance.choice(
            (b"", chance.randbytes(length), bytes(made[at : at + length]) * 2, b"\xff" * length)
        )
    return bytes(made)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.id)
def test_seeds_and_mutants_of_them_keep_every_promise(target: Target) -> None:
    chance = random.Random(target.id)
    seeds = list(target.seeds())
    assert seeds
    assert any(len(seed) <= target.longest for seed in seeds)
    for seed in seeds:
        target.attempt(seed)
        for _ in range(MUTANTS):
            mutant = _mutant(seed, chance)[: target.longest]
            target.attempt(target.vary(mutant, chance)[: target.longest] if target.vary else mutant)


@pytest.mark.parametrize(
    ("target", "path"), REGRESSIONS, ids=[f"{target.id}-{path.name}" for target, path in REGRESSIONS]
)
def test_what_broke_a_parser_once_breaks_it_no_more(target: Target, path: Path) -> None:
    begin = time.monotonic()
    target.attempt(path.read_bytes())
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.id)
def test_a_target_tells_a_broken_promise_from_a_refusal(target: Target) -> None:
    def broken(_: bytes) -> None:
        raise AssertionError

    class Unexpected(Exception):
        pass

    def crash(_: bytes) -> None:
        raise Unexpected

    for run, error in ((broken, AssertionError), (crash, Unexpected)):
        bad = Target(id=target.id, run=run, allowed=target.allowed)
        with pytest.raises(error):
            bad.attempt(b"")


def test_every_kind_that_a_target_asks_for_can_be_taken() -> None:
    assert {kind for target in TARGETS for kind in target.harvest} <= KINDS.keys()


def test_regressions_belong_to_targets() -> None:
    folders = {path.name for path in Path("fuzz/regressions").iterdir()}
    assert folders <= {target.id for target in TARGETS}


def test_a_mended_tar_has_headers_that_are_read() -> None:
    (tar,) = (target for target in TARGETS if target.id == "tar")
    whole = bytearray(next(iter(tar.seeds())))
    whole[1] ^= 1
    assert mend_tar(bytes(whole), random.Random(0))[148:156] != whole[148:156]


def test_a_varied_document_is_another_document() -> None:
    chance = random.Random(0)
    data = b'{"a": [1, {"b": "c"}]}'
    varied = {vary_json(data, chance) for _ in range(200)}
    assert len(varied) > 50
    assert vary_json(b"no JSON", chance) == b"no JSON"


@pytest.mark.corpus
def test_pieces_of_real_archives_keep_every_promise(corpus: Path) -> None:
    pieces = harvest(corpus)
    assert all(pieces.values())
    for target in TARGETS:
        for kind in target.harvest:
            for piece in pieces[kind][:8]:
                target.attempt(piece[: target.longest])
