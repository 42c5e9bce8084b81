"""Fetches what belongs to one image of a registry into the store, each content verified before it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from forensics.digests import is_digest
from forensics.model.acquisition import AcquiredContent, NotAcquired
from forensics.model.image import Blob, Descriptor
from forensics.printable import printable
from forensics.quantities import counted
from forensics.registry import (
    ConnectionLost,
    Delivery,
    Denied,
    NotThere,
    RegistryClient,
    RegistryError,
    SentWrongBytes,
)
from forensics.sources._evidence import read_blob
from forensics.sources._layout import blob_name
from forensics.sources._opening import Opening
from forensics.sources._pulled_documents import PulledDocument
from forensics.sources._store_evidence import StoreEvidence
from forensics.store import Store, StoreMismatch

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
    """How one blob was fetched; without a `blob` a code and a reason for an issue.

    `held`: the store had it; `unknown` is why the registry did not say whether it has it too.
    """

    blob: Blob | None
    code: str = ""
    reason: str = ""
    delivery: Delivery = field(default_factory=Delivery)
    held: bool = False
    unknown: str = ""


class Pull:
    """One run against one repository."""

    def __init__(self, opening: Opening, client: RegistryClient, evidence: StoreEvidence) -> None:
        self._opening = opening
        self._client = client
        self._evidence = evidence
        self._guard = threading.Lock()
        self._done = 0
        self._total = 0
        self._held: set[str] = set()
        self._given: set[str] = set()
        self.pulled = Pulled()

    def document(self, wanted: str, role: str, media_type: str = "", *, ask: bool = False) -> PulledDocument:
        """A manifest or index by tag or digest, from the store where that and the registry have it.

        `ask`: it is fetched in any case.

        Raises RegistryError, and ImageNotOpened when it is no document that is read.
        """
        blob = None if ask else self._opening.store.find(wanted)
        if blob is not None and blob.size <= self._opening.limits.json_bytes and self._is_there(wanted):
            content, digest, verified = read_blob(blob), wanted, True
        else:
            fetched = self._client.manifest(wanted)
            content, digest, verified = fetched.content, fetched.digest, fetched.verified
            media_type = media_type or fetched.media_type
            blob = self._keep(digest, content)
            self._given.add(digest)
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
        self._tell_what_was_there()

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
        if outcome.held:
            self._held.add(about.digest)
        if outcome.unknown:
            self.note(
                f"{wanted.subject} came from the store; whether the registry has it is not known: "
                f"{outcome.unknown}"
            )
        if outcome.blob is None:
            self.leave(wanted, outcome.code, outcome.reason)
            return
        if wanted.urls:
            self.note(
                f"{wanted.subject}: the image names other places for it, which were not asked: "
                f"{_shown(wanted.urls)}"
            )
        self._given.add(about.digest)
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

    def _is_there(self, digest: str) -> bool:
        """Whether the registry gave this manifest, or says that it has it; else it must be asked for it."""
        if digest not in self._given:
            try:
                if not self._client.has("manifests", digest):
                    return False
            except RegistryError:
                return False
            self._given.add(digest)
        return True

    def _tell_what_was_there(self) -> None:
        if self._held:
            self.note(
                f"{counted(len(self._held), 'content')} came from the store and not over the network; "
                "the registry was asked whether it has each of them"
            )

    # -- in threads -------------------------------------------------------------------------------------

    def _fetch(self, wanted: Wanted) -> _Outcome:
        about = wanted.descriptor
        if not is_digest(about.digest):
            return _Outcome(None, "bad-digest", f"{about.digest!r} is no digest of content")
        if about.size > wanted.most:
            return _Outcome(None, "limit", f"it has {about.size:,} bytes, {wanted.most:,} may be fetched")
        delivery = Delivery()
        try:
            return self._received(wanted, delivery)
        except NotThere:
            return _Outcome(None, "not-acquired", "the registry does not have it")
        except (SentWrongBytes, StoreMismatch) as error:
            return _Outcome(None, "digest-mismatch", error.message, delivery)
        except RegistryError as error:
            if wanted.role != "referrer":
                raise
            return _Outcome(None, "not-acquired", error.message, delivery)

    def _received(self, wanted: Wanted, delivery: Delivery) -> _Outcome:
        """A content that has its digest, whatever size its descriptor says."""
        about = wanted.descriptor
        with _Counted(self._opening.store, about.digest, self._advance) as sink:
            if sink.blob is None:
                self._client.blob(about.digest, about.size, sink, delivery, most=wanted.most)
                return _Outcome(sink.blob, delivery=delivery)
            if sink.blob.size > wanted.most:
                raise SentWrongBytes(f"{about.digest} has more than {wanted.most:,} bytes")
            if about.digest in self._given:
                return _Outcome(sink.blob)
            return _Outcome(sink.blob, held=True, unknown=self._unknown(about.digest))

    def _unknown(self, digest: str) -> str:
        """Why the registry does not say whether it has a blob, empty when it has. Raises what fetching the
        blob would raise: NotThere, Denied, ConnectionLost.
        """
        try:
            is_there = self._client.has("blobs", digest)
        except (Denied, ConnectionLost):
            raise
        except RegistryError as error:
            return error.message
        if not is_there:
            raise NotThere("the registry does not have it")
        return ""

    def _advance(self, count: int) -> None:
        with self._guard:
            self._done += count

    def _tell(self) -> None:
        self._opening.cancel.check()
        if self._opening.on_progress is not None:
            self._opening.on_progress(min(self._done, self._total), self._total)


class _Counted:
    """A content on its way into the store, counted for the progress. A context manager.

    `blob` is the content when all of it is there and has its digest.
    """

    def __init__(self, store: Store, digest: str, advance: Callable[[int], None]) -> None:
        self._store = store
        self._digest = digest
        self._advance = advance
        self.blob: Blob | None = None
        self._begin()

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

    def finish(self) -> None:
        """Put it in the store. Raises SentWrongBytes, and is empty again, when it has another digest."""
        came = self.offset
        try:
            self.blob = self._receiving.finish()[1]
        except StoreMismatch as error:
            self._advance(-came)
            self._begin()
            # Another process may have received it meanwhile.
            if self.blob is None:
                raise SentWrongBytes(error.message, error.hint) from error

    def _begin(self) -> None:
        self._receiving = self._store.receive(self._digest)
        self.blob = self._receiving.complete
        self._advance(self._receiving.offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiving.__exit__(kind, error, trace)


def _shown(urls: Sequence[str]) -> str:
    more = f" and {len(urls) - 3} more" if len(urls) > 3 else ""
    return ", ".join(url[:200] for url in urls[:3]) + more
