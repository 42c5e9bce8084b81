"""The kind of a content, decided from its first bytes alone: a name is a claim, the bytes are not.

Every content of an image passes here, so one decision costs a few microseconds. The numbers are those of
the formats' own specifications, named beside each; where a format has none, of the program that defines it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import msgspec

from forensics.parsers._tar_header import is_tar_header

HEAD_BYTES = 4096
"""Bytes from the start of a content that `file_type` looks at."""
TEXT_TYPES = frozenset({"text", "script"})
"""The ids of contents that people read as text, whatever they are called."""


class FileType(msgspec.Struct, frozen=True, gc=False):
    """`id` is stable and one of `FILE_TYPES`; `description` is a phrase for people."""

    id: str
    description: str


FILE_TYPES = {
    "elf": "ELF object",
    "script": "script",
    "text": "text",
    "pe": "Windows or DOS executable",
    "macho": "Mach-O object",
    "java-class": "Java class",
    "pyc": "Python bytecode",
    "lua": "Lua bytecode",
    "wasm": "WebAssembly module",
    "llvm-bitcode": "LLVM bitcode",
    "linux-kernel": "Linux kernel image",
    "gzip": "gzip data",
    "zstd": "Zstandard data",
    "xz": "xz data",
    "bzip2": "bzip2 data",
    "lz4": "LZ4 data",
    "lzip": "lzip data",
    "lzop": "lzop data",
    "compress": "compress'd data",
    "zip": "ZIP archive",
    "7z": "7-Zip archive",
    "rar": "RAR archive",
    "tar": "tar archive",
    "ar": "ar archive",
    "deb": "Debian package",
    "rpm": "RPM package",
    "cpio": "cpio archive",
    "squashfs": "Squashfs file system",
    "sqlite": "SQLite database",
    "pdf": "PDF document",
    "png": "PNG image",
    "jpeg": "JPEG image",
    "gif": "GIF image",
    "webp": "WebP image",
    "bmp": "BMP image",
    "icon": "icon image",
    "wav": "WAVE audio",
    "ttf": "TrueType font",
    "otf": "OpenType font",
    "woff": "web font",
    "gettext": "message catalogue",
    "timezone": "time zone",
    "terminfo": "terminal description",
    "empty": "empty file",
    "data": "data",
}
"""Every type id there is, with its plain description."""

# A prefix of four bytes or more is looked up by its first four, the rest is compared.
_PREFIXES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x7fELF", "elf", ""),  # System V gABI 4.1, figure 4-4
    (b"JM\x01\x00PK\x03\x04", "zip", "Java module archive"),  # jdk.internal.jmod.JmodFile
    (b"PK\x03\x04", "zip", ""),  # APPNOTE.TXT 4.3.7
    (b"PK\x05\x06", "zip", "empty ZIP archive"),  # APPNOTE.TXT 4.3.16
    (b"PK\x07\x08", "zip", "split ZIP archive"),  # APPNOTE.TXT 8.5.3
    (b"\xfd7zXZ\x00", "xz", ""),  # The .xz File Format 2.1.1.1
    (b"\x28\xb5\x2f\xfd", "zstd", ""),  # RFC 8878 3.1.1
    (b"\x04\x22\x4d\x18", "lz4", ""),  # LZ4 Frame Format
    (b"\x02\x21\x4c\x18", "lz4", "LZ4 data, legacy frame"),
    (b"LZIP\x01", "lzip", ""),  # lzip(1), file format
    (b"\x89LZO\x00\r\n\x1a\n", "lzop", ""),  # lzop, src/lzop.c
    (b"7z\xbc\xaf\x27\x1c", "7z", ""),  # 7zFormat.txt
    (b"Rar!\x1a\x07", "rar", ""),  # RAR 5.0 archive format
    (b"!<arch>\ndebian-binary", "deb", ""),  # deb(5)
    (b"!<arch>\n", "ar", ""),  # ar.h
    (b"!<thin>\n", "ar", "thin ar archive"),
    (b"\xed\xab\xee\xdb", "rpm", ""),  # rpm, lead
    (b"070701", "cpio", ""),  # cpio(5), new ASCII format
    (b"070702", "cpio", ""),
    (b"070707", "cpio", "old portable cpio archive"),
    (b"hsqs", "squashfs", ""),  # squashfs_fs.h
    (b"SQLite format 3\x00", "sqlite", ""),  # sqlite.org/fileformat2 1.3
    (b"%PDF-", "pdf", ""),  # ISO 32000-1 7.5.2
    (b"\x89PNG\r\n\x1a\n", "png", ""),  # PNG specification 5.2
    (b"\xff\xd8\xff", "jpeg", ""),  # ITU-T T.81 B.1.1.3
    (b"GIF87a", "gif", ""),  # GIF89a specification 17
    (b"GIF89a", "gif", ""),
    (b"\x00\x00\x01\x00", "icon", ""),
    (b"\x00\x01\x00\x00", "ttf", ""),  # OpenType specification, table directory
    (b"true\x00", "ttf", ""),
    (b"ttcf", "ttf", "font collection"),
    (b"OTTO", "otf", ""),
    (b"wOFF", "woff", ""),  # WOFF 1.0, 3
    (b"wOF2", "woff", "web font 2"),
    (b"\x00asm", "wasm", ""),  # WebAssembly core 5.5.16
    (b"BC\xc0\xde", "llvm-bitcode", ""),  # LLVM Bitcode File Format
    (b"\xde\xc0\x17\x0b", "llvm-bitcode", "wrapped LLVM bitcode"),
    (b"\x1bLua", "lua", ""),  # lua.h, LUA_SIGNATURE
    (b"\x1bLJ", "lua", "LuaJIT bytecode"),  # lj_bcdump.h
    (b"\xfe\xed\xfa\xce", "macho", ""),  # mach-o/loader.h
    (b"\xfe\xed\xfa\xcf", "macho", ""),
    (b"\xce\xfa\xed\xfe", "macho", ""),
    (b"\xcf\xfa\xed\xfe", "macho", ""),
    (b"\xde\x12\x04\x95", "gettext", ""),  # GNU gettext manual, MO files
    (b"\x95\x04\x12\xde", "gettext", ""),
    (b"TZif", "timezone", ""),  # RFC 8536 3.1
)
_TYPES = {kind: FileType(kind, description) for kind, description in FILE_TYPES.items()}
_TEXT_BYTES = bytes([*range(7, 14), 27, *range(0x20, 0x7F), *range(0x80, 0x100)])
_LATIN_BYTES = bytes([*range(0xA0, 0x100), *range(0x20, 0x7F), *range(7, 14), 27])
_ENOUGH_TO_TELL = 64
_SHEBANG = re.compile(rb"#![ \t]*([^\s\[][^\n\r]{0,1022})")
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{3,40})-----")


def file_type(head: bytes | memoryview, size: int | None = None) -> FileType:
    """The type of a content that begins with `head`; `size` is the whole content's, in bytes.

    Only the first `HEAD_BYTES` count. Text is what holds no NUL and no other control character (as file(1)
    has it), or UTF-16 with a byte order mark; a script is what begins as execve(2) wants it.
    """
    head = bytes(head[:HEAD_BYTES])
    if not head:
        return _TYPES["empty" if not size else "data"]
    # A name may begin like anything; the sum over a header is what no other format has.
    if (head[257:262] == b"ustar" or head[148:154].isdigit()) and is_tar_header(head):
        return _TYPES["tar"]
    for prefix, found in _BY_START.get(head[:4], ()):
        if head.startswith(prefix):
            return found
    probe = _BY_PAIR.get(head[:2])
    if probe is not None and (found_by_probe := probe(head)) is not None:
        return found_by_probe
    return _text(head) or _inside(head) or _TYPES["data"]


class Shebang(msgspec.Struct, frozen=True, gc=False):
    """The first line of a script: `line` without `#!`, the `program` it ends at, and its `language`."""

    line: str
    program: str
    language: str


_LANGUAGES = {
    "sh": "sh", "bash": "sh", "dash": "sh", "ash": "sh", "zsh": "sh", "ksh": "sh", "mksh": "sh", "fish": "sh",
    "openrc-run": "sh", "csh": "csh", "tcsh": "csh", "python": "python", "pypy": "python", "perl": "perl",
    "ruby": "ruby", "node": "javascript", "nodejs": "javascript", "bun": "javascript", "deno": "javascript",
    "php": "php", "lua": "lua", "luajit": "lua", "tclsh": "tcl", "wish": "tcl", "expect": "tcl", "awk": "awk",
    "gawk": "awk", "mawk": "awk", "sed": "sed", "make": "make", "java": "java", "groovy": "groovy",
    "guile": "scheme", "Rscript": "r", "pwsh": "powershell", "osascript": "applescript", "nft": "nftables",
    "gdb": "gdb", "stap": "systemtap", "bpftrace": "bpftrace", "ocaml": "ocaml", "runghc": "haskell",
}  # fmt: skip
_WRAPPERS = frozenset({"env", "busybox", "toybox", "sudo", "nice", "nohup", "setsid", "stdbuf", "timeout"})


def shebang(head: bytes | memoryview) -> Shebang | None:
    """The interpreter line of a script (execve(2), "Interpreter scripts"), None when there is none.

    `env`, also with `-S`, options and assignments, and `busybox` are looked through: the program is the one
    that reads the script. The language is empty for a program that is not known.
    """
    found = _SHEBANG.match(bytes(head[:1024]))
    if found is None:
        return None
    # As bytes: execve(2) knows no blanks beyond ASCII, so a name may consist of them.
    words = [word.decode("utf-8", "surrogateescape") for word in found[1].split()]
    line = found[1].strip().decode("utf-8", "surrogateescape")
    program = words[0].rpartition("/")[2]
    for word in words[1:]:
        if program not in _WRAPPERS:
            break
        if word.startswith("-S") and len(word) > 2:
            word = word[2:]
        if not word.startswith("-") and "=" not in word:
            program = word.rpartition("/")[2]
    plain = program.rstrip("0123456789.-")
    return Shebang(line, program, _LANGUAGES.get(plain) or _LANGUAGES.get(program, ""))


def _mach_fat_or_class(head: bytes) -> FileType | None:
    if not head.startswith(b"\xca\xfe\xba\xbe"):
        return None
    # Java: JVMS 4.1, major version at least 45. Mach-O: mach-o/fat.h, a small number of architectures.
    number = int.from_bytes(head[4:8], "big")
    return (
        _TYPES["macho"]
        if 0 < number < 43
        else FileType("java-class", f"Java class, version {number & 0xFFFF}")
    )


def _dos(head: bytes) -> FileType | None:
    if len(head) < 64:
        return None
    offset = int.from_bytes(head[60:64], "little")  # PE format, "MS-DOS stub"
    if head[offset : offset + 4] == b"PE\0\0":
        if head[0x202:0x206] == b"HdrS":
            return FileType("linux-kernel", "Linux kernel image with EFI stub")
        return FileType("pe", "Windows executable (PE)")
    return _TYPES["pe"] if b"\0" in head[:64] else None


def _gzip(head: bytes) -> FileType | None:
    return _TYPES["gzip"] if head[2:3] == b"\x08" else None  # RFC 1952 2.3.1


def _bzip2(head: bytes) -> FileType | None:
    # A block, or the end of a stream in which there is none.
    return _TYPES["bzip2"] if head[2:3] == b"h" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90") else None


def _compress(head: bytes) -> FileType | None:
    # ncompress, compress.c: the low five bits of the third byte are the longest code.
    return _TYPES["compress"] if len(head) > 3 and 9 <= head[2] & 0x1F <= 16 and not head[2] & 0x60 else None


def _old_cpio(head: bytes) -> FileType | None:
    # cpio(5), old binary format: a known type in the mode, and a name that its length ends.
    order: Literal["little", "big"] = "little" if head[:1] == b"\xc7" else "big"
    mode, name = int.from_bytes(head[6:8], order), int.from_bytes(head[20:22], order)
    if mode >> 12 not in _CPIO_FORMS or not 2 <= name <= 1024 or head[25 + name : 26 + name] != b"\0":
        return None
    return _OLD_CPIO


def _bitmap(head: bytes) -> FileType | None:
    return _TYPES["bmp"] if head[6:10] == b"\0\0\0\0" and len(head) > 26 else None


def _riff(head: bytes) -> FileType | None:
    if head[:4] != b"RIFF":
        return None
    form = {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12])
    return _TYPES[form] if form else None


def _script(head: bytes) -> FileType | None:
    first = shebang(head)
    if first is None or b"\0" in head[: len(first.line) + 2]:
        return None
    name = {"sh": "shell", "php": "PHP", "javascript": "JavaScript"}.get(first.language, first.language)
    return FileType("script", f"{name[:1].upper()}{name[1:]} script" if name else "script")


def _terminfo(head: bytes) -> FileType | None:
    # term(5): the sizes of the names and of the boolean flags are small.
    names, flags = int.from_bytes(head[2:4], "little"), int.from_bytes(head[4:6], "little")
    return _TYPES["terminfo"] if 0 < names <= 512 and flags <= 128 and len(head) > 12 else None


_BY_PAIR: dict[bytes, Callable[[bytes], FileType | None]] = {
    b"\xca\xfe": _mach_fat_or_class,
    b"MZ": _dos,
    b"\x1f\x8b": _gzip,
    b"BZ": _bzip2,
    b"BM": _bitmap,
    b"RI": _riff,
    b"#!": _script,
    b"\x1f\x9d": _compress,
    b"\xc7\x71": _old_cpio,
    b"\x71\xc7": _old_cpio,
    b"\x1a\x01": _terminfo,
    b"\x1e\x02": _terminfo,
}


def _by_start() -> dict[bytes, tuple[tuple[bytes, FileType], ...]]:
    table: dict[bytes, tuple[tuple[bytes, FileType], ...]] = {}
    skipped = tuple((bytes([0x50 + n]) + b"*M\x18", "zstd", "") for n in range(16))  # RFC 8878 3.1.2
    for prefix, kind, description in (*_PREFIXES, *skipped):
        found = FileType(kind, description) if description else _TYPES[kind]
        starts = [prefix[:4]] if len(prefix) >= 4 else [prefix + bytes([last]) for last in range(256)]
        for start in starts:
            table[start] = (*table.get(start, ()), (prefix, found))
    return table


_OLD_CPIO = FileType("cpio", "old binary cpio archive")
_CPIO_FORMS = frozenset({1, 2, 4, 6, 8, 10, 12})
_BY_START = _by_start()


def _text(head: bytes) -> FileType | None:
    if head.translate(None, _TEXT_BYTES):
        if head.startswith((b"\xff\xfe", b"\xfe\xff")) and len(head) >= 4:
            return FileType("text", "UTF-16 text")
        return None
    try:
        head.decode("utf-8")
        encoding = "ASCII" if head.isascii() else "UTF-8"
    except UnicodeDecodeError as error:
        cut_at_the_end = error.reason == "unexpected end of data" and len(head) == HEAD_BYTES
        encoding = "UTF-8" if cut_at_the_end else ""
    if not encoding:
        # In 64 bytes of anything but text, one of the 25 control bytes is all but certain.
        latin = not head.translate(None, _LATIN_BYTES)
        if not latin and len(head) < _ENOUGH_TO_TELL:
            return None
        encoding = "ISO 8859" if latin else "extended ASCII"
    return FileType("text", _text_description(head, encoding))


def _text_description(head: bytes, encoding: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if start.startswith(b"<?php"):
        return "PHP source"
    if start.startswith(b"<"):
        lower = start[:256].lower()
        if lower.startswith(b"<?xml"):
            return "XML text"
        if lower.startswith((b"<!doctype html", b"<html")):
            return "HTML text"
    elif start.startswith((b"{", b"[")) and re.match(rb"[{\[]\s*([\"{\[\]}]|-?\d)", start):
        return "JSON text"
    elif pem := _PEM.search(head):
        return f"PEM text ({pem[1].decode('ascii').lower()})"
    return f"{encoding} text"


def _inside(head: bytes) -> FileType | None:
    if head[257:262] == b"ustar":  # POSIX.1-2017 pax, "ustar Interchange Format"
        return _TYPES["tar"]
    if head[2:4] == b"\r\n" and len(head) >= 16:
        # CPython importlib/_bootstrap_external.py, MAGIC_NUMBER: 3xxx for Python 3, 20121..62211 before.
        magic = int.from_bytes(head[:2], "little")
        if 3000 <= magic < 4000 or magic in range(20121, 62212):
            return _TYPES["pyc"]
    if head[0x202:0x206] == b"HdrS":  # Linux/x86 boot protocol
        return _TYPES["linux-kernel"]
    return None
