"""Which of several images is meant, and the list to show when nobody said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forensics.errors import ChoiceNeeded, UsageError
from forensics.model.image import Image, Platform
from forensics.printable import printable

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "i686": "386",
    "armhf": "arm",
    "armel": "arm",
}
_IMPLIED_VARIANTS = {("arm", "armhf"): "v7", ("arm", "armel"): "v6"}
_DEFAULT_VARIANTS = {("arm64", "v8"), ("amd64", "v1")}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One image that can be opened; `load` reads the rest. `digest` is of its manifest or configuration.

    `layers` is their number, None where it is not known before the image is loaded.
    """

    tags: tuple[str, ...]
    platform: Platform
    layers: int | None
    digest: str
    load: Callable[[], Image]

    def line(self, index: int) -> str:
        """How it stands in the list."""
        tags = ", ".join(self.tags) or "(no tag)"
        count = "" if self.layers is None else f"  {self.layers} layer" + ("" if self.layers == 1 else "s")
        algorithm, _, digest = self.digest.partition(":")
        short = f"{algorithm}:{digest[:12]}" if digest else "(no digest)"
        return printable(f"{index}  {tags}  {self.platform}{count}  {short}")


def choose(
    candidates: Sequence[Candidate], platform: str | None, tag: str | None, image: int | None
) -> Candidate:
    """The one candidate that fits what was asked; a single one needs no asking.

    `image` counts from 0 in the order of `candidates`; `platform` is OS/ARCH[/VARIANT]; `tag` a whole name
    or what stands behind its last colon. Raises UsageError when nothing fits and ChoiceNeeded, with one
    line per candidate, when more than one does.
    """
    numbered = list(enumerate(candidates))
    fitting = numbered
    if image is not None:
        if not 0 <= image < len(numbered):
            raise UsageError(
                f"there is no image {image} here",
                f"images are counted from 0, and the last is {len(numbered) - 1}"
                if len(numbered) > 1
                else "there is only one, and it has the number 0",
            )
        fitting = [numbered[image]]
    if tag is not None:
        fitting = [item for item in fitting if any(_tag_fits(tag, name) for name in item[1].tags)]
    if platform is not None:
        wanted = parse_platform(platform)
        fitting = [item for item in fitting if _platform_fits(wanted, item[1].platform)]
    if len(fitting) == 1:
        return fitting[0][1]
    if not fitting:
        raise _nothing_fits(numbered, platform, tag)
    raise ChoiceNeeded(
        f"{len(fitting)} images fit" if len(fitting) < len(numbered) else f"there are {len(numbered)} images",
        "choose one with --image N (the number in front, from 0), --tag or --platform",
        tuple(candidate.line(index) for index, candidate in fitting),
    )


def _nothing_fits(
    numbered: Sequence[tuple[int, Candidate]], platform: str | None, tag: str | None
) -> UsageError:
    asked = " and ".join(
        text for text in (f"tag {tag}" if tag else "", f"platform {platform}" if platform else "") if text
    )
    there = "; ".join(candidate.line(index) for index, candidate in numbered[:8])
    if len(numbered) > 8:
        there += f"; and {len(numbered) - 8} more"
    return UsageError(f"no image here has {printable(asked)}", f"there is: {there}")


def parse_platform(text: str) -> Platform:
    """OS/ARCH[/VARIANT], architectures also by their kernel names. Raises UsageError for anything else."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise UsageError(
            f"{printable(text)} is no platform", "write OS/ARCH or OS/ARCH/VARIANT, for example linux/amd64"
        )
    return _normal(Platform(os=parts[0], architecture=parts[1], variant=parts[2] if len(parts) == 3 else ""))


def _normal(platform: Platform) -> Platform:
    spelt = platform.architecture.lower()
    architecture = _ARCHITECTURES.get(spelt, spelt)
    variant = platform.variant.lower() or _IMPLIED_VARIANTS.get((architecture, spelt), "")
    if (architecture, variant) in _DEFAULT_VARIANTS:
        variant = ""
    return Platform(os=platform.os.lower(), architecture=architecture, variant=variant)


def _platform_fits(wanted: Platform, offered: Platform) -> bool:
    found = _normal(offered)
    if (wanted.os, wanted.architecture) != (found.os, found.architecture):
        return False
    return not wanted.variant or wanted.variant == found.variant


def familiar(name: str) -> str:
    """An image name without what Docker adds to it: `docker.io/library/busybox:1` is `busybox:1`."""
    for prefix in ("docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def _tag_fits(wanted: str, name: str) -> bool:
    if familiar(wanted) == familiar(name):
        return True
    behind = name.rpartition(":")[2]
    return "/" not in behind and wanted == behind
