"""What a person types for an image: a path, a scheme and a path, or a name (see the public contract)."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import ForensicsError, ImageNotOpened, UsageError
from forensics.printable import printable

_SCHEME = re.compile(r"([a-z][a-z0-9+-]+):.*", re.DOTALL)
_WEB = frozenset({"http", "https"})
_ALIASES = {
    "oci": "oci-dir",
    "dir": "rootfs",
    "file": "",
    "docker-save": "docker-archive",
    "docker-daemon": "docker",
    "podman": "docker",
}
_TO_SAVE = {
    "containerd": "ctr images export image.tar {name}",
    "containers-storage": "skopeo copy containers-storage:{name} docker-archive:image.tar",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One image reference. `scheme` is empty where the kind is to be detected, `tag` where none was given.

    `name` is set instead of `path` and `tag` where the scheme leads to a registry or an engine: all that
    stands behind it.
    """

    text: str
    scheme: str
    path: Path
    tag: str
    name: str = ""


def parse_reference(text: str, schemes: Collection[str], remote: Collection[str] = ()) -> Reference:
    """Take a reference apart; `schemes` are those that some source offers, `remote` those that lead to names.

    A file or folder that exists under the whole text wins over any reading as a scheme. A path may hold
    colons: the longest part that exists is the path, the rest the tag. Raises UsageError for schemes that
    nobody offers, ImageNotOpened for what looks like the name of an image in a registry or an engine.
    """
    if not text or "\0" in text:
        raise UsageError("no image was named", "give a file or a folder, for example image.tar")
    if os.path.lexists(text):
        return Reference(text, "", Path(text), "")
    found = _SCHEME.fullmatch(text)
    if not found:
        return Reference(text, "", Path(text), "")
    scheme = found[1]
    rest = text[len(scheme) + 1 :]
    if scheme == "docker" and rest.startswith("//"):
        scheme, rest = "registry", rest.removeprefix("//")
    if scheme in remote:
        if not rest:
            raise UsageError(f"{scheme}: names no image", f"write {scheme}:NAME")
        return Reference(text, scheme, Path(), "", rest)
    if scheme in schemes:
        if not rest:
            raise UsageError(f"{scheme}: names no file", f"write {scheme}:PATH")
        path, tag = _path_and_tag(rest)
        return Reference(text, scheme, path, tag)
    raise _no_such_scheme(scheme, rest)


def _path_and_tag(rest: str) -> tuple[Path, str]:
    if os.path.lexists(rest):
        return Path(rest), ""
    colon = rest.rfind(":")
    while colon > 0:
        if os.path.lexists(rest[:colon]):
            return Path(rest[:colon]), rest[colon + 1 :]
        colon = rest.rfind(":", 0, colon)
    path, _, tag = rest.partition(":")
    return Path(path), tag


def _no_such_scheme(scheme: str, rest: str) -> ForensicsError:
    rest = printable(rest)
    name = rest.removeprefix("//") or "NAME"
    if scheme in _WEB:
        return UsageError(
            f"{scheme}: cannot be opened",
            f"an image of a registry is registry:{name}, a file has to be downloaded first",
        )
    if scheme in _TO_SAVE:
        return UsageError(
            f"{scheme}: cannot be opened", f"save the image first: {_TO_SAVE[scheme].format(name=name)}"
        )
    if scheme in _ALIASES:
        meant = f"{_ALIASES[scheme]}:{rest}".removeprefix(":")
        return UsageError(f"{scheme}: is no scheme of this program", f"did you mean {meant}?")
    return ImageNotOpened(
        f"there is nothing at {scheme}:{rest}",
        f"an image of a registry is registry:{scheme}:{rest}, one of an engine docker:{scheme}:{rest}",
    )
