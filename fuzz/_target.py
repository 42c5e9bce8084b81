"""What a harness is: a function over bytes that keeps a parser to its promises."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fuzz.targets
from forensics.plugins import collect

REGRESSIONS = Path(__file__).parent / "regressions"
"""Inputs that once broke a parser, a folder a target."""


def _none() -> Iterable[bytes]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Target:
    """One harness. `id` is its module's name.

    `run` takes any bytes, and raises AssertionError when the parser broke a promise; any other exception but
    those `allowed` is a crash. `seeds` are made by hand and small; `harvest` names what is taken from the
    corpus of real archives beside them (see `fuzz._harvest.KINDS`). `vary` makes another input of a mutated
    one, so that it comes past checksums and keeps the form of JSON. `longest` bounds an input, in bytes.
    """

    id: str
    run: Callable[[bytes], None]
    allowed: tuple[type[Exception], ...] = ()
    seeds: Callable[[], Iterable[bytes]] = _none
    harvest: tuple[str, ...] = ()
    vary: Callable[[bytes, random.Random], bytes] | None = None
    words: Sequence[bytes] = ()
    longest: int = 32 * 1024

    def attempt(self, data: bytes) -> None:
        """Run one input; raises for what must not happen."""
        try:
            self.run(data)
        except self.allowed:
            return

    def regressions(self) -> tuple[Path, ...]:
        """The inputs that broke it once."""
        return tuple(sorted((REGRESSIONS / self.id).glob("*")))


def targets() -> tuple[Target, ...]:
    """Every harness, in name order."""
    return collect(fuzz.targets, "TARGET", Target)


def load(name: str) -> Target:
    """One harness alone: nothing but what it needs is imported."""
    found = importlib.import_module(f"fuzz.targets.{name}").TARGET
    if not isinstance(found, Target) or found.id != name:
        raise TypeError(f"fuzz/targets/{name}.py defines no TARGET of this name")
    return found
