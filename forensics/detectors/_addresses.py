"""Hosts in addresses: names, and numbers that stand where a name should."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@\s]*@)?(?P<host>\[[0-9a-f:.%]+\]|[^/:\s?#]+)", re.IGNORECASE
)
_ONLY_NUMBERS = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){0,3}", re.IGNORECASE)
_DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")


class Bare(StrEnum):
    """Where a number that stands for a host leads."""

    NOT = "not a number"
    HERE = "this very host"
    PRIVATE = "a private network"
    PUBLIC = "the public network"
    ODD = "somewhere, written as nobody writes who has nothing to hide"


def host_of(address: str) -> str:
    """The host that a URL names, in small letters and without brackets; empty where there is none."""
    match = _HOST.match(address)
    return match["host"].strip("[]").lower() if match else ""


def bare(host: str) -> Bare:
    """Where `host` leads when it is a number, or `localhost`.

    Numbers in other forms than four decimal parts (`0x7f000001`, `2130706433`) are odd. Documentation
    networks (RFC 5737, RFC 3849) stand for public ones.
    """
    if host.lower() == "localhost":
        return Bare.HERE
    number = _number(host)
    if number is None:
        return Bare.ODD if _ONLY_NUMBERS.fullmatch(host[:64]) else Bare.NOT
    if number.is_loopback or number.is_unspecified:
        return Bare.HERE
    if str(number).startswith(_DOCUMENTATION):
        return Bare.PUBLIC
    return Bare.PRIVATE if number.is_private or number.is_link_local else Bare.PUBLIC


def _number(host: str) -> IPv4Address | IPv6Address | None:
    try:
        number = ip_address(host[:64].partition("%")[0])
    except ValueError:
        return None
    return (number.ipv4_mapped or number) if isinstance(number, IPv6Address) else number
