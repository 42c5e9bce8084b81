"""Opens what a Docker Engine has, or podman by its service: received once, then read as an archive."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from forensics import __version__
from forensics.errors import ImageNotOpened
from forensics.model.acquisition import AcquiredContent, Acquisition
from forensics.model.image import Blob, Image
from forensics.printable import printable
from forensics.sources._archive import ArchiveEvidence
from forensics.sources._choice import Candidate
from forensics.sources._engine_address import engine_address
from forensics.sources._evidence import Evidence
from forensics.sources._layout import blob_name
from forensics.sources._opening import Opening, Source
from forensics.sources._saved_images import MANIFEST_NAME, SavedImages

if TYPE_CHECKING:
    from forensics.sources._engine import Engine, Resolved

_ARCHIVE_TYPE = "application/x-tar"


class DockerEngineSource(Source):
    """Docker Engine API, `GET /images/{name}/get`: the archive that `docker save` would write.

    The `docker` package is imported when an image is asked for: it takes a fifth of a second.
    """

    id: ClassVar[str] = "docker_engine"
    schemes: ClassVar[tuple[str, ...]] = ("docker",)
    remote: ClassVar[bool] = True

    def recognises(self, evidence: Evidence) -> bool:  # noqa: ARG002 - no bytes are of this kind
        """Never: only its scheme leads here."""
        return False

    def candidates(self, opening: Opening) -> tuple[Candidate, ...]:
        """The images in the archive that the engine sends, one unless it keeps several platforms of it."""
        from forensics.sources._engine import Engine

        address = engine_address(opening.access)
        with Engine(address, opening.limits, opening.cancel) as engine:
            resolved = engine.resolve(opening.reference.name)
            digest, blob = _receive(opening, engine, resolved)
            record = _record(opening, engine, resolved, digest, blob)
        evidence = _evidence(opening, blob)
        opening.adopt(evidence)
        if not evidence.head(MANIFEST_NAME, 1):
            state = (
                f"an archive that {evidence.early_end}" if evidence.early_end else "no docker-save archive"
            )
            raise ImageNotOpened(
                f"what {engine.version} sent for {printable(opening.reference.name)} is {state}",
                "check what docker save -o image.tar NAME gives",
            )
        candidates = SavedImages(opening, self.id).candidates()
        known = resolved.image.id
        if known not in {one.digest for one in candidates} and evidence.find(blob_name(known)) is None:
            opening.issues.add(
                "digest-mismatch",
                "image id",
                f"the engine calls it {known}, and nothing with this digest is in the archive that it sent",
            )
        return tuple(_recorded(candidate, opening, record) for candidate in candidates)


def _receive(opening: Opening, engine: Engine, resolved: Resolved) -> tuple[str, Blob]:
    """The archive in the store, with its digest. Raises ImageNotOpened when not all of it comes."""
    from forensics.sources._engine_problems import PROBLEMS, one_line
    from forensics.sources._engine_stream import ErrorMark, cancellable

    mark = ErrorMark()
    with opening.store.receive() as receiving:
        pieces = cancellable(engine.archive(resolved.name), opening.cancel)
        while True:
            try:
                piece = next(pieces, b"")
            except PROBLEMS as error:
                raise engine.broken_off(error, receiving.offset) from error
            if not piece:
                break
            receiving.write(piece)
            mark.see(piece)
            _check_size(opening, receiving.offset)
            if opening.on_progress is not None:
                opening.on_progress(receiving.offset, max(resolved.image.size, receiving.offset))
        if mark.message:
            raise engine.broken_off(one_line(mark.message), receiving.offset)
        return receiving.finish()


def _check_size(opening: Opening, done: int) -> None:
    most = opening.limits.layer_bytes
    if done > most:
        raise ImageNotOpened(
            f"the archive of {printable(opening.reference.name)} has more than {most:,} bytes",
            "raise the bound with --limit layer_bytes=BYTES",
        )


def _evidence(opening: Opening, blob: Blob) -> ArchiveEvidence:
    """The archive, under a descriptor of its own."""
    descriptor = os.dup(blob.fd)
    return ArchiveEvidence(
        printable(opening.reference.text),
        descriptor,
        msgspec.structs.replace(blob, fd=descriptor),
        opening.issues,
        spool=opening.spool,
        limits=opening.limits,
        cancel=opening.cancel,
    )


def _record(opening: Opening, engine: Engine, resolved: Resolved, digest: str, blob: Blob) -> Acquisition:
    """Where the archive came from. No digest of it was declared, so none could be verified."""
    identity = resolved.image.id
    names = dict.fromkeys((*resolved.image.tags, *resolved.image.digests))
    return Acquisition(
        version=__version__,
        source=DockerEngineSource.id,
        reference=opening.reference.text,
        resolved=identity if resolved.name == identity else f"{resolved.name}@{identity}",
        acquired=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        contents=(AcquiredContent(digest=digest, size=blob.size, media_type=_ARCHIVE_TYPE, role="archive"),),
        notes=(
            f"sent by {engine.version} at {engine.address.shown} ({engine.address.security})",
            f"the engine calls it {', '.join(map(printable, names)) or 'by its id alone'}",
            "the archive is made by the engine when it is asked for; no digest of it was declared",
        ),
        archive=digest,
    )


def _recorded(candidate: Candidate, opening: Opening, record: Acquisition) -> Candidate:
    """The candidate whose record is kept once it is the chosen one."""

    def load() -> Image:
        image = candidate.load()
        opening.acquisition = msgspec.structs.replace(
            record,
            manifest_digest=image.manifest_digest,
            platform=str(image.platform),
            tags=image.tags,
        )
        opening.store.remember(opening.acquisition, b"")
        return image

    return replace(candidate, load=load)


SOURCE = DockerEngineSource()
