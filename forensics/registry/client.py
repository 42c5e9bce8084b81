"""Asks a registry, and its mirrors before it, for manifests, blobs and referrers.

Protocol: OCI distribution-spec 1.1, "Pulling manifests", "Pulling blobs", "Listing Referrers".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar
from urllib.parse import urljoin

import msgspec

from forensics.access import Access
from forensics.cancellation import Cancellation
from forensics.digests import is_digest, new_hash
from forensics.errors import ForensicsError
from forensics.limits import Limits
from forensics.printable import printable
from forensics.registry.addresses import host_of, origin_of
from forensics.registry.authorization import Authorization
from forensics.registry.challenges import parse_challenges
from forensics.registry.credentials import CredentialFiles
from forensics.registry.errors import ConnectionLost, Denied, NotThere, RegistryError, SentWrongBytes
from forensics.registry.mirrors import Place, places_of
from forensics.registry.names import RegistryName
from forensics.registry.patience import Patience
from forensics.registry.transport import Answer, Transport
from forensics.registry.tries import Tries

_MOST_REDIRECTS = 5
_MOST_CHALLENGES = 2
_MOST_PAGES = 64
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_INDEX = "application/vnd.oci.image.index.v1+json"
_ACCEPT = (
    "application/vnd.oci.image.manifest.v1+json,"
    "application/vnd.oci.image.index.v1+json,"
    "application/vnd.docker.distribution.manifest.v2+json,"
    "application/vnd.docker.distribution.manifest.list.v2+json"
)
_NEXT = re.compile(r'<([^<>\s]{1,4096})>\s*;\s*rel="?next"?')
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(?:\d{1,19}|\*)")
_Result = TypeVar("_Result")


class Sink(Protocol):
    """Takes the bytes of one blob; `offset` counts those that are there already."""

    @property
    def offset(self) -> int:
        """How many bytes are there."""

    def write(self, data: bytes) -> None:
        """Append bytes."""

    def restart(self) -> None:
        """Forget what is there."""

    def finish(self) -> None:
        """Hold what is there against its digest. Raises SentWrongBytes, and forgets it, when that differs."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came: its bytes, their computed digest, and what the server says it is.

    `verified`: the digest was asked for or announced, and is met.
    """

    content: bytes
    digest: str
    media_type: str
    verified: bool


@dataclass(slots=True)
class Delivery:
    """How a blob came: bytes `fetched`, those of them that had come before (`again`), and the bytes `kept`
    of an earlier attempt at which the first request went on; `breaks` counts the connections that broke.
    """

    fetched: int = 0
    again: int = 0
    kept: int = 0
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class _WantedBlob:
    """A blob, the `size` that is announced for it, and how many bytes are taken at `most`."""

    digest: str
    size: int
    most: int


class _ErrorItem(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Errors(msgspec.Struct):
    errors: list[_ErrorItem] = []


@dataclass(slots=True)
class _Endpoint:
    """One server, and how to ask it."""

    place: Place
    base: str
    authorization: Authorization
    answered: bool = False

    def url(self, below: str) -> str:
        """The address of something of this repository."""
        return f"{self.base}/v2/{self.place.name.repository}/{below}"


class RegistryClient:
    """Fetches from one repository. A context manager; usable from several threads.

    Errors are `RegistryError` (`NotThere`, `Denied`, `ConnectionLost`, `SentWrongBytes`), Cancelled, and
    UsageError for settings that cannot be used. `mirrors_used` names the mirrors that gave something.
    """

    def __init__(
        self,
        name: RegistryName,
        *,
        access: Access,
        limits: Limits,
        cancel: Cancellation,
        patience: Patience | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        settings = os.environ if environment is None else environment
        self.name = name
        self.mirrors_used: set[str] = set()
        self._limits = limits
        self._patience = patience or Patience()
        self._cancel = cancel
        self._plain_http = access.plain_http
        self._transport = Transport(access, cancel, self._patience, limits.run_seconds)
        self._files = CredentialFiles(access.authfile, settings)
        self._endpoints = tuple(self._endpoint(place) for place in places_of(name, settings))

    def manifest(self, wanted: str) -> Fetched:
        """A manifest or index by tag or digest; with a digest its bytes have it."""
        return self._from_any(
            lambda endpoint: self._persist(endpoint, lambda: self._manifest(endpoint, wanted))
        )

    def blob(
        self, digest: str, size: int, sink: Sink, delivery: Delivery, *, most: int | None = None
    ) -> None:
        """Write the blob into `sink`, behind what is there of it, finish that, and count in `delivery` how it
        came. `size` is what its descriptor says: the digest decides, and a server with other bytes counts as
        one that does not have it. Raises SentWrongBytes as soon as there are more than `most` (`size`) bytes.
        """
        wanted = _WantedBlob(digest, size, size if most is None else most)
        delivery.kept = max(delivery.kept, sink.offset)
        self._from_any(lambda endpoint: self._whole_blob(endpoint, wanted, sink, delivery))

    def has(self, kind: str, digest: str) -> bool:
        """Whether a server has something of the `kind` "manifests" or "blobs", without fetching it."""
        try:
            self._from_any(
                lambda endpoint: self._persist(endpoint, lambda: self._head(endpoint, kind, digest))
            )
        except NotThere:
            return False
        return True

    def referrers(self, digest: str) -> tuple[bytes, ...]:
        """The pages of what the API lists as referring to `digest`. Raises NotThere without such an API."""
        return self._from_any(
            lambda endpoint: self._persist(endpoint, lambda: self._referrers(endpoint, digest))
        )

    def close(self) -> None:
        """End all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # -- servers and tries ------------------------------------------------------------------------------

    def _endpoint(self, place: Place) -> _Endpoint:
        scheme = "http" if self._plain_http else "https"
        base = f"{scheme}://{place.name.address}"
        scope = f"repository:{place.name.repository}:pull"
        authorization = Authorization(
            self._transport, base, scope, lambda: self._files.find(place.name), self._limits.json_bytes
        )
        return _Endpoint(place, base, authorization)

    def _from_any(self, fetch: Callable[[_Endpoint], _Result]) -> _Result:
        """What the first server gives that has it; the errors of mirrors are passed over."""
        for endpoint in self._endpoints:
            try:
                result = fetch(endpoint)
            except RegistryError as error:
                if endpoint.place.is_mirror:
                    continue
                raise self._told(error) from error
            if endpoint.place.is_mirror:
                self.mirrors_used.add(endpoint.place.name.host)
            return result
        raise AssertionError("the registry itself is the last to be asked")

    def _told(self, error: RegistryError) -> RegistryError:
        """A refusal with what credential helpers had to say about it."""
        if isinstance(error, Denied) and self._files.troubles:
            trouble = "; ".join(dict.fromkeys(self._files.troubles))
            return Denied(f"{error.message} ({trouble})", error.hint)
        return error

    def _persist(self, endpoint: _Endpoint, fetch: Callable[[], _Result]) -> _Result:
        """`fetch`, tried again while that may help. Raises the last error."""
        tries = Tries(self._patience, self._transport)
        while True:
            try:
                return fetch()
            except ConnectionLost as error:
                tries.again(error, answered=endpoint.answered)

    # -- documents --------------------------------------------------------------------------------------

    def _manifest(self, endpoint: _Endpoint, wanted: str) -> Fetched:
        most = self._limits.json_bytes
        with self._get(endpoint, f"manifests/{wanted}", {"Accept": _ACCEPT}) as answer:
            content = answer.document(most, self._cancel)
            media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
            declared = answer.headers.get("Docker-Content-Digest", "").strip()
        if is_digest(wanted):
            declared = wanted
        is_declared = is_digest(declared)
        computed = _digest(declared if is_declared else "sha256:" + "0" * 64, content)
        if is_declared and computed != declared:
            raise SentWrongBytes(
                f"{host_of(endpoint.base)} sent a manifest with the digest {computed}, not {declared}",
                "nothing of it was used; it is damaged or changed there",
            )
        return Fetched(content, computed, media_type, is_declared)

    def _referrers(self, endpoint: _Endpoint, digest: str) -> tuple[bytes, ...]:
        pages: list[bytes] = []
        url = endpoint.url(f"referrers/{digest}")
        left = self._limits.json_bytes
        while url and len(pages) < _MOST_PAGES:
            with self._get(endpoint, url, {"Accept": _INDEX}) as answer:
                pages.append(answer.document(left, self._cancel))
                link = _NEXT.search(answer.headers.get("Link", ""))
                url = _next_page(answer.url, link[1], endpoint.base) if link else ""
            left -= len(pages[-1])
        return tuple(pages)

    def _head(self, endpoint: _Endpoint, kind: str, digest: str) -> None:
        """Ask whether it is there. A redirect says so: where it leads may be for fetching alone."""
        headers = {"Accept": _ACCEPT} if kind == "manifests" else {}
        self._get(endpoint, f"{kind}/{digest}", headers, method="HEAD").close()

    # -- blobs ------------------------------------------------------------------------------------------

    def _whole_blob(self, endpoint: _Endpoint, wanted: _WantedBlob, sink: Sink, delivery: Delivery) -> None:
        """A blob of one server. Nothing that a mirror sent is left for the next server to go on with."""
        before, kept = delivery.fetched, sink.offset
        try:
            try:
                self._blob(endpoint, wanted, sink, delivery)
            except SentWrongBytes:
                if not kept:
                    raise
                # What an earlier attempt left may be what is wrong.
                delivery.again += kept
                sink.restart()
                self._blob(endpoint, wanted, sink, delivery)
        except SentWrongBytes:
            sink.restart()
            raise
        except RegistryError:
            if endpoint.place.is_mirror and delivery.fetched != before:
                delivery.again += sink.offset
                sink.restart()
            raise

    def _blob(self, endpoint: _Endpoint, wanted: _WantedBlob, sink: Sink, delivery: Delivery) -> None:
        tries = Tries(self._patience, self._transport)
        while sink.offset < wanted.size or not sink.offset:
            before = delivery.fetched
            try:
                self._rest_of_blob(endpoint, wanted, sink, delivery)
                break
            except ConnectionLost as error:
                delivery.breaks += 1
                if delivery.fetched - before >= self._patience.worthwhile:
                    tries = Tries(self._patience, self._transport)
                tries.again(error, answered=endpoint.answered)
        came = sink.offset
        try:
            sink.finish()
        except SentWrongBytes as error:
            if came == wanted.size:
                raise
            raise SentWrongBytes(
                f"{host_of(endpoint.base)} has {came:,} bytes for {wanted.digest}, not {wanted.size:,}",
                error.hint,
            ) from error

    def _rest_of_blob(self, endpoint: _Endpoint, wanted: _WantedBlob, sink: Sink, delivery: Delivery) -> None:
        kept = sink.offset
        headers = {"Range": f"bytes={kept}-"} if kept else {}
        with self._get(endpoint, f"blobs/{wanted.digest}", headers) as answer:
            if kept and not _goes_on(answer, kept):
                sink.restart()
                delivery.again += kept
                if answer.status == 416:
                    raise ConnectionLost(f"{host_of(answer.url)} has fewer bytes of a blob than came before")
            for piece in answer.pieces(self._cancel):
                delivery.fetched += len(piece)
                if sink.offset + len(piece) > wanted.most:
                    raise SentWrongBytes(
                        f"{host_of(answer.url)} sends more than the {wanted.most:,} bytes of {wanted.digest}",
                        "nothing of it was used; it is damaged or changed there",
                    )
                sink.write(piece)
            tells_its_end = "Content-Length" in answer.headers or "Transfer-Encoding" in answer.headers
        if sink.offset < wanted.size and not tells_its_end:
            raise ConnectionLost(
                f"{host_of(endpoint.base)} sent {sink.offset:,} of {wanted.size:,} bytes of {wanted.digest}",
                "run it again: what came is kept, and it goes on from there",
            )

    # -- requests ---------------------------------------------------------------------------------------

    def _get(
        self, endpoint: _Endpoint, below: str, headers: Mapping[str, str], method: str = "GET"
    ) -> Answer:
        """An answer with 200, 206 or 416, after challenges and redirects; to HEAD a redirect is one too."""
        url = below if "://" in below else endpoint.url(below)
        challenges = 0
        while True:
            shown = endpoint.authorization.header()
            own = {**headers, "Authorization": shown} if shown else headers
            answer = self._followed(endpoint, method, url, own)
            if answer.status != 401 or origin_of(answer.url) != origin_of(endpoint.base):
                break
            with answer:
                asked = parse_challenges(answer.headers.getlist("WWW-Authenticate"))
            challenges += 1
            if challenges > _MOST_CHALLENGES:
                raise self._refused(endpoint)
            endpoint.authorization.answer(asked, shown)
        if method == "HEAD" and answer.status in _REDIRECTS:
            return answer
        if answer.status in (200, 206) or (answer.status == 416 and "Range" in headers):
            return answer
        with answer:
            raise self._problem(endpoint, answer, below)

    def _followed(self, endpoint: _Endpoint, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """An answer that is no redirect. What authenticates stays with the server that asked for it."""
        home = origin_of(endpoint.base)
        for _ in range(_MOST_REDIRECTS + 1):
            here = origin_of(url)
            sent = (
                headers if here == home else {key: headers[key] for key in headers if key != "Authorization"}
            )
            answer = self._transport.exchange(
                method, url, sent, shows_certificate=here == home and not endpoint.place.is_mirror
            )
            endpoint.answered = True
            if answer.status not in _REDIRECTS or method == "HEAD":
                return answer
            with answer:
                url = self._target(here, url, answer.headers.get("Location", ""))
        raise RegistryError(
            f"{host_of(endpoint.base)} redirects more than {_MOST_REDIRECTS} times",
            "its operator must mend that",
        )

    def _target(self, here: tuple[str, str, int], url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
            scheme, _, _ = origin_of(target)
        except ValueError:
            raise RegistryError(
                f"{printable(here[1])} redirects to no address of the web", "its operator must mend that"
            ) from None
        if scheme == "http" and not self._plain_http:
            raise RegistryError(
                f"{printable(here[1])} redirects to {host_of(target)} without TLS",
                "it was not followed; --plain-http allows it",
            )
        return target

    def _refused(self, endpoint: _Endpoint) -> Denied:
        name = endpoint.place.name
        if endpoint.authorization.has_credentials:
            return Denied(
                f"{host_of(endpoint.base)} does not give {name.repository} for our credentials",
                "it does not exist, or they do not allow it: docker login HOST, or --authfile",
            )
        return Denied(
            f"{host_of(endpoint.base)} does not give {name.repository} without credentials",
            "it does not exist, or is private: docker login HOST, or --authfile",
        )

    def _problem(self, endpoint: _Endpoint, answer: Answer, below: str) -> ForensicsError:
        host, status = host_of(answer.url), answer.status
        if status == 429 or status >= 500:
            what = "asks to wait: too many requests" if status == 429 else f"answered with {status}"
            return ConnectionLost(
                f"{host} {what}", "try again later", after=answer.headers.get("Retry-After")
            )
        told = self._own_words(answer)
        if status == 404:
            kind, _, wanted = below.partition("/")
            repository = endpoint.place.name.repository
            if kind == "manifests":
                what = f"image {repository}{'@' if ':' in wanted else ':'}{wanted}"
            else:
                what = f"{'blob' if kind == 'blobs' else 'list of referrers'} {wanted} of {repository}"
            return NotThere(f"{host} knows no {what}{told}", "check the name and the tag")
        if status in (401, 403):
            refused = self._refused(endpoint)
            return Denied(refused.message + told, refused.hint)
        return RegistryError(
            f"{host} answered with {status}{told}", "check the name, and that a registry is there"
        )

    def _own_words(self, answer: Answer) -> str:
        """What a registry says about an error, in brackets."""
        try:
            content = answer.document(1 << 16, self._cancel)
            first = msgspec.json.decode(content, type=_Errors).errors[0]
        except (RegistryError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError):
            return ""
        said = printable(first.message or first.code).strip()[:160]
        return f" ({said})" if said else ""


def _next_page(url: str, link: str, base: str) -> str:
    """The address of a further page, empty when it is on another server."""
    try:
        further = urljoin(url, link)
        return further if origin_of(further) == origin_of(base) else ""
    except ValueError:
        return ""


def _goes_on(answer: Answer, kept: int) -> bool:
    """Whether the server sends what stands behind the first `kept` bytes."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    return answer.status == 206 and found is not None and int(found[1]) == kept


def _digest(like: str, content: bytes) -> str:
    computed = new_hash(like)
    computed.update(content)
    return f"{like.partition(':')[0]}:{computed.hexdigest()}"
