"""Opens what an acquisition wrote: the record beside an OCI layout, and the archive that it may name.

The record is a claim by whoever wrote the layout. It may say where an image came from, and which one of
several was chosen where the person chooses none; it may not make this program look at another image than the
one that programs see which read the layout alone. What it says was met then is told behind what is met now.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import msgspec

from forensics.digests import is_digest
from forensics.errors import ImageNotOpened
from forensics.limits import Limits
from forensics.model.acquisition import SCHEMA, AcquiredContent, Acquisition
from forensics.model.image import Blob, Image
from forensics.model.issues import Issue
from forensics.parsers.tar import TarRun
from forensics.printable import printable
from forensics.sources._agreement import Agreement
from forensics.sources._archive import ArchiveEvidence
from forensics.sources._choice import Candidate
from forensics.sources._evidence import Evidence, Stored, blob_pieces
from forensics.sources._issues import IssueLog
from forensics.sources._layout import INDEX_NAME, Layout, blob_name, digest_like
from forensics.sources._opening import Opening
from forensics.sources._reference import Reference

RECORD_NAME = "acquisition.json"
LAYOUT = "oci_layout"
"""The source that reads layouts."""
ACQUIRED = "acquired"
"""The source of an image whose reference is the word of a record."""
_NUMBERED_ELSEWHERE = "registry"
"""The source whose images are platforms that a layout does not hold: the one that was pulled is its first."""
SCHEMES = frozenset({"", "oci-archive", "oci-dir"})
"""What an acquired image may be opened as, so that its record counts."""
_WITHIN = {
    "docker_archive": "docker-archive",
    LAYOUT: "oci-archive",
    ACQUIRED: "oci-archive",
    "rootfs": "rootfs",
}
"""How the archive is opened that a source had read; any other one by its bytes."""
_OF_THE_IMAGE = frozenset({"index", "manifest", "config", "layer"})
"""Roles of contents that are held against their digests wherever a layout is read."""
_MOST_CODE = 40


def read_record(evidence: Evidence, limits: Limits) -> Acquisition | None:
    """The record beside a layout; None when there is none, with an issue when it cannot be used."""
    if evidence.find(RECORD_NAME) is None or evidence.find(INDEX_NAME) is None:
        return None
    content = evidence.read(RECORD_NAME, limits.json_bytes)
    if content is None:
        return None
    try:
        record = msgspec.json.decode(content, type=Acquisition)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        evidence.issues.add("not-parsed", RECORD_NAME, f"it is no record of an acquisition: {error}")
        return None
    if record.schema != SCHEMA:
        evidence.issues.add(
            "not-supported", RECORD_NAME, f"its schema is {record.schema[:80]!r}, not {SCHEMA}"
        )
        return None
    if max(map(len, (record.reference, record.resolved, record.acquired))) > limits.name_bytes:
        evidence.issues.add(
            "limit", RECORD_NAME, f"a name in it has more than {limits.name_bytes:,} characters"
        )
        return None
    return record


def recorded_reference(record: Acquisition, given: Reference, scheme: str) -> Reference:
    """The reference under which the image was acquired, for bytes that lie where `given` leads."""
    return Reference(record.reference or given.text, scheme, given.path, "")


def archive_within(record: Acquisition, opening: Opening) -> Opening | None:
    """The archive that was received, ready to be opened; None, with an issue, when it is not there."""
    blob = opening.evidence.find(blob_name(record.archive)) if is_digest(record.archive) else None
    if blob is None:
        size = next((one.size for one in record.contents if one.digest == record.archive), 1)
        opening.issues.add(
            "archive-absent",
            RECORD_NAME,
            f"the archive that was acquired ({record.archive[:80]}) is not there; the layout is read",
            max(1, size),
        )
        return None
    _verify([one for one in record.contents if one.role != "layer" or one.digest == record.archive], opening)
    return opening.within(recorded_reference(record, opening.reference, _WITHIN.get(record.source, "")), blob)


def begin_layout(record: Acquisition, opening: Opening) -> None:
    """Prepare the reading of a layout that is itself what was received."""
    opening.reference = recorded_reference(record, opening.reference, opening.reference.scheme)
    opening.acquisition = record
    if isinstance(opening.evidence, ArchiveEvidence):
        opening.adopt(_LayoutInTar(opening.evidence))
    _verify([one for one in record.contents if one.role not in _OF_THE_IMAGE], opening)


class _LayoutInTar(Evidence):
    """A layout that was acquired into a tar. Its blobs are told as those of a folder are: by name alone.

    What a folder does not hold, members of the same name and bytes beside the members, is told as ever.
    """

    def __init__(self, archive: ArchiveEvidence) -> None:
        super().__init__(archive.path, archive.issues)
        self.archive = archive

    @property
    def received(self) -> Blob:
        """The tar."""
        return self.archive.received

    def find(self, name: str) -> Blob | None:
        """The content of the member `name`."""
        return self.archive.find(name)

    def missing(self, blob: Blob) -> int:
        """How many bytes of the content the tar does not hold any more."""
        return self.archive.missing(blob)

    @property
    def early_end(self) -> str:
        """How the tar ends before its end."""
        return self.archive.early_end

    def unneeded(self, needed: Collection[str]) -> Iterator[Stored]:
        """Blobs in the order of their names, then what else is in the tar."""
        blobs: list[Stored] = []
        others: list[Stored] = []
        for one in self.archive.unneeded(needed):
            is_blob = one.name.startswith("blobs/") and not one.shadowed
            (blobs if is_blob else others).append(one)
        yield from (replace(one, offset=0) for one in sorted(blobs, key=lambda one: one.name))
        yield from others

    def stray(self) -> tuple[tuple[TarRun, ...], tuple[Blob, ...]]:
        """Runs of the tar that belong to none of its members, and the bytes of each."""
        return self.archive.stray()

    def joined(self, blobs: Sequence[Blob]) -> Blob:
        """These bytes one behind the other."""
        return self.archive.joined(blobs)

    def lacks(self, name: str, kind: str) -> ImageNotOpened:
        """Why a forced reading fails."""
        return self.archive.lacks(name, kind)

    def refusal(self) -> ImageNotOpened:
        """Why this is no image that can be opened."""
        return self.archive.refusal()

    def close(self) -> None:
        """Close the tar."""
        self.archive.close()


def narrowed(candidates: Sequence[Candidate], record: Acquisition) -> Sequence[Candidate]:
    """The image that was chosen when it was acquired; all of them unless all the record says agrees."""
    if len(candidates) < 2:
        return candidates
    number = 0 if record.source == _NUMBERED_ELSEWHERE else record.choice.image
    if number is None or not 0 <= number < len(candidates) or not _is_recorded(candidates[number], record):
        return candidates
    return candidates[number : number + 1]


def _is_recorded(candidate: Candidate, record: Acquisition) -> bool:
    """Whether a candidate is the image of the record; where that has no digest of it, by its tags."""
    configs = {content.digest for content in record.contents if content.role == "config"}
    if candidate.digest and candidate.digest in {record.manifest_digest, *configs}:
        return True
    return not record.manifest_digest and not configs and candidate.tags == record.tags


def is_what_the_layout_shows(
    image: Image, record: Acquisition, opening: Opening, recorded: Callable[[], Image | None]
) -> bool:
    """Whether programs that know no record see the image that was read from the archive within.

    Where they see another one, it may be the `recorded` of the archive, of whose images the person chose one.
    When they see none, because the layout was damaged since, the archive is what is left of it.
    """
    layout = Layout(opening.evidence, opening.limits, opening.cancel)
    agreement = Agreement(layout, image, opening.cancel)
    if not agreement.holds and not agreement.layout_is_bare:
        other = recorded()
        agreement = agreement if other is None else Agreement(layout, other, opening.cancel)
    others = [one for one in record.contents if one.role == "layer" and one.digest not in agreement.equal]
    _verify([one for one in others if one.digest != record.archive], opening)
    if agreement.holds:
        return True
    if agreement.layout_is_bare:
        opening.issues.add("documents-disagree", RECORD_NAME, f"{INDEX_NAME} beside it leads to no image")
        return True
    opening.issues.add(
        "documents-disagree",
        RECORD_NAME,
        f"{INDEX_NAME} leads to another image than the archive {record.archive[:19]} that it names; the "
        "layout is read, as other programs do",
    )
    return False


def with_what_was_met(found: Iterable[Issue], record: Acquisition) -> tuple[Issue, ...]:
    """What was found by looking, and behind it what only the record tells: at most as many as a source tells.

    An honest record repeats what is found again, and adds what no copy can show.
    """
    told = IssueLog()
    for issue in record.issues:
        told.add(printable(issue.code[:_MOST_CODE]), issue.subject, issue.message, max(0, issue.lost_bytes))
    return tuple(dict.fromkeys((*found, *told.collected())))


def _verify(contents: Iterable[AcquiredContent], opening: Opening) -> None:
    """Hold what was acquired against its digests, each run of bytes once; what differs becomes an issue."""
    known: dict[tuple[int, int, int, str], str] = {}
    progress = _Progress(opening)
    for content in dict.fromkeys(contents):
        opening.cancel.check()
        if not is_digest(content.digest):
            opening.issues.add("bad-digest", RECORD_NAME, f"{content.digest[:80]!r} is no digest of content")
            continue
        blob = opening.evidence.find(blob_name(content.digest))
        if blob is None:
            opening.issues.add(
                "content-absent", _called(content), "it was acquired and is not there any more"
            )
            continue
        if _has_holes(opening.evidence, blob):
            message = "it is stored with holes, as no acquisition does, and its digest was not verified"
            opening.issues.add("limit", _called(content), message)
            continue
        computed = _digest_of(blob, content.digest, progress, known)
        if computed != content.digest:
            opening.issues.add(
                "digest-mismatch",
                _called(content),
                f"its digest is {computed}: it was changed after it was acquired",
            )


def _digest_of(
    blob: Blob, declared: str, progress: _Progress, known: dict[tuple[int, int, int, str], str]
) -> str:
    status = os.fstat(blob.fd)
    key = (status.st_dev, status.st_ino, blob.offset, declared.partition(":")[0])
    if key not in known:
        known[key] = digest_like(declared, progress.pieces(blob))
    return known[key]


def _has_holes(evidence: Evidence, blob: Blob) -> bool:
    """Whether a content of a tar was written out from a sparse member: few bytes may stand for very many."""
    archive = evidence.archive if isinstance(evidence, _LayoutInTar) else evidence
    return isinstance(archive, ArchiveEvidence) and blob.fd != archive.blob.fd


class _Progress:
    """Tells how many bytes were verified, and stops when the person asks for it."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._done = 0

    def pieces(self, blob: Blob) -> Iterator[bytes]:
        """The bytes of a blob."""
        for piece in blob_pieces(blob):
            self._opening.cancel.check()
            yield piece
            self._done += len(piece)
            if self._opening.on_progress is not None:
                self._opening.on_progress(self._done, 0)


def _called(content: AcquiredContent) -> str:
    return f"acquired {content.role or 'content'} {content.digest[:80]}"
