"""Records of extended headers that hold more than programs obey, and extended attributes of unusual length.

Known are the keywords of POSIX.1-2017 (`pax`), of GNU tar, star, libarchive, Solaris and Windows layers, each
with the bytes that its values may need. Whatever is longer, unknown, or replaced by a later record of its
keyword is told apart here.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_PATH = 4096
"""What Linux takes for a path (PATH_MAX)."""
_OWNER, _NUMBER, _LABEL, _ACL, _SIGNATURE, _DESCRIPTOR = 256, 64, 512, 4096, 1024, 8192
_MAP = 1 << 20
_MOST: Mapping[bytes, int] = {
    **dict.fromkeys((b"path", b"linkpath", b"GNU.sparse.name", b"MSWINDOWS.mountpoint"), _PATH),
    **dict.fromkeys((b"uname", b"gname"), _OWNER),
    **dict.fromkeys((b"size", b"uid", b"gid", b"mtime", b"atime", b"ctime"), _NUMBER),
    **dict.fromkeys((b"charset", b"hdrcharset"), _NUMBER),
    **dict.fromkeys(
        (b"GNU.sparse." + word for word in (b"major", b"minor", b"realsize", b"size", b"numblocks")), _NUMBER
    ),
    **dict.fromkeys((b"GNU.sparse.offset", b"GNU.sparse.numbytes"), _NUMBER),
    b"GNU.sparse.map": _MAP,
    **dict.fromkeys(
        (
            b"SCHILY." + word
            for word in (b"dev", b"devmajor", b"devminor", b"ino", b"nlink", b"realsize", b"offset")
        ),
        _NUMBER,
    ),
    **dict.fromkeys((b"SCHILY.filetype", b"SCHILY.tarfiletype", b"SCHILY.archtype"), _NUMBER),
    **dict.fromkeys((b"SCHILY.fflags", b"SCHILY.release"), _OWNER),
    **dict.fromkeys((b"SCHILY.acl.access", b"SCHILY.acl.default", b"SCHILY.acl.ace"), _ACL),
    **dict.fromkeys((b"LIBARCHIVE.creationtime", b"LIBARCHIVE.symlinktype"), _NUMBER),
    b"RHT.security.selinux": _LABEL,
    **dict.fromkeys((b"SUN.devmajor", b"SUN.devminor"), _NUMBER),
    b"MSWINDOWS.fileattr": _NUMBER,
    **dict.fromkeys((b"MSWINDOWS.rawsd", b"MSWINDOWS.sd"), _DESCRIPTOR),
}
_ATTRIBUTES = (b"SCHILY.xattr.", b"LIBARCHIVE.xattr.", b"MSWINDOWS.xattr.")
_AS_IT_IS = b"SCHILY.xattr."
_MOST_OF_ATTRIBUTE: Mapping[bytes, int] = {
    b"security.capability": _NUMBER,
    b"security.selinux": _LABEL,
    b"security.ima": _SIGNATURE,
    b"security.evm": _SIGNATURE,
    b"system.posix_acl_access": _ACL,
    b"system.posix_acl_default": _ACL,
}
_REPEATED = frozenset({b"GNU.sparse.offset", b"GNU.sparse.numbytes"})
"""What GNU tar's oldest sparse format in pax writes once for each run."""
_SPARSE_DIGITS = b"0123456789,"
_SHORT_VALUE = 256
"""Bytes that some tool may note for itself in records nobody knows, of one member."""
_SHORT_ATTRIBUTE = 256
_SHORT_ATTRIBUTES = 2048
"""The same of short extended attributes, which macOS and desktops write many of."""
_LONG_KEYWORD = 256 + 16
"""More bytes than the name of an extended attribute (255) and what stands in front of it."""
_TOLD_KEYWORD = 64


class OddRecords(msgspec.Struct, frozen=True):
    """Numbers of the odd records among those of one header, and the kind of run each makes.

    `is_much`: whether they are more than short notes.
    """

    kinds: dict[int, str]
    is_much: bool

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def places(self, data: bytes) -> list[tuple[str, int, int]]:
        """Kind, start and end of each in `data`, the header's bytes: its value, with a long keyword."""
        found, position = [], 0
        for number in range(max(self.kinds, default=-1) + 1):
            space = data.index(b" ", position)
            end = position + int(data[position:space])
            if number in self.kinds:
                equals = data.index(b"=", space)
                start = space + 1 if equals - space > _TOLD_KEYWORD else equals + 1
                found.append((self.kinds[number], start, end - 1))
            position = end
        return found


_NONE = OddRecords({}, False)


def odd_records(records: list[tuple[bytes, bytes]]) -> OddRecords:
    """Which of these are more than programs obey."""
    last = {keyword: number for number, (keyword, _) in enumerate(records)}
    kinds: dict[int, str] = {}
    notes = attributes = 0
    for number, (keyword, value) in enumerate(records):
        if last[keyword] != number and (keyword not in _REPEATED or len(value) > _NUMBER):
            kind = "note"
        else:
            kind = _kind(keyword, value)
        if not kind:
            continue
        kinds[number] = kind
        size = len(value) + (len(keyword) if len(keyword) > _TOLD_KEYWORD else 0)
        if kind == "note" and keyword.startswith(_ATTRIBUTES):
            attributes += size
        elif kind == "note":
            notes += size
    if not kinds:
        return _NONE
    is_much = notes > _SHORT_VALUE or attributes > _SHORT_ATTRIBUTES
    long = {number: kind for number, kind in kinds.items() if kind != "note"}
    return OddRecords(long, True) if long and not is_much else OddRecords(kinds, is_much)


def _kind(keyword: bytes, value: bytes) -> str:
    """The kind of run that the record makes, empty when it is as it should be."""
    most = _MOST.get(keyword)
    if most is not None:
        is_bad_map = most == _MAP and value.translate(None, _SPARSE_DIGITS)
        return "record" if len(value) > most or is_bad_map else ""
    if len(keyword) > _LONG_KEYWORD:
        return "record"
    if not keyword.startswith(_ATTRIBUTES):
        return "record" if len(value) > _SHORT_VALUE else "note"
    name = keyword.split(b".", 2)[2]
    known = _MOST_OF_ATTRIBUTE.get(name)
    room = known or _SHORT_ATTRIBUTE
    if not keyword.startswith(_AS_IT_IS):
        room += room // 3 + 4  # in base64
    if len(value) > room:
        return "attribute"
    return "note" if known is None else ""
