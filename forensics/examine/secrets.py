"""Credentials that can be told by their form, in text: keys, tokens, logins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.examine._clues import secret_kinds_in
from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._secret_kinds import SECRET_KINDS, SecretKind
from forensics.model.facts import MatchedString
from forensics.model.issues import Issue
from forensics.parsers.filetype import TEXT_TYPES
from forensics.printable import printable

_AROUND = 512
_BEFORE = 64
_MAX_OF_A_KIND = 16
_MAX_PLACES = 20_000
_SHORT = 20


class SecretsExaminer(Examiner):
    """Finds credentials and shows only their ends: the report must not leak what it warns of."""

    id = "secrets"

    def applies(self, type: str, size: int) -> bool:  # noqa: A002, ARG002
        """Text of any kind."""
        return type in TEXT_TYPES

    def examine(self, subject: Subject) -> Learnt | None:
        """Every genuine-looking credential in the first `limits.text_bytes` bytes, in order of offsets."""
        if subject.clues is None:
            wanted = {number: kind.needles for number, kind in enumerate(SECRET_KINDS)}
        else:
            wanted = secret_kinds_in(subject.clues)
        if not wanted:
            return None
        text = bytes(subject.content[: subject.limits.text_bytes])
        found: list[MatchedString] = []
        crowded: list[str] = []
        for number, needles in sorted(wanted.items()):
            kind = SECRET_KINDS[number]
            places = _places(text, needles)
            found += _secrets(text, kind, places[:_MAX_PLACES])
            if len(places) > _MAX_PLACES:
                crowded.append(kind.id)
        found.sort(key=lambda match: (match.offset, match.identifier))
        issues: list[Issue] = []
        if crowded:
            message = f"too many places to look at them all for: {', '.join(crowded)}"
            issues.append(subject.issue("limit", message))
        if len(text) < len(subject.content):
            message = (
                f"only the first {len(text)} bytes were searched for credentials; the signatures saw all"
            )
            issues.append(subject.issue("limit", message))
        return Learnt(value=tuple(found), issues=tuple(issues)) if found or issues else None


def _secrets(text: bytes, kind: SecretKind, places: Sequence[int]) -> Iterator[MatchedString]:
    seen: set[int] = set()
    genuine = 0
    for place in places:
        found = kind.pattern.search(text, max(0, place - _BEFORE), place + kind.reach)
        if found is None or found.start() > place or found.start() in seen:
            continue
        seen.add(found.start())
        secret = found[1]
        around = text[max(0, found.start() - _AROUND) : found.end() + _AROUND]
        if kind.genuine(secret, found[0], around):
            yield MatchedString(kind.id, found.start(1), len(secret), f"{kind.title}: {redacted(secret)}")
            genuine += 1
            if genuine >= _MAX_OF_A_KIND:
                return


def _places(text: bytes, needles: tuple[bytes, ...]) -> list[int]:
    """Where the needles stand, in order; of each one more than will be looked at."""
    places: list[int] = []
    for needle in needles:
        place, most = text.find(needle), len(places) + _MAX_PLACES
        while place >= 0 and len(places) <= most:
            places.append(place)
            place = text.find(needle, place + len(needle))
    return sorted(places)


def redacted(secret: bytes) -> str:
    """The first four and the last two characters: enough to recognise it, too little to use it.

    Of what is short, as passwords are, nothing but the length.
    """
    compact = b"".join(secret.split()).replace(b"\\n", b"")
    if len(compact) < _SHORT:
        return f"({len(secret)} characters)"
    return f"{printable(compact[:4])}…{printable(compact[-2:])} ({len(secret)} characters)"


EXAMINER = SecretsExaminer()
