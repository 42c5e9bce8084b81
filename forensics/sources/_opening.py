"""One attempt to open a reference: what every source is handed, and what a source is."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from forensics.access import Access
from forensics.cancellation import Cancellation
from forensics.errors import ImageNotOpened
from forensics.limits import Limits
from forensics.model.acquisition import Acquisition
from forensics.model.image import Blob
from forensics.parsers.compression import Decompressed, decompress, detect_compression
from forensics.printable import printable
from forensics.sources._archive import ArchiveEvidence
from forensics.sources._choice import Candidate
from forensics.sources._evidence import Evidence, FolderEvidence, Stored, open_path
from forensics.sources._issues import IssueLog
from forensics.sources._reference import Reference
from forensics.spool import Spool
from forensics.store import Store

Progress = Callable[[int, int], None]
Decompress = Callable[[Blob, int, Progress | None], Decompressed]
"""Decompresses a blob into an empty file."""


class Opening:
    """What a source needs to open one reference: its words, its evidence, and the means of the run.

    The evidence and the store are opened when a source first asks for them, and closed with the `Opening`.
    `blob` is an archive that is open already, in place of what lies at the reference's path.
    `acquisition` is what a remote source received, set when the chosen image is loaded, or the record that
    lies beside an acquired image.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        spool: Spool,
        limits: Limits,
        access: Access,
        cancel: Cancellation,
        on_progress: Progress | None,
        decompress: Decompress | None = None,
        blob: Blob | None = None,
    ) -> None:
        self.reference = reference
        self.spool = spool
        self.limits = limits
        self.access = access
        self.cancel = cancel
        self.on_progress = on_progress
        self.decompress = decompress
        self.issues = IssueLog()
        self.acquisition: Acquisition | None = None
        self._blob = blob
        self._inner: list[Opening] = []
        self._evidence: Evidence | None = None
        self._store: Store | None = None
        self._damage = ""
        self._behind: tuple[Stored, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """What lies at the path; raises ImageNotOpened when that is nothing which can be read."""
        if self._evidence is None:
            self._evidence = self._open()
        return self._evidence

    def adopt(self, evidence: Evidence) -> None:
        """Take evidence that a remote source received in place of what lies at a path."""
        self._evidence = evidence

    @property
    def store(self) -> Store:
        """Where remote sources put what they receive; raises ForensicsError when it cannot be written."""
        if self._store is None:
            self._store = Store(most_bytes=self.limits.store_bytes, cancel=self.cancel)
        return self._store

    def within(self, reference: Reference, blob: Blob) -> Opening:
        """An opening of an archive that this one's evidence holds; it knows the issues so far, is closed with
        this one and shares its means.
        """
        inner = Opening(
            reference,
            spool=self.spool,
            limits=self.limits,
            access=self.access,
            cancel=self.cancel,
            on_progress=self.on_progress,
            blob=blob,
            decompress=self.decompress,
        )
        inner.issues.extend(self.issues.collected())
        self._inner.append(inner)
        return inner

    def _open(self) -> Evidence:
        shown = printable(str(self.reference.path))
        if self._blob is not None:
            descriptor = os.dup(self._blob.fd)
            return self._archive(descriptor, Blob(descriptor, self._blob.offset, self._blob.size), shown)
        descriptor, status = open_path(self.reference.path)
        if stat.S_ISDIR(status.st_mode):
            return FolderEvidence(shown, descriptor, self.issues)
        return self._archive(descriptor, Blob(descriptor, 0, status.st_size), shown)

    def _archive(self, descriptor: int, received: Blob, shown: str) -> ArchiveEvidence:
        try:
            blob = self._unwrapped(received, shown)
        except BaseException:
            os.close(descriptor)
            raise
        evidence = ArchiveEvidence(
            shown,
            descriptor,
            blob,
            self.issues,
            spool=self.spool,
            limits=self.limits,
            cancel=self.cancel,
            damage=self._damage,
        )
        evidence.behind = self._behind
        return evidence

    def _unwrapped(self, blob: Blob, shown: str) -> Blob:
        """The archive itself, decompressed into the spool when it is wrapped in a compression."""
        compression = detect_compression(os.pread(blob.fd, 512, blob.offset))
        if not compression:
            return blob
        target = self.spool.new_file()
        if self.decompress is not None:
            result = self.decompress(blob, target, self.on_progress)
        else:
            result = decompress(
                blob, target, limits=self.limits, cancel=self.cancel, on_progress=self.on_progress
            )
        if result.code:
            self.issues.add(result.code, "archive", result.error, result.lost)
        if result.left_out:
            message = "notes in headers of compressed data, in too many places to look at all"
            self.issues.add("limit", "archive", message, result.left_out)
        self._behind = tuple(
            Stored(run.kind, Blob(blob.fd, blob.offset + run.offset, run.size), run.offset)
            for run in result.hidden
            if run.offset >= 0 and 0 < run.size <= blob.size - run.offset
        )
        if result.code in {"truncated", "corrupt"}:
            state = "ends early, at" if result.code == "truncated" else "is damaged behind"
            self._damage = f"its {compression} data {state} byte {result.consumed:,}"
        elif result.code == "limit":
            self._damage = f"its {compression} data were given up at byte {result.consumed:,}: {result.error}"
        if not result.size:
            raise ImageNotOpened(
                f"{shown} is {compression} data that cannot be decompressed",
                "check that it was copied completely",
            )
        return Blob(target, 0, result.size)

    def close(self) -> None:
        """Close the evidence and the store, those of archives within first."""
        while self._inner:
            self._inner.pop().close()
        if self._evidence is not None:
            self._evidence.close()
            self._evidence = None
        if self._store is not None:
            self._store.close()
            self._store = None


class Source(ABC):
    """A way to open images. `schemes` are the words that force it, `id` the name of its module.

    What stands behind the scheme of a `remote` source is no path but `Reference.name`; it recognises no
    bytes.
    """

    id: ClassVar[str]
    schemes: ClassVar[tuple[str, ...]]
    remote: ClassVar[bool] = False

    @abstractmethod
    def recognises(self, evidence: Evidence) -> bool:
        """Whether the bytes are of this kind; asked in name order where no scheme was given."""

    @abstractmethod
    def candidates(self, opening: Opening) -> tuple[Candidate, ...]:
        """The images that can be opened, in the order they are listed.

        Raises ImageNotOpened when the evidence is not of this kind or holds none.
        """
