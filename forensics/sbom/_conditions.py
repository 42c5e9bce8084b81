"""What a by-product rule can demand beyond a path: each condition looks at bytes, owners or targets."""

from __future__ import annotations

import re
from collections.abc import Callable

from forensics.sbom._site import Site, certificates

Condition = Callable[[Site], bool]

_BYTECODE = re.compile(
    r"(?P<folder>.*)/__pycache__/(?P<module>[^/.]+)\.[a-z]+-?\d+[^/.]*(?:\.opt-\d)?\.pyc"
    r"|(?P<beside>.*/[^/]+)\.py[co]"
)
_BYTECODE_HEADER = 16
_EXIT = re.compile(rb"exit(?:[ \t]+\d{1,3})?")
_MAINTAINER_SCRIPT = re.compile(r"(?P<package>[^/]+)\.(?:preinst|postinst|prerm|postrm|config)")
_COMPILED_SCRIPTS = frozenset(("bash.preinst",))
"""Maintainer scripts that are programs: older Debian compiled this one, to run before there is a shell."""
_BUSYBOXES = frozenset(("busybox", "bbsuid", "busybox.static"))


def is_file(site: Site) -> bool:
    """It is a file and no link; the path says the rest."""
    return not site.is_link


def is_empty(site: Site) -> bool:
    """It is a file without content."""
    return not site.is_link and site.size == 0


def leads_to_accounted(site: Site) -> bool:
    """It is a link that ends at a file which a package owns and which is unchanged."""
    return site.leads_to_accounted


def leads_to_packaged_content(site: Site) -> bool:
    """As `leads_to_accounted`, or it ends at an exact copy of such a file elsewhere in /etc."""
    copied = site.link_end.startswith("/etc/") and site.leads_to_packaged_content
    return site.leads_to_accounted or copied


def leads_to_accounted_or_null(site: Site) -> bool:
    """As `leads_to_accounted`; a unit that is masked leads to /dev/null."""
    return site.leads_to_accounted or (site.is_link and site.version.entry.link == "/dev/null")


def leads_through_alternatives(site: Site) -> bool:
    """It is a link by way of /etc/alternatives that ends at a file which a package owns."""
    return site.version.entry.link.startswith("/etc/alternatives/") and site.leads_to_accounted


def ends_at(*ends: str) -> Condition:
    """A link that ends at one of these paths, or below one that ends in a slash, all links followed."""
    places = frozenset(end for end in ends if not end.endswith("/"))
    folders = tuple(end for end in ends if end.endswith("/"))

    def condition(site: Site) -> bool:
        return site.is_link and (site.link_end in places or site.link_end.startswith(folders))

    return condition


def leads_to(*ends: str) -> Condition:
    """A link with one of these targets, as written."""

    def condition(site: Site) -> bool:
        return site.version.entry.link in ends

    return condition


def starts_with(*heads: bytes) -> Condition:
    """A file whose content begins with one of these magic numbers, or is empty."""

    def condition(site: Site) -> bool:
        return not site.is_link and (not site.size or site.head.startswith(heads))

    return condition


def beside_accounted(*names: str) -> Condition:
    """A file in whose folder one of these lies and is accounted for."""

    def condition(site: Site) -> bool:
        return not site.is_link and any(site.accounted(f"{site.folder}/{name}") for name in names)

    return condition


def is_packaged_content(site: Site) -> bool:
    """Its bytes are exactly those of a file that a package owns: a template that was copied."""
    return site.is_packaged_content


def is_bytecode_of_accounted(site: Site) -> bool:
    """Python bytecode whose source is accounted for and has the size that the bytecode names (PEP 552)."""
    match = _BYTECODE.fullmatch(site.path)
    if match is None or site.head[2:4] != b"\r\n":
        return False
    source = f"{match['beside'] or match['folder'] + '/' + match['module']}.py"
    found = site.seen(source)
    if found is None or found.content is None or not site.accounted(source):
        return False
    if match["beside"] or site.head[4:8] != bytes(4):
        return True
    named = int.from_bytes(site.head[12:_BYTECODE_HEADER], "little")
    return named == found.content.size & 0xFFFFFFFF


def is_maintainer_script(site: Site) -> bool:
    """A script in dpkg's folder that bears the name of an installed package."""
    match = _MAINTAINER_SCRIPT.fullmatch(site.name)
    if match is None or not site.installed(match["package"]):
        return False
    return site.head.startswith(b"#!") or (site.is_elf and site.name in _COMPILED_SCRIPTS)


def only_exits(site: Site) -> bool:
    """A shell script of comments and one `exit`: it forbids services to start while an image is built."""
    if not site.head.startswith((b"#!/bin/sh\n", b"#! /bin/sh\n", b"#!/bin/bash\n")) or site.size > 4096:
        return False
    lines = [line.strip() for line in site.content(4096).splitlines()]
    orders = [line for line in lines if line and not line.startswith(b"#")]
    return len(orders) == 1 and _EXIT.fullmatch(orders[0]) is not None


def is_busybox_applet(site: Site) -> bool:
    """A symbolic or hard link to, or a copy of, the BusyBox that a package owns."""
    if site.is_link:
        target = site.target
        named = target is not None and target.path.rpartition("/")[2] in _BUSYBOXES
        return named and site.leads_to_accounted
    if not site.is_elf or not site.is_packaged_content:
        return False
    places = (f"{folder}/{name}" for folder in ("/bin", "/usr/bin") for name in sorted(_BUSYBOXES))
    return any(
        found is not None and found.sha256 == site.version.sha256 and site.accounted(found.path)
        for found in map(site.seen, places)
    )


def is_ucf_configuration(site: Site) -> bool:
    """A configuration file that ucf installed: its register of digests names the path (ucf(1))."""
    return site.path in site.surroundings.ucf_configuration(site.version.layer)


def holds_only_packaged_certificates(site: Site) -> bool:
    """Every certificate in it is one that packages ship: nobody added a certificate authority."""
    found = certificates(site.content())
    return bool(found) and site.surroundings.packaged_certificates(site.version.layer).issuperset(found)
