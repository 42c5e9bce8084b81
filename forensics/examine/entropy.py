"""Entropy of the whole content: of every type, since what hides comes in any."""

from __future__ import annotations

from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._randomness import entropy


class EntropyExaminer(Examiner):
    """Bits a byte, 0 to 8."""

    id = "entropy"

    def applies(self, type: str, size: int) -> bool:  # noqa: A002, ARG002
        """Every content that has bytes."""
        return size > 0

    def examine(self, subject: Subject) -> Learnt:
        """Counted whole up to 256 KiB, estimated from spread blocks above."""
        known = subject.entropy
        return Learnt(value=entropy(subject.content) if known is None else known)


EXAMINER = EntropyExaminer()
