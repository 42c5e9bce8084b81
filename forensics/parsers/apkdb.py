"""Reads the installed database of the Alpine package keeper (apk-tools 2 and 3).

One record a package, separated by an empty line; a letter, a colon and a value a line. Source: the "Apk spec"
page of the Alpine wiki, and `src/database.c` of apk-tools for the order of the file lines: `F:` opens a
directory (`M:` its owner and mode), `R:` a file in it (`a:` its owner and mode, `Z:` its checksum).
"""

from __future__ import annotations

import base64
import binascii
import io
import posixpath

import msgspec

from forensics.limits import MIB

_CHECKSUMS = {b"Q1": ("sha1", 20), b"Q2": ("sha256", 32)}
_TEXT_FIELDS = {
    b"P": "name",
    b"V": "version",
    b"A": "arch",
    b"L": "license",
    b"o": "origin",
    b"C": "checksum",
}


_LONGEST_PATH = 4096
"""Bytes of one path that Linux can open (PATH_MAX)."""
_GROWTH = 16
"""Characters that the paths may have a byte of the file: a folder is named once for all files in it."""
_MOST_PATHS = 256 * MIB


class ApkFile(msgspec.Struct, frozen=True):
    """One file of a package: its absolute path and `algorithm:hex` of its content.

    For a symbolic link the digest is that of the target's text. `mode` is None where the database gives
    none, which means 0644 and root.
    """

    path: str
    digest: str = ""
    mode: int | None = None


class ApkPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One installed package; what the record does not say is empty."""

    name: str
    version: str
    arch: str = ""
    license: str = ""
    origin: str = ""
    checksum: str = ""
    files: tuple[ApkFile, ...] = ()


class ApkDatabase(msgspec.Struct, frozen=True):
    """The packages in file order, and the number of bytes in lines and records that make no sense."""

    packages: tuple[ApkPackage, ...]
    lost_bytes: int = 0


def parse_apkdb(content: bytes) -> ApkDatabase:
    """Every package of an installed database; lines that do not follow the format are counted, not fatal.

    So are files whose path is longer than Linux can open, or for whose path there is no room any more.
    """
    packages: list[ApkPackage] = []
    lost = 0
    record = _Record(room := _Room(min(MIB + _GROWTH * len(content), _MOST_PATHS)))
    for line in io.BytesIO(content):
        line = line.rstrip(b"\r\n")
        if line:
            record.take(line)
            continue
        lost += record.close(packages)
        record = _Record(room)
    lost += record.close(packages)
    return ApkDatabase(tuple(packages), lost)


class _Room:
    """How many characters the paths of one database may still have together."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, path: str) -> bool:
        """Whether there is room for this path, which then uses it."""
        self._left -= len(path)
        return self._left >= 0


class _Record:
    """Collects one record line by line."""

    def __init__(self, room: _Room) -> None:
        self._room = room
        self._texts: dict[str, str] = {}
        self._files: list[ApkFile] = []
        self._is_open = False
        self._directory = "/"
        self._size = 0
        self._lost = 0

    def take(self, line: bytes) -> None:
        """Read one line."""
        self._size += len(line)
        if not self._understand(line):
            self._lost += len(line)

    def _understand(self, line: bytes) -> bool:
        """Keep what a line says; False when it does not follow the format."""
        letter, value = line[:1], line[2:]
        if line[1:2] != b":":
            return False
        if letter == b"F":
            self._directory = _absolute("/", value)
        elif letter == b"R":
            return self._open_file(value)
        elif letter in b"aZ":
            return self._describe_file(letter, value)
        elif letter in _TEXT_FIELDS:
            self._texts.setdefault(_TEXT_FIELDS[letter], value.decode("utf-8", "surrogateescape").strip())
        return True

    def _open_file(self, name: bytes) -> bool:
        """Begin a file; what describes it follows, and goes where the file goes."""
        self._is_open = bool(name) and len(self._directory) + len(name) < _LONGEST_PATH
        if self._is_open:
            path = _absolute(self._directory, name)
            self._is_open = self._room.take(path)
            if self._is_open:
                self._files.append(ApkFile(path))
        return self._is_open

    def _describe_file(self, letter: bytes, value: bytes) -> bool:
        """Add a checksum or a mode to the file opened last."""
        if not self._is_open:
            return False
        last = self._files[-1]
        if letter == b"Z":
            digest = decode_checksum(value)
            self._files[-1] = ApkFile(last.path, digest, last.mode)
            return bool(digest)
        parts = value.split(b":")
        if len(parts) < 3 or not parts[2].isdigit() or parts[2].strip(b"01234567"):
            return False
        self._files[-1] = ApkFile(last.path, last.digest, int(parts[2], 8) & 0o7777)
        return True

    def close(self, packages: list[ApkPackage]) -> int:
        """Add the package to `packages`; the bytes that are lost: all when the record names no package."""
        if not self._texts.get("name") or not self._texts.get("version"):
            return self._size
        packages.append(ApkPackage(**self._texts, files=tuple(self._files)))
        return self._lost


def decode_checksum(value: bytes) -> str:
    """`algorithm:hex` of a `Q1` (SHA-1) or `Q2` (SHA-256) checksum; empty when it is neither."""
    algorithm, size = _CHECKSUMS.get(value[:2], ("", 0))
    try:
        digest = base64.b64decode(value[2:].strip(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"{algorithm}:{digest.hex()}" if algorithm and len(digest) == size else ""


def _absolute(directory: str, name: bytes) -> str:
    text = name.decode("utf-8", "surrogateescape").lstrip("/")
    path = f"{directory}/{text}"
    if "//" in path or "/." in path or path.endswith("/"):
        return posixpath.normpath("/" + path.lstrip("/"))
    return path
