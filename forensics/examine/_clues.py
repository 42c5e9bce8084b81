"""Words that tell, from the one pass over the bytes that the signatures need anyway, what else to look for.

Searching every text of an image for all behaviours and all kinds of secrets would cost more than the
signatures themselves. So the needles of both are compiled beside them, and a text without a needle is not
searched.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.examine._behaviours import BEHAVIOURS
from forensics.examine._decoding import NEEDLES
from forensics.examine._secret_kinds import SECRET_KINDS

CLUE_NAMESPACE = "clues"
BEHAVIOUR, SECRET, ENCODED = "behaviour_", "secret_", "encoded"


def clue_rules() -> str:
    """YARA text: a rule for each behaviour, each secret kind and encodings, true when a needle is there."""
    return "\n".join(_rules())


def behaviours_in(clues: frozenset[str]) -> frozenset[str]:
    """The ids of the behaviours of which a needle was seen."""
    return frozenset(each for each in BEHAVIOURS if BEHAVIOUR + each.replace("-", "_") in clues)


def secret_kinds_in(clues: frozenset[str]) -> frozenset[int]:
    """The positions in `SECRET_KINDS` of the kinds of which a needle was seen."""
    return frozenset(number for number in range(len(SECRET_KINDS)) if f"{SECRET}{number}" in clues)


def _rules() -> Iterator[str]:
    for behaviour in BEHAVIOURS.values():
        yield _rule(BEHAVIOUR + behaviour.id.replace("-", "_"), behaviour.needles)
    for number, kind in enumerate(SECRET_KINDS):
        yield _rule(f"{SECRET}{number}", kind.needles)
    yield _rule(ENCODED, NEEDLES)


def _rule(name: str, needles: tuple[bytes, ...]) -> str:
    strings = "".join(f"    $n{number} = {{ {needle.hex(' ')} }}\n" for number, needle in enumerate(needles))
    return f"rule {name} {{\n  strings:\n{strings}  condition:\n    any of them\n}}\n"
