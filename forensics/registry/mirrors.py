"""Where else a registry's content may be asked for: `FORENSICS_REGISTRY_MIRRORS`.

HOST=MIRROR[/PREFIX], separated by commas or blanks; several mirrors of one host are asked in their order, and
the host itself last. PREFIX stands in front of the repository's name on the mirror.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forensics.errors import UsageError
from forensics.printable import printable
from forensics.registry.names import RegistryName, parse_name

VARIABLE = "FORENSICS_REGISTRY_MIRRORS"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask: `name` is the image as it is called there."""

    name: RegistryName
    is_mirror: bool


def places_of(name: RegistryName, environment: Mapping[str, str]) -> tuple[Place, ...]:
    """The mirrors of the registry that `name` is of, then the registry. Raises UsageError for a bad list."""
    mirrors = []
    for entry in re.split(r"[\s,]+", environment.get(VARIABLE, "")):
        if not entry:
            continue
        host, equals, mirror = entry.partition("=")
        address, _, prefix = mirror.strip("/").partition("/")
        try:
            origin = parse_name(f"{host}/x").host
            at = parse_name(f"{address}/{prefix + '/' if prefix else ''}{name.repository}")
        except UsageError:
            equals = ""
        if not equals or not address or not (host == "localhost" or {".", ":"} & set(host)):
            raise UsageError(
                f"{VARIABLE} has an entry that is no pair of hosts: {printable(entry)[:80]}",
                "write it as docker.io=mirror.example:5000, several separated by commas",
            )
        if origin == name.host:
            mirrors.append(
                Place(RegistryName(address.lower(), at.repository, name.tag, name.digest), is_mirror=True)
            )
    return (*mirrors, Place(name, is_mirror=False))
