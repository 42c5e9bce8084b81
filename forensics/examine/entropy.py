"""Entropy of the whole content: of every type but text, which is never random."""

from __future__ import annotations

from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._randomness import entropy
from forensics.parsers.filetype import TEXT_TYPES


class EntropyExaminer(Examiner):
    """Bits a byte, 0 to 8."""

    id = "entropy"
    for_members = False

    def applies(self, type: str, size: int) -> bool:  # noqa: A002
        """Every content that has bytes and is no text."""
        return size > 0 and type not in TEXT_TYPES

    def examine(self, subject: Subject) -> Learnt:
        """Counted whole up to 256 KiB, estimated from spread blocks above."""
        return Learnt(value=entropy(subject.content))


EXAMINER = EntropyExaminer()
