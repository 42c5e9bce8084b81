"""Where images come from: each public module offers one kind of source, and `open_image` asks them all."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import msgspec

from forensics.access import DEFAULT_ACCESS, Access
from forensics.cancellation import Cancellation
from forensics.errors import ChoiceNeeded, ImageNotOpened, UsageError
from forensics.limits import DEFAULT, Limits
from forensics.model.acquisition import Acquisition, Choice
from forensics.model.image import Image
from forensics.plugins import collect
from forensics.printable import printable
from forensics.sources._acquired import (
    ACQUIRED,
    LAYOUT,
    RECORD_NAME,
    SCHEMES,
    archive_within,
    begin_layout,
    is_what_the_layout_shows,
    narrowed,
    read_record,
    with_what_was_met,
)
from forensics.sources._choice import choose
from forensics.sources._evidence import blob_pieces
from forensics.sources._layout import blob_name
from forensics.sources._opening import Decompress, Opening, Progress, Source
from forensics.sources._presented import Presented, PresentedContent, present
from forensics.sources._received import Received, ReceivedFile, received_of
from forensics.sources._reference import parse_reference
from forensics.spool import Spool

__all__ = [
    "RECORD_NAME",
    "OpenImage",
    "Presented",
    "PresentedContent",
    "Received",
    "ReceivedFile",
    "Source",
    "blob_name",
    "blob_pieces",
    "open_image",
    "sources",
]


class OpenImage:
    """An image and the files its bytes lie in; closing it closes them, save what lies in the spool.

    `acquisition` is what a remote source received, or the record of an image that was acquired before.
    `choice` is what chose it among others.
    """

    def __init__(self, image: Image, opening: Opening, inner: Opening, choice: Choice) -> None:
        self.image = image
        self.choice = choice
        self._opening = opening
        self._inner = inner

    @property
    def reference(self) -> str:
        """What was asked for; an image that was acquired before has the reference of then."""
        return self._opening.reference.text

    @property
    def acquisition(self) -> Acquisition | None:
        """The record of an acquisition, this one's or an earlier one's."""
        return self._inner.acquisition

    def received(self) -> Received:
        """Everything that arrived of the image, byte for byte."""
        return received_of(self.image, self._opening)

    def presented(self) -> Presented:
        """The image as an OCI layout for other programs; reads every layer once."""
        return present(self.image, self._inner.evidence, self._inner.limits, self._inner.cancel)

    def close(self) -> None:
        """Close the evidence."""
        self._opening.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sources() -> tuple[Source, ...]:
    """Every source, in name order."""
    return collect(sys.modules[__name__], "SOURCE", Source)


def open_image(
    reference: str,
    *,
    spool: Spool,
    platform: str | None = None,
    tag: str | None = None,
    image: int | None = None,
    limits: Limits = DEFAULT,
    access: Access = DEFAULT_ACCESS,
    cancel: Cancellation | None = None,
    on_progress: Progress | None = None,
    decompress: Decompress | None = None,
) -> OpenImage:
    """Open the image that `reference` means (see the public contract), without reading its layers.

    `image` counts from 0 in the order in which the images are listed; `platform` is OS/ARCH[/VARIANT].
    `on_progress` gets bytes done and their total (0: unknown) while an archive is decompressed or a folder
    is packed; `decompress` does the former where this process should not see the bytes. Raises
    ImageNotOpened when there is no image, ChoiceNeeded when there are several and nothing chose, UsageError
    when the choice fits none, Cancelled.
    """
    offered = sources()
    parsed = parse_reference(reference, _schemes(offered, remote=False), _schemes(offered, remote=True))
    if parsed.tag and tag and parsed.tag != tag:
        raise UsageError(
            f"the reference asks for the tag {printable(parsed.tag)}, the option for {printable(tag)}",
            "give one of them",
        )
    chosen = Choice(platform=platform or "", tag=tag or parsed.tag, image=image)
    opening = Opening(
        parsed,
        spool=spool,
        limits=limits,
        access=access,
        cancel=cancel or Cancellation(),
        on_progress=on_progress,
        decompress=decompress,
    )
    try:
        return _Attempt(offered, chosen).open(opening)
    except OSError as error:
        opening.close()
        raise ImageNotOpened(
            f"{printable(reference)} cannot be read: {error.strerror}", "copy it to a sound disk first"
        ) from error
    except BaseException:
        opening.close()
        raise


@dataclass(frozen=True, slots=True)
class _Found:
    """An image, the opening it was read from, and what chose it among others."""

    image: Image
    opening: Opening
    choice: Choice


class _Attempt:
    """Opens a reference, and archives within what it leads to."""

    def __init__(self, offered: tuple[Source, ...], choice: Choice) -> None:
        self._offered = offered
        self._choice = choice

    def open(self, opening: Opening) -> OpenImage:
        """The chosen image."""
        found = self._open(opening, None, opening.limits.index_depth)
        return OpenImage(found.image, opening, found.opening, found.choice)

    def _open(self, opening: Opening, outer: Acquisition | None, depth: int) -> _Found:
        """The image; `outer` is the record outside of it."""
        source = _source_for(opening, self._offered)
        record = None
        if not source.remote and opening.reference.scheme in SCHEMES and source.id == LAYOUT:
            record = read_record(opening.evidence, opening.limits)
        if record is not None and record.archive:
            found = self._within(opening, record, depth)
            if found is not None:
                return found
            record = None
        elif record is not None:
            begin_layout(record, opening)
            outer = record
        candidates = source.candidates(opening)
        choice = self._choice
        decides = outer is not None and choice == Choice()
        offered = narrowed(candidates, outer) if outer is not None and decides else candidates
        candidate = choose(offered, choice.platform or None, choice.tag or None, choice.image)
        if len(candidates) > 1:
            number = next(index for index, one in enumerate(candidates) if one is candidate)
            choice = msgspec.structs.replace(choice, image=number)
        image = candidate.load()
        passed_over = len(candidates) - len(offered)
        image = msgspec.structs.replace(image, passed_over=passed_over)
        return _Found(image if record is None else _acquired(image, record), opening, choice)

    def _within(self, opening: Opening, record: Acquisition, depth: int) -> _Found | None:
        """The image in the archive that a record names; None when the layout must be read instead."""
        if not depth:
            opening.issues.add("limit", RECORD_NAME, "archives are nested too deeply; the layout is read")
            return None
        inner = archive_within(record, opening)
        if inner is None:
            return None
        inner.acquisition = record
        try:
            found = self._open(inner, record, depth - 1)
        except ImageNotOpened as error:
            opening.issues.add(
                "not-parsed", RECORD_NAME, f"the archive that was acquired cannot be opened: {error.message}"
            )
            return None
        except ChoiceNeeded as error:
            if self._choice != Choice():
                raise
            opening.issues.add(
                "documents-disagree",
                RECORD_NAME,
                f"it does not say which image of its archive it means ({error.message}); the layout is read",
            )
            return None

        def recorded() -> Image | None:
            """The image of then, where the person chose one now."""
            if self._choice == Choice():
                return None
            again = archive_within(record, opening)
            if again is None:
                return None
            try:
                return _Attempt(self._offered, Choice())._open(again, record, depth - 1).image
            except (ImageNotOpened, UsageError):
                return None

        if not is_what_the_layout_shows(found.image, record, opening, recorded):
            return None
        issues = (*found.image.issues, *opening.issues.collected())
        image = msgspec.structs.replace(found.image, issues=issues)
        return replace(found, image=_acquired(image, record))


def _acquired(image: Image, record: Acquisition) -> Image:
    """An image whose reference and part of whose issues are the word of a record."""
    return msgspec.structs.replace(image, source=ACQUIRED, issues=with_what_was_met(image.issues, record))


def _schemes(offered: tuple[Source, ...], *, remote: bool) -> tuple[str, ...]:
    return tuple(scheme for source in offered if source.remote is remote for scheme in source.schemes)


def _source_for(opening: Opening, offered: tuple[Source, ...]) -> Source:
    """The source that the scheme forces, or the first that recognises the bytes."""
    scheme = opening.reference.scheme
    for source in offered:
        if scheme in source.schemes if scheme else source.recognises(opening.evidence):
            return source
    raise opening.evidence.refusal()
