"""Which members of an archive are kept: those that tell most, where there are more than may be kept."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.model.facts import FileFacts, MemberFacts

_OVERLAY = 4096
_ISSUES, _ODD, _SEEN, _NEW = range(4)
"""What a member is worth: only an issue, told anyway; an oddity; a signature; one that no other has."""


class Notable:
    """Members in the order they came, at most `most`; what is worth more takes the place of what is less.

    `dropped` had no place, of which `lost` bytes had something to tell that is told nowhere else.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[int, tuple[int, MemberFacts]] = {}
        self._known: set[str] = set()
        self._number = 0
        self.dropped = 0
        self.lost = 0

    @property
    def members(self) -> tuple[MemberFacts, ...]:
        """Those that are kept."""
        return tuple(member for _, member in self._kept.values())

    def add(self, member: MemberFacts) -> None:
        """Keep the member, at the cost of the last of those that are worth least, or drop it."""
        told = set(_told(member.facts))
        worth = _NEW if told - self._known else _SEEN if told else _odd(member.facts)
        self._number += 1
        if len(self._kept) >= self._most:
            least = min(((kept, -number) for number, (kept, _) in self._kept.items()), default=(worth, 0))
            if least[0] >= worth:
                self._drop(worth, member)
                return
            self._drop(*self._kept.pop(-least[1]))
        self._known |= told
        self._kept[self._number] = worth, member

    def _drop(self, worth: int, member: MemberFacts) -> None:
        self.dropped += 1
        if worth > _ISSUES:
            self.lost += member.facts.size


def tells(facts: FileFacts) -> bool:
    """Whether a member has something to tell beyond that it is there."""
    return bool(facts.matches or facts.secrets or facts.issues) or _odd(facts) > _ISSUES


def _told(facts: FileFacts) -> Iterator[str]:
    """What was found in a member and in those below it: signatures, and credentials by kind."""
    yield from (match.rule_id for match in facts.matches)
    yield from (secret.identifier for secret in facts.secrets)
    for member in facts.archive.notable if facts.archive else ():
        yield from _told(member.facts)


def _odd(facts: FileFacts) -> int:
    elf = facts.elf
    if elf is not None and elf.kind not in ("relocatable", "core"):
        odd = elf.packer or not elf.has_sections or elf.writable_executable
        if odd or elf.overlay > _OVERLAY:
            return _ODD
    archive = facts.archive
    return _ODD if archive is not None and (archive.notable or archive.oddities) else _ISSUES
