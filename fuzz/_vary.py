"""Makes mutated inputs pass the first gate of a format: checksums of tar headers, the syntax of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

_BLOCK = 512
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30, 1e308, "", "/", "..",
    "\u202e", "\0", "a" * 300, "sha256:", "sha256:" + "0" * 64, "pkg:deb/x/y@1", "\x1b[2J", [], {}, [[]],
    [{}], {"": ""}, "\ud800", "%2e%2e/", "1.5", "SPDX-2.3",
)  # fmt: skip
_NUMBERS = (b"0", b"7", b"1000", b"77777777777", b"-1", b"\x80" + bytes(10) + b"\x01", b"\xff" * 12, b"8")


def mend_tar(data: bytes, chance: Random) -> bytes:
    """The checksum of every block that may be a header set right; sometimes a number or a type is odd."""
    made = bytearray(data)
    for at in range(0, len(made) - _BLOCK + 1, _BLOCK):
        block = made[at : at + _BLOCK]
        if block[257:262] != b"ustar" and not _digits(block[148:156]):
            continue
        if not chance.randrange(24):
            field = chance.choice(((100, 8), (108, 8), (124, 12), (136, 12), (329, 8), (483, 12), (386, 12)))
            value = chance.choice(_NUMBERS)[: field[1]]
            made[at + field[0] : at + field[0] + field[1]] = value.ljust(field[1], b"\0")
        if not chance.randrange(24):
            made[at + 156] = chance.choice(b"0123456789xgLKSVMDNA\0")
        made[at + 148 : at + 156] = b" " * 8
        made[at + 148 : at + 156] = b"%06o\0 " % sum(made[at : at + _BLOCK])
    return bytes(made)


def _digits(field: bytes | bytearray) -> bool:
    return len(field) == 8 and field[:6].isdigit()


def vary_json(data: bytes, chance: Random) -> bytes:
    """One value, key or list of a document changed, its syntax kept; what is no JSON stays as it is."""
    try:
        document = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return data
    if chance.randrange(400) == 0:
        return b'{"a":' * 4000 + data + b"}" * 4000
    holder = [document]
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _change(holder, chance)
    try:
        text = json.dumps(holder[0], ensure_ascii=bool(chance.randrange(3)))
    except (ValueError, RecursionError):
        return data
    return text.encode("utf-8", "surrogatepass" if chance.randrange(8) == 0 else "replace")


def _change(holder: list[Any], chance: Random) -> None:
    places: list[tuple[Any, Any]] = [(holder, 0)]
    waiting: list[Any] = [holder[0]]
    while waiting and len(places) < 2000:
        one = waiting.pop()
        keys: Any = one.keys() if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in list(keys):
            places.append((one, key))
            waiting.append(one[key])
    parent, key = chance.choice(places)
    other, at = chance.choice(places)
    how = chance.randrange(7)
    if how <= 1:
        parent[key] = deepcopy(chance.choice(_ODD))
    elif how == 2:
        parent[key] = deepcopy(other[at])
    elif how == 3 and parent is not holder:
        del parent[key]
    elif how == 4 and isinstance(parent, list) and parent is not holder:
        parent.extend(deepcopy(parent[key]) for _ in range(chance.choice((1, 2, 40))))
    elif how == 5 and isinstance(parent, dict):
        parent[_other_key(str(key), chance)] = deepcopy(parent[key])
    else:
        parent[key] = [parent[key]] if chance.randrange(2) else {str(key): parent[key]}


def _other_key(key: str, chance: Random) -> str:
    return chance.choice((key.upper(), key.capitalize(), key + "\u017f", key[1:], "\udcff" + key, key * 2))


def vary_parts(separator: bytes, vary: Callable[[bytes, Random], bytes]) -> Callable[[bytes, Random], bytes]:
    """As `vary`, of one of the parts of an input."""

    def varied(data: bytes, chance: Random) -> bytes:
        parts = data.split(separator)
        which = chance.randrange(len(parts))
        parts[which] = vary(parts[which], chance)
        return separator.join(parts)

    return varied
