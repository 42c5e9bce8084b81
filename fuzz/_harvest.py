"""Seeds out of real archives: a few small pieces of each kind, taken with the standard library alone."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

_MOST_OF_A_KIND = 24
_MOST_BYTES = 32 * 1024
_MOST_ARCHIVE = 12 * 1024 * 1024
_MOST_LAYER = 48 * 1024 * 1024


def _begins(*magic: bytes) -> Callable[[str, bytes], bool]:
    return lambda _, data: data.startswith(magic)


def _is_json(_: str, data: bytes) -> bool:
    return data[:1] in (b"{", b"[")


KINDS: dict[str, Callable[[str, bytes], bool]] = {
    "tar": lambda _, data: data[257:262] == b"ustar",
    "compressed": _begins(b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh"),
    "elf": _begins(b"\x7fELF"),
    "json": _is_json,
    "dpkg": lambda name, _: "var/lib/dpkg/" in name,
    "apk": lambda name, _: name.endswith("lib/apk/db/installed"),
    "os-release": lambda name, _: name.endswith("os-release"),
    "script": _begins(b"#!"),
    "zip": _begins(b"PK\x03\x04"),
    "settings": lambda name, data: "etc/" in name and b"\0" not in data,
}
"""What can be taken: a name, and whether a member of this name with these bytes is of that kind."""


def harvest(corpus: Path) -> dict[str, list[bytes]]:
    """Pieces of every kind from the archives in `corpus`, the first few of each, cut to a few kilobytes."""
    found: dict[str, dict[bytes, None]] = {kind: {} for kind in KINDS}
    archives = sorted((corpus / "images").glob("*")) + sorted((corpus / "edge-layers").glob("*"))
    for path in archives:
        if path.is_file() and path.stat().st_size <= _MOST_ARCHIVE:
            whole = path.read_bytes()
            _sort(path.name, whole, found)
            for name, data in _members(whole):
                _sort(name, data, found)
                if data[257:262] == b"ustar" or data[:2] == b"\x1f\x8b":
                    for inner, content in _members(data):
                        _sort(inner, content, found)
    return {kind: list(pieces) for kind, pieces in found.items()}


def _sort(name: str, data: bytes, found: dict[str, dict[bytes, None]]) -> None:
    for kind, fits in KINDS.items():
        if len(found[kind]) < _MOST_OF_A_KIND and fits(name, data):
            found[kind][data[:_MOST_BYTES]] = None


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                if member.isreg() and 0 < member.size <= _MOST_LAYER:
                    content = archive.extractfile(member)
                    yield member.name, content.read() if content else b""
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return
