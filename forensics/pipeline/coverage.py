"""How much of an image was looked at, and how much of it is known not to have been there or readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from forensics.detectors import Scene, for_review
from forensics.model.facts import FileFacts
from forensics.model.files import DAMAGED, FileKind, FileVersion, HiddenBytes
from forensics.model.issues import Issue
from forensics.model.report import Coverage, Verdict
from forensics.parsers.member_names import SEPARATOR, member_path
from forensics.pipeline.missing import is_size_known, missing_parts, what_is_missing
from forensics.printable import printable

_MOST = (1 << 63) - 1
"""What sums stop at: documents and headers may claim any size, and readers of JSON know 64 bits."""
_OF_A_MEMBER = re.compile(r"layer \d+:/")
_LEFT_OUT = frozenset({"unreadable", "changed", "limit", "whiteout-name"})
"""Codes of a source for what a folder holds and its layer does not."""
_CUT_NAME = "…"


def coverage(scene: Scene, further: Iterable[Issue]) -> Coverage:
    """The coverage section; `further` are issues that no part of the scene carries.

    What is missing beside the files that are known counts among the bytes, so that no share of them reads as
    complete: bytes of layers that are not there, as stored, and of files that could not be read.
    """
    counted = _Counted(scene)
    issues = [*scene.image.issues, *scene.view.issues, *scene.inventory.issues, *further, *counted.issues]
    for index in scene.view.image_layers:
        issues.extend(index.issues)
    if scene.reconciliation:
        issues.extend(scene.reconciliation.issues)
    distinct = tuple(sorted(set(issues)))
    beside = _beside_the_files(scene, distinct)
    return Coverage(
        files=counted.files + sum(_is_a_file_left_out(issue) for issue in beside),
        bytes=min(_MOST, counted.bytes + _bytes_of(beside, distinct)),
        examined_files=counted.examined_files,
        examined_bytes=min(_MOST, counted.examined_bytes),
        issues=distinct,
    )


def qualified(verdict: Verdict, covered: Coverage) -> Verdict:
    """The verdict, with the reason not to take it for one about the whole image where it is none.

    An image of which parts are missing is not `clean`: whatever they held, nobody has seen it.
    """
    unseen = covered.bytes - covered.examined_bytes
    if unseen <= 0:
        return verdict
    parts = missing_parts(covered.issues)
    words = []
    if parts:
        verdict = for_review(verdict)
        words.append(what_is_missing(parts))
    if is_size_known(covered.issues):
        least = "at least " if parts else ""
        words.append(f"{unseen:,} of {least}{covered.bytes:,} bytes were not looked at")
    else:
        words.append("how much is missing is not known")
    reason = printable(f"not all of the image was examined: {'; '.join(words)}")
    return msgspec.structs.replace(verdict, reasons=(*verdict.reasons, reason))


class _Counted:
    """Versions of regular files and hidden bytes, and what their examination met, once for each content."""

    def __init__(self, scene: Scene) -> None:
        self.files = self.bytes = self.examined_files = self.examined_bytes = 0
        self.issues: list[Issue] = []
        told: set[str] = set()
        for version in scene.view.all_versions():
            if version.entry.kind is not FileKind.REGULAR:
                continue
            self.files += 1
            self.bytes += version.entry.size
            facts = scene.facts.get(version.sha256)
            if facts is None:
                continue
            self.examined_files += not facts.lost_bytes
            self.examined_bytes += max(0, version.entry.size - facts.lost_bytes)
            if facts.sha256 not in told:
                told.add(facts.sha256)
                self._tell(facts, f"layer {version.layer}:{printable(version.path)}")
        for hidden in scene.view.hidden:
            self._count(hidden, scene.facts.get(hidden.content.sha256), told)

    def _count(self, hidden: HiddenBytes, facts: FileFacts | None, told: set[str]) -> None:
        """Bytes that no file stands for; those of a damaged tar are counted as lost already."""
        if hidden.kind not in DAMAGED:
            self.bytes += hidden.content.size
            self.examined_bytes += max(0, hidden.content.size - facts.lost_bytes) if facts else 0
        if facts is not None and facts.sha256 not in told:
            told.add(facts.sha256)
            self._tell(facts, printable(hidden.subject))

    def _tell(self, facts: FileFacts, subject: str) -> None:
        self.issues.extend(
            msgspec.structs.replace(issue, subject=_of_member(subject, issue)) for issue in facts.issues
        )


def _of_member(subject: str, issue: Issue) -> str:
    """What an issue is about: the file `subject`, or a member of it."""
    return member_path(subject, issue.subject) if issue.subject.startswith(SEPARATOR) else subject


def _name(version: FileVersion) -> str:
    """What the issues of its layer call it: by the name in the tar, wherever that leads in the image."""
    return f"layer {version.layer}:{printable(version.entry.path)}"


def _beside_the_files(scene: Scene, issues: Sequence[Issue]) -> list[Issue]:
    """The issues of source and layers that cost something which no counted file version stands for."""
    lost = [issue for issue in issues if issue.stage in {"source", "layer"} and _costs(issue)]
    members = {issue.subject for issue in lost if _OF_A_MEMBER.match(issue.subject)}
    packed = {f"layer 0:{issue.subject}" for issue in lost if issue.subject.startswith("/")}
    names = members | packed
    known = _known_among(scene, names) if names else frozenset()
    # A name that was cut in the issue cannot be looked up: better to count too little than twice.
    return [
        issue
        for issue in lost
        if issue.subject not in known
        and f"layer 0:{issue.subject}" not in known
        and not (issue.subject in members and issue.subject.endswith(_CUT_NAME))
    ]


def _bytes_of(beside: Sequence[Issue], issues: Sequence[Issue]) -> int:
    """What these issues cost, without what a counted file that is cut with its layer already stands for."""
    cut = sum(issue.lost_bytes for issue in beside if issue.stage == "source" and issue.code == "truncated")
    twice = 0
    for layer in issues:
        if layer.code == "layer-incomplete":
            of_files = sum(
                issue.lost_bytes
                for issue in issues
                if (issue.stage, issue.code) == ("layer", "truncated")
                and issue.subject.startswith(f"{layer.subject}:/")
            )
            twice += min(layer.lost_bytes + cut, of_files)
    return max(0, sum(issue.lost_bytes for issue in beside) - twice)


def _costs(issue: Issue) -> bool:
    return issue.lost_bytes > 0 or _is_a_file_left_out(issue)


def _known_among(scene: Scene, names: set[str]) -> frozenset[str]:
    """Those of the subjects that are regular files which were counted."""
    files = (version for version in scene.view.all_versions() if version.entry.kind is FileKind.REGULAR)
    return frozenset(name for version in files if (name := _name(version)) in names)


def _is_a_file_left_out(issue: Issue) -> bool:
    """Whether a source says of a file, or of a folder and what it holds, that it is not in the layer."""
    return issue.stage == "source" and issue.code in _LEFT_OUT and issue.subject.startswith("/")
