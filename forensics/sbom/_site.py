"""Where an unclaimed file lies: what a by-product rule may ask about it and its surroundings."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Protocol

from forensics.layers import ImageView
from forensics.limits import MIB
from forensics.model.files import FileKind, FileVersion

_PROGRAMS = (
    b"\x7fELF",
    b"#!",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\x00asm",
)
_EXECUTE = 0o111
_SET_ID = 0o6000
_LINKS_BY_NAME = 8
_LONGEST_LIST = 16 * MIB
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_UCF_REGISTER = "/var/lib/ucf/hashfile"
_UCF_LINE = re.compile(rb"^[0-9a-f]{32}[ \t]+(/.*)$", re.MULTILINE)
_CERTIFICATE_FOLDER = "/usr/share/ca-certificates"


class Knowledge(Protocol):
    """What has been decided before the by-products are asked: claims alone, never a by-product."""

    def accounted(self, version: FileVersion) -> bool:
        """Whether a package or an SBOM accounts for this version and its bytes."""

    def claimed(self, path: str, version: FileVersion) -> bool:
        """Whether a package claimed `path` while `version` was there."""

    def packaged_content(self, sha256: str) -> bool:
        """Whether a file that is accounted for holds this content."""

    def installed(self, name: str) -> bool:
        """Whether a package of this name (`libc6`, `libc6:amd64`) was ever installed."""


class Surroundings:
    """The image around a file. One object serves all files of an image and remembers what was costly."""

    def __init__(self, view: ImageView, knowledge: Knowledge) -> None:
        self.view = view
        self.knowledge = knowledge
        self._certificates: dict[int, frozenset[bytes]] = {}
        self._ucf: dict[int, frozenset[str]] = {}

    def packaged_certificates(self, top: int) -> frozenset[bytes]:
        """The certificates that packages ship for the trust store, as of layer `top`."""
        if top not in self._certificates:
            self._certificates[top] = frozenset(
                certificate
                for version in self.view.under(_CERTIFICATE_FOLDER, top)
                if version.content is not None and self.knowledge.accounted(version)
                for certificate in certificates(self.view.read(version, 0, MIB))
            )
        return self._certificates[top]

    def ucf_configuration(self, top: int) -> frozenset[str]:
        """The paths in ucf's register of digests, as of layer `top` (ucf(1))."""
        if top not in self._ucf:
            register = self.view.resolve(_UCF_REGISTER, top)
            text = self.view.read(register, 0, _LONGEST_LIST) if register else b""
            self._ucf[top] = frozenset(
                match[1].decode("utf-8", "surrogateescape") for match in _UCF_LINE.finditer(text)
            )
        return self._ucf[top]


class Site:
    """One version of a file and what is seen around it as of its own layer."""

    def __init__(self, version: FileVersion, surroundings: Surroundings) -> None:
        self.version = version
        self.path = version.path
        self.folder, _, self.name = version.path.rpartition("/")
        self.is_link = version.entry.kind is FileKind.SYMLINK
        self.surroundings = surroundings
        self._view = surroundings.view
        self._known = surroundings.knowledge

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the content, none for a link."""
        return self._view.read(self.version, 0, 64)

    @property
    def is_elf(self) -> bool:
        """Whether the content is an ELF object."""
        return self.head.startswith(b"\x7fELF")

    @property
    def is_program(self) -> bool:
        """Whether it is a program or a script by its first bytes, or runs as somebody else by its mode."""
        return not self.is_link and (
            self.head.startswith(_PROGRAMS) or bool(self.version.entry.mode & _SET_ID)
        )

    @property
    def is_executable(self) -> bool:
        """Whether its mode lets anybody run it."""
        return not self.is_link and bool(self.version.entry.mode & _EXECUTE)

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.version.content.size if self.version.content else 0

    def content(self, longest: int = _LONGEST_LIST) -> bytes:
        """The content, cut at `longest` bytes."""
        return self._view.read(self.version, 0, longest)

    # ---- what lies around it ---------------------------------------------------------------------------

    def seen(self, path: str) -> FileVersion | None:
        """What is seen at `path`, links followed, as of this version's layer."""
        return self._view.resolve(path, self.version.layer)

    def accounted(self, path: str) -> bool:
        """Whether something is seen at `path` that a package or SBOM accounts for."""
        found = self.seen(path)
        return found is not None and self._known.accounted(found)

    @property
    def is_packaged_content(self) -> bool:
        """Whether a file that is accounted for holds the very same bytes (and some)."""
        return self.size > 0 and self._known.packaged_content(self.version.sha256)

    def installed(self, name: str) -> bool:
        """Whether a package of this name was ever installed."""
        return self._known.installed(name)

    # ---- where a link leads ----------------------------------------------------------------------------

    @cached_property
    def target(self) -> FileVersion | None:
        """What a symbolic link leads to in the end."""
        return self._view.resolve(self.path, self.version.layer) if self.is_link else None

    @property
    def leads_to_accounted(self) -> bool:
        """Whether a link ends at a file that is accounted for, or at a claimed path that is not there.

        Manual pages and documents are often left out of images; the links to them are not.
        """
        if not self.is_link:
            return False
        if self.target is not None:
            return self._known.accounted(self.target)
        return self._known.claimed(self.link_end, self.version)

    @property
    def leads_to_packaged_content(self) -> bool:
        """Whether a link ends at bytes (and some) that a file which is accounted for holds as well."""
        target = self.target
        return (
            target is not None
            and bool(target.content and target.content.size)
            and (self._known.packaged_content(target.sha256))
        )

    @cached_property
    def link_end(self) -> str:
        """The path at which a link ends, by name, whether or not something is there."""
        path, link = self.path, self.version.entry.link
        for _ in range(_LINKS_BY_NAME):
            path = link if link.startswith("/") else f"{path.rpartition('/')[0]}/{link}"
            path = self._view.canonical(path, self.version.layer)
            here = self._view.visible(path, self.version.layer)
            if here is None or here.entry.kind is not FileKind.SYMLINK:
                break
            link = here.entry.link
        return path


def certificates(content: bytes) -> list[bytes]:
    """The base64 text of every certificate in PEM form, blanks removed."""
    return [b"".join(block.split()) for block in _CERTIFICATE.findall(content)]
