"""Where images come from: each public module offers one kind of source, and `open_image` asks them all."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from forensics.access import DEFAULT_ACCESS, Access
from forensics.cancellation import Cancellation
from forensics.errors import ImageNotOpened, UsageError
from forensics.limits import DEFAULT, Limits
from forensics.model.image import Image
from forensics.plugins import collect
from forensics.printable import printable
from forensics.sources._choice import choose
from forensics.sources._opening import Decompress, Opening, Progress, Source
from forensics.sources._reference import parse_reference
from forensics.spool import Spool

__all__ = ["OpenImage", "Source", "open_image", "sources"]


class OpenImage:
    """An image and the files its bytes lie in; closing it closes them, save what lies in the spool."""

    def __init__(self, image: Image, opening: Opening) -> None:
        self.image = image
        self._opening = opening

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
        source = _source_for(opening, offered)
        candidate = choose(source.candidates(opening), platform, tag or parsed.tag or None, image)
        return OpenImage(candidate.load(), opening)
    except OSError as error:
        opening.close()
        raise ImageNotOpened(
            f"{printable(reference)} cannot be read: {error.strerror}", "copy it to a sound disk first"
        ) from error
    except BaseException:
        opening.close()
        raise


def _schemes(offered: tuple[Source, ...], *, remote: bool) -> tuple[str, ...]:
    return tuple(scheme for source in offered if source.remote is remote for scheme in source.schemes)


def _source_for(opening: Opening, offered: tuple[Source, ...]) -> Source:
    """The source that the scheme forces, or the first that recognises the bytes."""
    scheme = opening.reference.scheme
    for source in offered:
        if scheme in source.schemes if scheme else source.recognises(opening.evidence):
            return source
    raise opening.evidence.refusal()
