"""The members of a tar inside the image, and what no reader of it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from forensics.limits import DEFAULT, Limits
from forensics.model.files import Segment
from forensics.parsers._tar_slack import TarRun
from forensics.parsers.archive_members import SLACK, ArchiveNote, PackedMember, slack
from forensics.parsers.tar import TarWalk

_MANNERS = frozenset({"no-end-mark", "size-without-data", "repeated-header", "global-header"})
"""Notes that many honest tars give."""
_ALONE = frozenset({"unknown-type", "attribute"})
_TRAILING = frozenset({"behind-end", "damaged", "behind-damage"})
_SHORT = 32
"""So many bytes of padding and headers are what careless tools leave there."""


class TarMembers:
    """The members of a tar; then what hides between them, read as one; then what follows its end."""

    def __init__(self, view: memoryview, limits: Limits = DEFAULT) -> None:
        self._view = view
        self._walk = TarWalk(view, limits)
        self._hidden: list[ArchiveNote] = []

    @property
    def notes(self) -> list[ArchiveNote]:
        """What the walk met, but not that an archive in a file has no end mark: many have none."""
        met = [
            ArchiveNote(note.code, note.offset, note.message, note.lost, note.name)
            for note in self._walk.notes
            if note.code not in _MANNERS
        ]
        return met + self._hidden

    def __iter__(self) -> Iterator[PackedMember]:
        for member in self._walk:
            yield PackedMember(
                name=member.name,
                size=member.size,
                offset=member.header_offset,
                data_offset=member.data_offset,
                stored=member.stored,
                kind=member.kind,
                mode=member.mode,
                mtime=member.mtime,
                link=member.link,
                segments=member.segments,
            )
        runs = self._walk.slack.runs
        for run in runs:
            if run.kind in _ALONE:
                yield self._joined([run])
        small = [run for run in runs if run.kind not in _ALONE and run.kind not in _TRAILING]
        if small:
            yield self._joined(small)
        for note in tuple(self._walk.notes):
            if note.code in {"trailing-data", "bad-header"}:
                rest = slack(self._view, note.offset, len(self._view))
                if rest is not None:
                    yield rest

    def _joined(self, runs: Sequence[TarRun]) -> PackedMember:
        """Bytes of several places as one member, so that no program is missed for being spread over them."""
        segments, size = [], 0
        for run in runs:
            segments.append(Segment(size, run.offset, run.size))
            size += run.size
        first = min(runs, key=attrgetter("offset"))
        if size > _SHORT:
            message = "bytes in headers and padding that no reader shows"
            self._hidden.append(ArchiveNote("hidden-data", first.offset, message, 0, SLACK % first.offset))
        return PackedMember(
            name=SLACK % first.offset,
            size=size,
            offset=first.offset,
            data_offset=first.offset,
            stored=min(size, len(self._view) - first.offset),
            segments=tuple(segments),
            hidden=True,
        )
