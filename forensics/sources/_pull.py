"""Fetches what belongs to one image of a registry into the store, each content verified before it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from forensics.digests import is_digest
from forensics.model.acquisition import AcquiredContent, NotAcquired
from forensics.model.image import Blob, Descriptor
from forensics.printable import printable
from forensics.quantities import counted
from forensics.registry import Delivery, NotThere, RegistryClient, RegistryError, SentWrongBytes
from forensics.sources._evidence import read_blob
from forensics.sources._layout import blob_name
from forensics.sources._opening import Opening
from forensics.sources._pulled_documents import PulledDocument
from forensics.sources._store_evidence import StoreEvidence
from forensics.store import Receiving, StoreMismatch

_THREADS = 4
_LOOK = 0.1
_MOST_NOTES = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """One blob to fetch. `subject` is what an issue calls it; `urls` are other places the image names."""

    descriptor: Descriptor
    role: str
    subject: str
    most: int
    urls: tuple[str, ...] = ()


@dataclass(slots=True)
class Pulled:
    """What came and what did not, in the order it was asked for."""

    contents: dict[str, AcquiredContent] = field(default_factory=dict)
    not_acquired: dict[str, NotAcquired] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How one blob was fetched; without a `blob` a code and a reason for an issue."""

    blob: Blob | None
    code: str = ""
    reason: str = ""
    delivery: Delivery = field(default_factory=Delivery)


class Pull:
    """One run against one repository."""

    def __init__(self, opening: Opening, client: RegistryClient, evidence: StoreEvidence) -> None:
        self._opening = opening
        self._client = client
        self._evidence = evidence
        self._guard = threading.Lock()
        self._done = 0
        self._total = 0
        self.pulled = Pulled()

    def document(self, wanted: str, role: str, media_type: str = "", *, ask: bool = False) -> PulledDocument:
        """A manifest or index by tag or digest, from the store where it has that digest.

        `ask`: the registry is asked in any case, so that the record does not say of it what it never said.

        Raises RegistryError, and ImageNotOpened when it is no document that is read.
        """
        blob = None if ask else self._opening.store.find(wanted)
        if blob is not None and blob.size <= self._opening.limits.json_bytes:
            content, digest, verified = read_blob(blob), wanted, True
        else:
            fetched = self._client.manifest(wanted)
            content, digest, verified = fetched.content, fetched.digest, fetched.verified
            media_type = media_type or fetched.media_type
            blob = self._keep(digest, content)
        document = PulledDocument(content, digest, media_type, self._opening.issues, verified=verified)
        about = AcquiredContent(
            digest=digest,
            size=blob.size,
            media_type=printable(document.media_type),
            role="index" if document.is_index and role == "manifest" else role,
            verified=verified,
        )
        self._add(blob, about)
        return document

    def small(self, wanted: Wanted) -> Blob | None:
        """One blob, at once; None, and noted, when it cannot be had."""
        self._settle(wanted, self._fetch(wanted))
        return self._evidence.find(blob_name(wanted.descriptor.digest))

    def all(self, wanted: Sequence[Wanted]) -> None:
        """Fetch blobs, four at a time; what the registry does not have, or has wrongly, is noted.

        Raises RegistryError when it breaks off, ForensicsError when the store takes no more, Cancelled.
        """
        todo = list({one.descriptor.digest: one for one in reversed(wanted)}.values())[::-1]
        self._total += sum(one.descriptor.size for one in todo)
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="pull")
        futures = [pool.submit(self._fetch, one) for one in todo]
        try:
            waiting = set(futures)
            while waiting:
                self._tell()
                done, waiting = wait(waiting, _LOOK, FIRST_EXCEPTION)
                for future in done:
                    future.result()
        except BaseException:
            self._client.close()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        self._tell()
        for one, future in zip(todo, futures, strict=True):
            self._settle(one, future.result())

    def note(self, text: str) -> None:
        """Something that the record of the acquisition should say."""
        if len(self.pulled.notes) < _MOST_NOTES:
            self.pulled.notes.append(printable(text))

    def leave(self, wanted: Wanted, code: str, reason: str) -> None:
        """Note that a content is not there, and why."""
        about = wanted.descriptor
        if wanted.urls:
            reason += f"; the image names other places for it, which were not asked: {_shown(wanted.urls)}"
        self._opening.issues.add(code, wanted.subject, f"it was not acquired: {reason}")
        self.pulled.not_acquired[about.digest] = NotAcquired(
            digest=printable(about.digest),
            media_type=printable(about.media_type),
            size=about.size,
            reason=printable(reason),
        )

    def _settle(self, wanted: Wanted, outcome: _Outcome) -> None:
        """Take in how a blob was fetched, in the order in which they were asked for."""
        about, delivery = wanted.descriptor, outcome.delivery
        if delivery.kept or delivery.again or delivery.breaks:
            kept = (
                f"{delivery.kept:,} bytes of it were there from an earlier attempt, " if delivery.kept else ""
            )
            broke = f"the connection broke {counted(delivery.breaks, 'time')}, " if delivery.breaks else ""
            self.note(
                f"{wanted.subject} was resumed: {kept}{broke}{delivery.fetched:,} bytes were fetched, "
                f"{delivery.again:,} of them again"
            )
        if outcome.blob is None:
            self.leave(wanted, outcome.code, outcome.reason)
            return
        if wanted.urls:
            self.note(
                f"{wanted.subject}: the image names other places for it, which were not asked: "
                f"{_shown(wanted.urls)}"
            )
        self._add(
            outcome.blob,
            AcquiredContent(
                digest=about.digest,
                size=outcome.blob.size,
                media_type=printable(about.media_type),
                role=wanted.role,
                verified=True,
            ),
        )

    def _add(self, blob: Blob, about: AcquiredContent) -> None:
        self._evidence.add(about.digest, blob)
        self.pulled.contents.setdefault(about.digest, about)

    def _keep(self, digest: str, content: bytes) -> Blob:
        with self._opening.store.receive(digest) as receiving:
            receiving.restart()
            receiving.write(content)
            return receiving.finish(None if receiving.complete else len(content))[1]

    # -- in threads -------------------------------------------------------------------------------------

    def _fetch(self, wanted: Wanted) -> _Outcome:
        about = wanted.descriptor
        if not is_digest(about.digest):
            return _Outcome(None, "bad-digest", f"{about.digest!r} is no digest of content")
        if about.size > wanted.most:
            return _Outcome(None, "limit", f"it has {about.size:,} bytes, {wanted.most:,} may be fetched")
        delivery = Delivery()
        try:
            return _Outcome(self._received(about, delivery), delivery=delivery)
        except NotThere:
            return _Outcome(None, "not-acquired", "the registry does not have it")
        except (SentWrongBytes, StoreMismatch) as error:
            return _Outcome(None, "digest-mismatch", error.message, delivery)
        except RegistryError as error:
            if wanted.role != "referrer":
                raise
            return _Outcome(None, "not-acquired", error.message, delivery)

    def _received(self, about: Descriptor, delivery: Delivery) -> Blob:
        while True:
            with self._opening.store.receive(about.digest) as receiving:
                if receiving.complete is not None:
                    self._advance(about.size)
                    return receiving.complete
                kept = receiving.offset
                sink = _Counted(receiving, self._advance)
                try:
                    self._client.blob(about.digest, about.size, sink, delivery)
                    return receiving.finish(about.size)[1]
                except StoreMismatch:
                    if not kept:
                        raise
                    # What an earlier attempt left may be what is wrong.
                    self._advance(-receiving.offset)
                    delivery.again += kept

    def _advance(self, count: int) -> None:
        with self._guard:
            self._done += count

    def _tell(self) -> None:
        self._opening.cancel.check()
        if self._opening.on_progress is not None:
            self._opening.on_progress(min(self._done, self._total), self._total)


class _Counted:
    """A content on its way into the store, counted for the progress."""

    def __init__(self, receiving: Receiving, advance: Callable[[int], None]) -> None:
        self._receiving = receiving
        self._advance = advance
        advance(receiving.offset)

    @property
    def offset(self) -> int:
        """How many bytes are there."""
        return self._receiving.offset

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._receiving.write(data)
        self._advance(len(data))

    def restart(self) -> None:
        """Forget what is there."""
        self._advance(-self._receiving.offset)
        self._receiving.restart()


def _shown(urls: Sequence[str]) -> str:
    more = f" and {len(urls) - 3} more" if len(urls) > 3 else ""
    return ", ".join(url[:200] for url in urls[:3]) + more
