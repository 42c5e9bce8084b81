"""Behaviours and credentials looked for everywhere, as it is done when the signatures did not finish."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from forensics.examine import Subject, load_signatures
from forensics.examine._behaviours import BEHAVIOURS, MAX_SHOWN, observe
from forensics.examine._scan import Scanner
from forensics.examine.secrets import EXAMINER
from forensics.limits import DEFAULT
from fuzz._promises import check_shown
from fuzz._target import Target
from fuzz.targets import examination


@cache
def _scanner() -> Scanner:
    return Scanner(load_signatures(), DEFAULT)


def run(data: bytes) -> None:
    """Everything found lies within the text, can be shown, and is not too much."""
    seen = observe(data)
    assert len(seen.behaviours) <= MAX_SHOWN * len(BEHAVIOURS)
    subject = Subject(
        content=memoryview(data), sha256="", type="text", clues=None, limits=DEFAULT, scanner=_scanner()
    )
    learnt = EXAMINER.examine(subject)
    for match in (*seen.behaviours, *(learnt.value if learnt else ())):
        check_shown(match)
        assert 0 <= match.offset <= match.offset + match.length <= len(data), match


def seeds() -> Iterator[bytes]:
    """Scripts, and each needle alone."""
    yield from examination.seeds()
    yield b"\n".join(needle for behaviour in BEHAVIOURS.values() for needle in behaviour.needles)


TARGET = Target(
    id="behaviours",
    run=run,
    seeds=seeds,
    harvest=("script", "settings"),
    words=tuple(needle for behaviour in BEHAVIOURS.values() for needle in behaviour.needles),
    longest=16 * 1024,
)
