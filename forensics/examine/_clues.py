"""What the one pass over the bytes, which the signatures need anyway, tells of what else to look for.

Searching every text of an image for all behaviours and all kinds of secrets would cost more than the
signatures themselves. So the needles of both are compiled beside them: a text without a needle is not
searched, and one with some only for those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forensics.examine._behaviours import BEHAVIOURS
from forensics.examine._decoding import NEEDLES
from forensics.examine._secret_kinds import SECRET_KINDS

CLUE_NAMESPACE = "clues"
Clues = Mapping[str, tuple[bytes, ...]]
"""The needles that were seen, by the name of the rule that looks for them; no rule without any."""

_BEHAVIOUR, _SECRET, _ENCODED = "behaviour_", "secret_", "encoded"
_BEHAVIOUR_RULES = {_BEHAVIOUR + each.replace("-", "_"): each for each in BEHAVIOURS}
_SECRET_RULES = {f"{_SECRET}{number}": number for number in range(len(SECRET_KINDS))}


def clue_rules() -> str:
    """YARA text: a rule for each behaviour, each secret kind and encodings, true when a needle is there."""
    return "\n".join(_rule(name, needles) for name, needles in _NEEDLES.items())


def read_clues(matches: Sequence[Any]) -> Clues:
    """What yara-python's matches of the clue rules say."""
    return {match.rule: tuple(_seen(match)) for match in matches if match.rule in _NEEDLES}


def behaviours_in(clues: Clues) -> dict[str, tuple[bytes, ...]]:
    """The behaviours, by id, of which needles were seen, and these."""
    return {_BEHAVIOUR_RULES[rule]: seen for rule, seen in clues.items() if rule in _BEHAVIOUR_RULES}


def secret_kinds_in(clues: Clues) -> dict[int, tuple[bytes, ...]]:
    """The positions in `SECRET_KINDS` of the kinds of which needles were seen, and these."""
    return {_SECRET_RULES[rule]: seen for rule, seen in clues.items() if rule in _SECRET_RULES}


def encodings_in(clues: Clues) -> tuple[bytes, ...]:
    """The words seen without which a text does not decode anything."""
    return clues.get(_ENCODED, ())


_NEEDLES: dict[str, tuple[bytes, ...]] = {
    **{rule: BEHAVIOURS[behaviour].needles for rule, behaviour in _BEHAVIOUR_RULES.items()},
    **{rule: SECRET_KINDS[number].needles for rule, number in _SECRET_RULES.items()},
    _ENCODED: NEEDLES,
}


def _seen(match: Any) -> Iterator[bytes]:
    """The needles whose strings are among those of a match, in their own order."""
    there = {string.identifier for string in match.strings}
    return (needle for number, needle in enumerate(_NEEDLES[match.rule]) if f"$n{number}" in there)


def _rule(name: str, needles: tuple[bytes, ...]) -> str:
    strings = "".join(f"    $n{number} = {{ {needle.hex(' ')} }}\n" for number, needle in enumerate(needles))
    return f"rule {name} {{\n  strings:\n{strings}  condition:\n    any of them\n}}\n"
