"""Archives inside the image that show some programs other members than others, or hold bytes in no member."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from forensics.detectors._finding import Circumstances, Statement, about_file, note
from forensics.detectors._scene import Detector, Scene
from forensics.model.facts import ArchiveOddity
from forensics.model.files import FileVersion
from forensics.model.findings import Category, Confidence, Finding, Severity
from forensics.printable import printable

TWO_FACED = Statement(
    rule_id="archive/two-faced-archive",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    title="An archive shows its members to some programs only",
    explanation=(
        "The directory of the archive and the members themselves do not agree. A program that goes by one of "
        "them reads other members, or other bytes, than a program that goes by the other: what was checked "
        "need not be what runs."
    ),
    alternatives="A member that was deleted from the archive in place; a tool that writes careless headers.",
    remediation="Compare the archive with the one that was published, and look at the members named here.",
    attack=("T1027", "T1036"),
)
HIDDEN = Statement(
    rule_id="archive/bytes-outside-members",
    category=Category.ARCHIVE_ANOMALY,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    title="An archive holds bytes that are in none of its members",
    explanation=(
        "Programs that open the archive do not show them, while a program that knows where they are can read "
        "them. They are examined like a member."
    ),
    alternatives="Signatures or notes that a tool appends; an archive that was put together carelessly.",
    remediation="Look at the bytes at the places named here.",
    attack=("T1027",),
)
_TWO_FACED = frozenset({"hidden-member", "member-mismatch", "missing-member", "overlap", "bad-directory"})
_WEAK = frozenset({"missing-member", "bad-directory"})
"""What damage does by itself."""


class ArchiveOddities(Detector):
    """One finding of each rule for an archive, with what is odd about it and where."""

    id = "archive_oddities"
    statements = (TWO_FACED, HIDDEN)

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """Archives that are files, and those within archives that are kept because they tell something."""
        for sha256, versions in scene.contents.items():
            facts = scene.facts.get(sha256)
            if facts is not None and facts.archive is not None and facts.archive.oddities:
                for version in versions:
                    yield from _judge(scene, version, facts.archive.oddities)


def _judge(scene: Scene, version: FileVersion, oddities: Sequence[ArchiveOddity]) -> Iterator[Finding]:
    contrary = [one for one in oddities if one.code in _TWO_FACED]
    beside = [one for one in oddities if one.code not in _TWO_FACED]
    if contrary:
        weak = all(one.code in _WEAK for one in contrary)
        yield _found(scene, version, TWO_FACED, contrary, Severity.LOW if weak else Severity.MEDIUM)
    if beside:
        yield _found(scene, version, HIDDEN, beside, Severity.LOW)


def _found(
    scene: Scene, version: FileVersion, said: Statement, oddities: list[ArchiveOddity], severity: Severity
) -> Finding:
    told = [
        note(f"{one.offset:#x}: {printable(one.name)}{': ' if one.name else ''}{one.message}")
        for one in oddities
    ]
    counts = Counter(one.code.replace("-", " ") for one in oddities)
    detail = ", ".join(f"{count} × {code}" for code, count in sorted(counts.items()))
    return about_file(scene, said, version, told, Circumstances(severity=severity, detail=detail))


DETECTOR = ArchiveOddities()
