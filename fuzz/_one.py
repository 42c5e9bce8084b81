"""One target in this very process, under atheris: every line of the parsers tells the fuzzer where it is."""

from __future__ import annotations

import random
import sys

import atheris

from fuzz import _target


def fuzz_one(name: str, options: list[str]) -> None:
    """Fuzz until libFuzzer ends the process."""
    with atheris.instrument_imports(include=["forensics"], enable_loader_override=False):
        target = _target.load(name)
    vary = target.vary

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        mutated = data if chance.randrange(3) == 0 else atheris.Mutate(data, longest)
        return vary(bytes(mutated), chance)[:longest] if vary and chance.randrange(5) else mutated

    arguments = [sys.argv[0], *options]
    if vary:
        atheris.Setup(arguments, target.attempt, custom_mutator=mutate)
    else:
        atheris.Setup(arguments, target.attempt)
    atheris.Fuzz()
