"""Names of tar members as absolute paths, and the names that mean something to an overlay.

Whiteouts and opaque markers: OCI image specification, layer.md, "Representing Changes". Names that begin with
`.wh..wh.` otherwise are AUFS's own bookkeeping in old layers.
"""

from __future__ import annotations

from enum import Enum

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_SPECIAL = ".wh..wh."


class Meaning(Enum):
    """What a name is to an overlay."""

    FILE = 0
    WHITEOUT = 1
    OPAQUE = 2
    AUFS = 3
    NOTHING = 4


def absolute(name: str) -> tuple[str, bool]:
    """The absolute, normalised path of a member's name, and whether `..` tried to climb above the root.

    `.`, empty and `..` components are resolved by name alone; what climbs stays at the root.
    """
    plain = name.removeprefix("./").strip("/")
    if "//" not in plain and "/." not in plain and plain[:1] != ".":
        return "/" + plain, False
    kept: list[str] = []
    climbs = False
    for component in plain.split("/"):
        if component in {"", "."}:
            continue
        if component != "..":
            kept.append(component)
        elif kept:
            kept.pop()
        else:
            climbs = True
    return "/" + "/".join(kept), climbs


def spelt_otherwise(name: str, path: str) -> bool:
    """Whether `name` differs from `path` by more than a leading `./`, `/` or trailing `/`."""
    return name.removeprefix("./").strip("/") != path[1:] and name != "."


def meaning(path: str) -> tuple[Meaning, str]:
    """What a normalised path means to an overlay, and the path that it is about.

    That is the hidden path for a whiteout and the emptied directory for an opaque marker. A whiteout that
    names nothing, `.` or `..` means nothing: obeyed, it would remove the directory it lies in, or the next.
    """
    if "/.wh." not in path:
        return Meaning.FILE, path
    directory, _, base = path.rpartition("/")
    if base == _OPAQUE:
        return Meaning.OPAQUE, directory or "/"
    if "/" + _SPECIAL in path:
        return Meaning.AUFS, path
    if not base.startswith(_WHITEOUT):
        return Meaning.FILE, path
    hidden = base[len(_WHITEOUT) :]
    if hidden in {"", ".", ".."}:
        return Meaning.NOTHING, path
    return Meaning.WHITEOUT, f"{directory}/{hidden}"
