"""Reads what a server asks for in `WWW-Authenticate`.

Format: RFC 9110, section 11.6.1; bearer parameters by the CNCF distribution project, "Token Authentication
Specification". Anything that does not follow it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

_MOST = 16
_LONGEST = 16_384
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=\s|,|$)")
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))(?=\s|,|$)')
_TOKEN68 = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate; `scheme` and the names of `parameters` are in small letters."""

    scheme: str
    parameters: dict[str, str]


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges of all `WWW-Authenticate` headers, in their order, sixteen at most."""
    found = (challenge for header in headers for challenge in _of_one(header[:_LONGEST]))
    return tuple(islice(found, _MOST))


def _of_one(header: str) -> Iterable[Challenge]:
    place = 0
    while scheme := _SCHEME.match(header, place):
        place = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, place):
            place = parameter.end()
            quoted, bare = parameter[2], parameter[3]
            value = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
            parameters.setdefault(parameter[1].lower(), value)
        if not parameters and (other := _TOKEN68.match(header, place)):
            place = other.end()
        yield Challenge(scheme[1].lower(), parameters)
