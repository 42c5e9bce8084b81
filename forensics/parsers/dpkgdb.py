"""Reads the files beside dpkg's status file: path lists, md5sums, conffiles and diversions.

Sources: dpkg(1) FILES, deb-md5sums(5), deb-conffiles(5), dpkg-divert(1), and dpkg's `lib/dpkg/divertdb.c`
for the layout of the diversions database (three lines each).
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator

import msgspec

_MD5 = re.compile(r"[0-9a-f]{32}")
_MD5_LINE = re.compile(r"([0-9a-fA-F]{32})[ \t]+\*?(.+)")


class Digests(msgspec.Struct, frozen=True):
    """Paths with the MD5 of their content, and the number of bytes in lines that say something else."""

    md5: dict[str, str]
    lost_bytes: int = 0


class Diversion(msgspec.Struct, frozen=True):
    """Everyone's `original` is installed as `diverted`, except that of `package` (empty: of nobody)."""

    original: str
    diverted: str
    package: str


class Diversions(msgspec.Struct, frozen=True):
    """The diversions in file order, and the bytes of the lines left over when the file ends early."""

    diversions: tuple[Diversion, ...]
    lost_bytes: int = 0


class Conffile(msgspec.Struct, frozen=True):
    """One configuration file of the status file's Conffiles field; `md5` is empty when none is recorded."""

    path: str
    md5: str = ""


def parse_path_list(content: bytes) -> tuple[str, ...]:
    """The absolute, normalised paths of an `info/*.list` or `info/*.conffiles` file, in file order.

    The root directory, which every package lists, is left out, and so is the flag
    `remove-on-upgrade` that may stand in front of a conffile. Never raises.
    """
    paths = []
    for line in _lines(content):
        path = absolute(line.removeprefix("remove-on-upgrade "))
        if path != "/":
            paths.append(path)
    return tuple(paths)


def parse_md5sums(content: bytes) -> Digests:
    """The content of a `md5sums` file: 32 hexadecimal digits, blanks, a path relative to the root.

    Lines of any other shape are counted in `lost_bytes`. Never raises.
    """
    digests: dict[str, str] = {}
    lost = 0
    for line in _lines(content):
        match = _MD5_LINE.fullmatch(line)
        if match:
            digests[absolute(match[2])] = match[1].lower()
        else:
            lost += _size(line)
    return Digests(digests, lost)


def parse_conffiles_field(value: str) -> tuple[Conffile, ...]:
    """The Conffiles field of a status paragraph: a path, its MD5 (or `newconffile`), flags, one a line."""
    found = []
    for line in value.split("\n"):
        words = line.split()
        while len(words) > 1 and words[-1] in ("obsolete", "remove-on-upgrade"):
            words.pop()
        if not words or not words[0].startswith("/"):
            continue
        digest = words.pop() if len(words) > 1 else ""
        found.append(Conffile(absolute(" ".join(words)), digest if _MD5.fullmatch(digest) else ""))
    return tuple(found)


def parse_diversions(content: bytes) -> Diversions:
    """The diversions database: the original, the diverted name and the diverting package (`:` for none)."""
    lines = list(_lines(content))
    whole = len(lines) - len(lines) % 3
    found = tuple(
        Diversion(absolute(lines[at]), absolute(lines[at + 1]), lines[at + 2].removeprefix(":"))
        for at in range(0, whole, 3)
    )
    return Diversions(found, sum(map(_size, lines[whole:])))


def absolute(path: str) -> str:
    """`path` from the root, without `.`, `..` and doubled slashes."""
    return posixpath.normpath("/" + path.lstrip("/"))


def _size(line: str) -> int:
    """The bytes of a line, without its end."""
    return len(line.encode("utf-8", "surrogateescape"))


def _lines(content: bytes) -> Iterator[str]:
    """The lines that are not blank."""
    for raw in io.BytesIO(content):
        line = raw.rstrip(b"\r\n")
        if line.strip():
            yield line.decode("utf-8", "surrogateescape")
