"""A Docker Engine, or what answers like one: which image a name means, and the bytes of its archive.

API: docs.docker.com/reference/api/engine, `GET /version`, `/images/{name}/json`, `/images/json` and
`/images/{name}/get`. Nothing else is asked and nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from docker.errors import APIError, ImageNotFound
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

from forensics.cancellation import Cancellation
from forensics.digests import is_digest
from forensics.errors import ChoiceNeeded, ImageNotOpened
from forensics.limits import Limits
from forensics.printable import printable
from forensics.sources._choice import familiar
from forensics.sources._engine_address import EngineAddress
from forensics.sources._engine_client import EngineClient
from forensics.sources._engine_problems import PROBLEMS, explanation, not_reached, one_line
from forensics.sources._engine_stream import answer_of

_ANSWER_SECONDS = 30
_WHOLE_ANSWER_SECONDS = 90
"""How long an engine may take to the last byte of an answer, however often it sends one."""
_STREAM_SECONDS = 1800
_MOST_SIZE = (1 << 63) - 1
_Answer = TypeVar("_Answer")
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{1,64})")
_NAME = re.compile(r"(?!.*(?:/[./]|/$))[A-Za-z0-9\[][A-Za-z0-9._/:@+\[\]-]*")
"""What may stand in a path of the API: nothing that would lead to another one."""
_NO_NAME = ("invalid", "normalizing", "lowercase")
"""Words with which engines say that something is no name, some of them with status 500."""
_UNFIT = (400, 404, 500)
"""How engines answer to a name they know no image for, or that they do not take for a name."""


@dataclass(frozen=True, slots=True)
class EngineImage:
    """One image of an engine. `size` is the engine's own count of bytes, 0 where it gives none."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size: int

    @property
    def line(self) -> str:
        """How it stands in a list."""
        return printable(f"{self.id.rpartition(':')[2][:12]}  {', '.join(self.tags) or '(no tag)'}")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name was found to mean. `name` is what the engine is asked for: a tag, or the whole id."""

    name: str
    image: EngineImage


class Engine:
    """A connection to an engine, in the newest version of the API that both sides know.

    A context manager. Its questions end at once when the person stops the run, with Cancelled, and their
    answers may have `limits.json_bytes`. Raises ImageNotOpened when there is none, or when it is too old.
    """

    def __init__(self, address: EngineAddress, limits: Limits, cancel: Cancellation) -> None:
        self.address = address
        self._cancel = cancel
        if address.tls is not None and not address.tls.verify:
            # The record of the acquisition says so, once and not for every request.
            disable_warnings(InsecureRequestWarning)
        try:
            self._client = self._ask(
                lambda: EngineClient(
                    address.url, most_bytes=limits.json_bytes, timeout=_ANSWER_SECONDS, tls=address.tls
                )
            )
            told = self._ask(lambda: self._client.version(api_version=False))
        except PROBLEMS as error:
            raise not_reached(error, address) from error
        self.version = _described(told if isinstance(told, dict) else {})

    def resolve(self, name: str) -> Resolved:
        """The one image that `name` means: NAME[:TAG], NAME@DIGEST, or an id, whole or short.

        Raises ImageNotOpened when there is none, ChoiceNeeded when several fit.
        """
        if not _NAME.fullmatch(name):
            raise _no_name(name, "a character in it cannot be part of one")
        unknown = None
        try:
            told = self._ask(lambda: self._client.inspect_image(name))
        except APIError as error:
            if error.status_code not in _UNFIT:
                raise self._refused(name, error) from error
            unknown = error
        except PROBLEMS as error:
            raise not_reached(error, self.address) from error
        if unknown is not None:
            return self._looked_up(name, unknown)
        image = _image(told)
        if _is_id(name, image) or "@" in name:
            return Resolved(image.id, image)
        fitting = [tag for tag in image.tags if _fits(name, tag)]
        if any(familiar(tag) == familiar(_tagged(name)) for tag in fitting):
            return Resolved(_tagged(name), image)
        rivals = [one for one in self._images() if any(_fits(name, tag) for tag in one.tags)]
        if len({one.id for one in rivals}) > 1:
            raise _several(name, rivals)
        return Resolved(fitting[0] if fitting else image.id, image)

    def archive(self, name: str) -> Iterator[bytes]:
        """The docker-save archive of the image, as it comes. Raises ImageNotOpened when the engine refuses.

        It may break off with any of `PROBLEMS`: see `broken_off`.
        """
        self._client.timeout = _ANSWER_SECONDS, _STREAM_SECONDS
        try:
            yield from self._client.get_image(name)
        except APIError as error:
            raise self._refused(name, error) from error

    def _looked_up(self, name: str, error: APIError) -> Resolved:
        """What a name means that the engine does not know, or a short id that fits several images."""
        images = self._images()
        short = _ID.fullmatch(name)
        if short:
            found = [image for image in images if image.id.rpartition(":")[2].startswith(short[1])]
            if len(found) == 1:
                return Resolved(found[0].id, found[0])
            if found:
                raise _several(name, found)
        similar = [image for image in images if any(_repository_fits(name, tag) for tag in image.tags)]
        if len(similar) > 1:
            raise _several(name, similar)
        shown = printable(name)
        if not isinstance(error, ImageNotFound):
            why = explanation(error)
            if not any(word in why for word in _NO_NAME):
                raise self._refused(name, error) from error
            raise _no_name(name, why.rpartition(": ")[2]) from error
        if similar:
            hint = f"it has {', '.join(map(printable, similar[0].tags))}"
        else:
            hint = f"docker images lists what it has; a registry is asked with registry:{shown}"
        raise ImageNotOpened(f"{self.version} at {self.address.shown} has no image {shown}", hint) from error

    def _images(self) -> tuple[EngineImage, ...]:
        try:
            listed = self._ask(self._client.images)
        except APIError as error:
            raise self._refused("", error) from error
        except PROBLEMS as error:
            raise not_reached(error, self.address) from error
        if listed is not None and not isinstance(listed, list):
            raise ImageNotOpened(
                f"what {self.version} answers is no list of images",
                "give the image by its whole name or its id, as docker images shows it",
            )
        described = [one for one in listed or () if isinstance(one, dict) and _identity(one)]
        return tuple({image.id: image for image in map(_image, described)}.values())

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        return answer_of(question, self._cancel, _WHOLE_ANSWER_SECONDS)

    def _refused(self, name: str, error: APIError) -> ImageNotOpened:
        about = f" {printable(name)}" if name else ""
        return ImageNotOpened(
            f"{self.version} refuses{about}: {explanation(error)}",
            "what it logs may say why; try docker save -o image.tar NAME",
        )

    def broken_off(self, error: BaseException | str, done: int) -> ImageNotOpened:
        """Why no whole archive came, of which `done` bytes are there."""
        return ImageNotOpened(
            f"{self.version} broke off after {done:,} bytes of the image: {one_line(error)}",
            "the image is incomplete and was not opened: check that the engine runs and its disk is not full",
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _described(told: dict[str, Any]) -> str:
    """Which engine it is, of which version."""
    components = told.get("Components")
    first = components[0] if isinstance(components, list) and components else {}
    name = first.get("Name") if isinstance(first, dict) else None
    called = "Docker Engine" if name in (None, "", "Engine") else one_line(name)
    return f"{called} {one_line(told.get('Version') or '(no version)')}"


def _image(told: Any) -> EngineImage:
    """One image as the engine describes it; raises ImageNotOpened where it has no usable id."""
    known = told if isinstance(told, dict) else {}
    identity = _identity(known)
    if not identity:
        raise ImageNotOpened(
            "the engine describes an image without a usable id",
            "save it there: docker save -o image.tar NAME",
        )
    size = known.get("Size")
    return EngineImage(
        id=identity,
        tags=_texts(known.get("RepoTags")),
        digests=_texts(known.get("RepoDigests")),
        size=size if isinstance(size, int) and 0 < size <= _MOST_SIZE else 0,
    )


def _identity(told: dict[str, Any]) -> str:
    """The id of an image, empty where it has none that is a digest."""
    identity = told.get("Id")
    return identity if isinstance(identity, str) and is_digest(identity) else ""


def _texts(told: Any) -> tuple[str, ...]:
    values = told if isinstance(told, list) else []
    return tuple(value for value in values if isinstance(value, str) and "<none>" not in value)


def _is_id(name: str, image: EngineImage) -> bool:
    """Whether the name led to the image as a part of its id; an image may also be called `cafe`."""
    short = _ID.fullmatch(name)
    if not short or not image.id.rpartition(":")[2].startswith(short[1]):
        return False
    return not any(_fits(name, tag) for tag in image.tags)


def _tagged(name: str) -> str:
    """The name with the tag that engines add where none is given; they would send every tag without."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _fits(name: str, tag: str) -> bool:
    """Whether an image called `tag` may be meant by `name`; podman looks for a short one in any registry."""
    wanted = familiar(_tagged(name))
    return familiar(tag) == wanted or tag.endswith(f"/{wanted}")


def _repository_fits(name: str, tag: str) -> bool:
    wanted = familiar(_tagged(name)).rpartition(":")[0]
    repository = familiar(tag).rpartition(":")[0]
    return repository == wanted or repository.endswith(f"/{wanted}")


def _no_name(name: str, why: str) -> ImageNotOpened:
    return ImageNotOpened(
        f"{printable(name)} is no name of an image: {why}",
        "write docker:NAME[:TAG], docker:NAME@DIGEST or docker:ID",
    )


def _several(name: str, images: Sequence[EngineImage]) -> ChoiceNeeded:
    return ChoiceNeeded(
        f"{printable(name)} may mean {len(images)} images of the engine",
        "give one of them by its whole name or by its id in front: docker:ID",
        tuple(image.line for image in images),
    )
