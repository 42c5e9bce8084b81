"""The acquisition of one image that is open, from what arrived to what lies at the target."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from forensics import __version__
from forensics.acquisition._target import Writer, layout_writer
from forensics.cancellation import Cancellation
from forensics.digests import is_digest, new_hash
from forensics.errors import ForensicsError, UsageError
from forensics.model.acquisition import AcquiredContent, Acquisition, NotAcquired
from forensics.model.image import Blob
from forensics.printable import printable
from forensics.sources import (
    RECORD_NAME,
    OpenImage,
    Presented,
    Received,
    ReceivedFile,
    blob_name,
    blob_pieces,
)

Progress = Callable[[int, int], None]

_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_BLOBS = "blobs/"


@dataclass(frozen=True, slots=True)
class Acquired:
    """What an acquisition wrote: its record, and the bytes of all files together."""

    record: Acquisition
    size: int


def acquire(
    opened: OpenImage, target: Path, *, cancel: Cancellation, on_progress: Progress | None = None
) -> Acquired:
    """Write `opened` to `target` with a record of it; a tar when the name ends in `.tar`, else a folder.

    `on_progress` gets bytes written and their total. Raises UsageError when something is there already,
    ForensicsError when it cannot be written or the image changes meanwhile, Cancelled; then nothing is left.
    """
    with layout_writer(target, cancel) as writer:
        copying = _Copying(writer, opened, cancel, on_progress)
        return copying.run()


class _Copying:
    """One run. The record is written last: it says what was written before it."""

    def __init__(
        self, writer: Writer, opened: OpenImage, cancel: Cancellation, on_progress: Progress | None
    ) -> None:
        self._writer = writer
        self._opened = opened
        self._cancel = cancel
        self._on_progress = on_progress
        self._received = opened.received()
        self._total = 0
        self._done = 0
        self._contents: dict[str, AcquiredContent] = {}
        self._missing: list[NotAcquired] = []
        self._notes: list[str] = list(self._received.left_out)

    def run(self) -> Acquired:
        """Write everything."""
        if self._received.archive is not None:
            archive = self._archive(self._received.archive, self._opened.presented())
            record: Acquisition | None = self._record(archive)
        else:
            record = self._files(self._received)
        if record is None:
            return Acquired(self._earlier(), self._done)
        content = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
        self._write(RECORD_NAME, len(content), iter((content,)))
        return Acquired(record, self._done)

    def _archive(self, archive: Blob, presented: Presented) -> str:
        """Write a layout of the image and the archive itself; the archive's digest."""
        digest = self._digest(archive)
        self._notes += presented.notes
        self._missing += presented.not_acquired
        self._total = archive.size + sum(one.about.size for one in presented.contents)
        self._write("oci-layout", len(_LAYOUT), iter((_LAYOUT,)))
        self._write("index.json", len(presented.index), iter((presented.index,)))
        for one in presented.contents:
            content = one.content
            pieces = iter((content,)) if isinstance(content, bytes) else blob_pieces(content)
            self._add_blob(one.about, pieces)
        about = AcquiredContent(digest=digest, size=archive.size, role="archive")
        self._add_blob(about, blob_pieces(archive))
        return digest

    def _add_blob(self, about: AcquiredContent, pieces: Iterator[bytes]) -> None:
        if about.digest in self._contents:
            return
        self._contents[about.digest] = about
        written = self._write(blob_name(about.digest), about.size, pieces)
        if about.digest.startswith("sha256:") and written != about.digest:
            raise ForensicsError(
                "the image changed while it was read", "acquire it again when nothing writes to it"
            )

    def _files(self, received: Received) -> Acquisition | None:
        """Write the files of a layout as they are; None when one of them is the record of an acquisition."""
        has_record = any(file.name == RECORD_NAME for file in received.files)
        if has_record and self._opened.acquisition is None:
            raise UsageError(
                f"the layout holds an {RECORD_NAME} that cannot be used",
                "copy the folder as it is, or acquire it without this file",
            )
        self._total = sum(file.size for file in received.files)
        for file in received.files:
            self._file(file, received)
        return None if has_record else self._record("")

    def _file(self, file: ReceivedFile, received: Received) -> None:
        declared = _declared(file.name)
        computed = new_hash(declared) if declared else None

        def pieces() -> Iterator[bytes]:
            for piece in file.pieces():
                if computed is not None:
                    computed.update(piece)
                yield piece

        self._write(file.name, file.size, pieces())
        if computed is None or received.record is not None:
            return
        role, media_type = (received.roles or {}).get(declared, ("", ""))
        found = f"{declared.partition(':')[0]}:{computed.hexdigest()}"
        if found == declared:
            self._contents[declared] = AcquiredContent(
                digest=declared, size=file.size, media_type=media_type, role=role, verified=True
            )
        else:
            reason = f"the bytes that were kept under this digest have another: {found}"
            self._missing.append(
                NotAcquired(digest=declared, size=file.size, media_type=media_type, reason=reason)
            )

    def _record(self, archive: str) -> Acquisition:
        image = self._opened.image
        choice = self._opened.choice
        earlier = self._received.record
        if earlier is not None:
            contents = {one.digest: one for one in earlier.contents}
            return msgspec.structs.replace(
                earlier,
                contents=tuple({**self._contents, **contents}.values()),
                not_acquired=(*earlier.not_acquired, *self._missing),
                notes=(*earlier.notes, *self._notes),
                issues=image.issues,
                choice=choice if archive else msgspec.structs.replace(choice, image=None),
            )
        return Acquisition(
            version=__version__,
            source=image.source,
            reference=printable(self._opened.reference),
            resolved=archive or image.manifest_digest,
            acquired=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            manifest_digest=image.manifest_digest,
            platform=printable(str(image.platform)),
            tags=tuple(map(printable, image.tags)),
            contents=tuple(self._contents.values()),
            not_acquired=tuple(self._missing),
            notes=tuple(self._notes),
            issues=image.issues,
            archive=archive,
            choice=choice,
        )

    def _earlier(self) -> Acquisition:
        if self._opened.acquisition is None:
            raise TypeError(RECORD_NAME)
        return self._opened.acquisition

    def _digest(self, blob: Blob) -> str:
        computed = hashlib.sha256()
        for piece in blob_pieces(blob):
            self._cancel.check()
            computed.update(piece)
        return f"sha256:{computed.hexdigest()}"

    def _write(self, name: str, size: int, pieces: Iterator[bytes]) -> str:
        return self._writer.add(name, size, self._counted(pieces))

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._done += len(piece)
            if self._on_progress is not None:
                self._on_progress(self._done, max(self._done, self._total))


def _declared(name: str) -> str:
    """The digest that a file of a layout is called by, empty when it is no blob."""
    digest = name.removeprefix(_BLOBS).replace("/", ":")
    return digest if name.startswith(_BLOBS) and is_digest(digest) else ""
