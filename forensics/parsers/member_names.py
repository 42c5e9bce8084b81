"""How a member of an archive inside an image is called: `outer!/inner`, and so on deeper."""

from __future__ import annotations

from typing import AnyStr

SEPARATOR = "!/"
"""Between a file and a member of it."""


def plain_name(name: bytes) -> bytes:
    """A member's name without what only says that it is relative or absolute."""
    while name.startswith((b"/", b"./")):
        name = name[1:] if name.startswith(b"/") else name[2:]
    return name


def single_name(outer: AnyStr) -> AnyStr:
    """What the only content of a compressed file is called: the file's last name without its suffix."""
    if isinstance(outer, str):
        last = outer.rpartition("/")[2]
        return last.rpartition(".")[0] or last
    ending = outer.rpartition(b"/")[2]
    return ending.rpartition(b".")[0] or ending


def member_path(outer: str, inner: str) -> str:
    """`outer` with `inner`, which begins with `!/`.

    An empty part of it means the only content of a compressed file.
    """
    for part in inner.split(SEPARATOR)[1:]:
        outer = f"{outer}{SEPARATOR}{part or single_name(outer)}"
    return outer
