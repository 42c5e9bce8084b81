"""Finds the installed package that a declared component speaks of.

Reference: the package URL specification and its types `deb` and `apk`. Names and namespaces are compared
without regard to case, namespaces not at all: one database holds one distribution's packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from packageurl import PackageURL

from forensics.model.packages import Package
from forensics.model.sbom import Component

_MOST_OF_A_NAME = 64
_MOST_OF_A_SOURCE = 1024
_SOURCE = frozenset(("source", "src"))
_EPOCH = re.compile(r"([0-9]+):(.*)", re.DOTALL)


class Version(msgspec.Struct, frozen=True):
    """A version with its Debian epoch apart; None where none is written, which agrees with any."""

    epoch: str | None
    rest: str

    def agrees(self, other: Version) -> bool:
        """Whether both can be the same version."""
        epochs = {self.epoch, other.epoch}
        return self.rest == other.rest and (None in epochs or len(epochs) == 1)


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a component says it is. `versions` are all it states: its purl and its own field may disagree.

    `foreign` is true when its package URL is of a type of which no database is read.
    """

    name: str
    type: str
    versions: tuple[tuple[str, Version], ...]
    arch: str = ""
    foreign: bool = False

    def disagreement(self, version: Version) -> str | None:
        """The first stated version, as written, that is not `version`; None when all agree."""
        return next((text for text, stated in self.versions if not stated.agrees(version)), None)


class Pair(msgspec.Struct, frozen=True):
    """A component and the package it names; `stated` is the version it gives when that differs, else None."""

    component: Component
    package: Package
    stated: str | None = None


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """`pairs` in the order of the components; `absent` name nothing installed; `foreign` have no database."""

    pairs: tuple[Pair, ...]
    absent: tuple[Component, ...]
    foreign: tuple[Component, ...]


def parse_version(text: str, epoch: str = "") -> Version:
    """A version; Debian's may begin with `epoch:`, or a package URL gives the epoch beside."""
    match = _EPOCH.fullmatch(text)
    if match:
        return Version(match[1], match[2])
    return Version(epoch or None, text)


def identify(component: Component, types: frozenset[str]) -> Identity:
    """The identity by package URL when it is of one of `types` and can be read, else by the plain fields."""
    kind, name, arch, epoch, url_version = component.type, component.name, "", "", ""
    if component.purl and kind in types:
        try:
            url = PackageURL.from_string(component.purl)
        except (TypeError, ValueError):
            url = None
        if url is not None:
            name, url_version = url.name, url.version or ""
            arch, epoch = url.qualifiers.get("arch", ""), url.qualifiers.get("epoch", "")
    stated = dict.fromkeys(text for text in (url_version, component.version) if text)
    versions = tuple((text, parse_version(text, epoch)) for text in stated)
    foreign = bool(component.purl) and kind not in types
    return Identity(name=name.casefold(), type=kind, versions=versions, arch=arch, foreign=foreign)


def match_components(
    components: Iterable[Component], packages: Sequence[Package], types: frozenset[str]
) -> Matching:
    """Lay components beside packages. `types` are the purl types whose databases are read.

    A component without a type of its own (`library`, `package`) counts only where name and version both agree
    with something installed. A component that names a source package stands for what was built from it.
    """
    return _Matcher(packages, types).match(components)


class _Matcher:
    def __init__(self, packages: Sequence[Package], types: frozenset[str]) -> None:
        self._types = types
        self._by_name: dict[str, list[Package]] = {}
        self._by_source: dict[str, list[Package]] = {}
        self._versions = {package.id: parse_version(package.version) for package in packages}
        for package in packages:
            _append(self._by_name, package.name, package, _MOST_OF_A_NAME)
            _append(self._by_source, package.source, package, _MOST_OF_A_SOURCE)

    def match(self, components: Iterable[Component]) -> Matching:
        known = [(component, identify(component, self._types)) for component in components]
        pairs: dict[int, list[Pair]] = {}
        taken: set[str] = set()
        for number, (component, identity) in enumerate(known):
            exact = self._exact(identity)
            if exact:
                pairs[number] = [Pair(component, package) for package in exact]
                taken.update(package.id for package in exact)
        absent, foreign = [], []
        for number, (component, identity) in enumerate(known):
            if number in pairs:
                continue
            if identity.type not in self._types:
                foreign.append(component)
                continue
            found = self._built_from(component, identity) or self._other_version(component, identity, taken)
            taken.update(pair.package.id for pair in found)
            if found:
                pairs[number] = found
            elif identity.arch not in _SOURCE:
                absent.append(component)
        ordered = (pair for number in sorted(pairs) for pair in pairs[number])
        return Matching(pairs=tuple(ordered), absent=tuple(absent), foreign=tuple(foreign))

    def _exact(self, identity: Identity) -> list[Package]:
        """The packages of this name and version: of the stated architecture, where one of them has it."""
        typed = identity.type in self._types
        if identity.arch in _SOURCE or (not typed and (identity.foreign or not identity.versions)):
            return []
        found = [
            package
            for package in self._by_name.get(identity.name, ())
            if not typed or package.type == identity.type
            if identity.disagreement(self._versions[package.id]) is None
        ]
        return [package for package in found if package.arch == identity.arch] or found

    def _built_from(self, component: Component, identity: Identity) -> list[Pair]:
        return [
            Pair(component, package)
            for package in self._by_source.get(identity.name, ())
            if package.type == identity.type and identity.versions
            if identity.disagreement(parse_version(package.source_version)) is None
        ]

    def _other_version(self, component: Component, identity: Identity, taken: set[str]) -> list[Pair]:
        """The package of this name that no component names by its right version."""
        for package in self._by_name.get(identity.name, ()):
            if package.type == identity.type and package.id not in taken:
                stated = identity.disagreement(self._versions[package.id])
                return [Pair(component, package, stated or component.version)]
        return []


def _append(index: dict[str, list[Package]], name: str, package: Package, most: int) -> None:
    """Put a package under a name, as long as no more stand there than any distribution builds."""
    known = index.setdefault(name.casefold(), [])
    if len(known) < most:
        known.append(package)


def pair_key(component: Component) -> tuple[str, str, str]:
    """Equal for components of several SBOMs that say the same."""
    return (component.purl.partition("?")[0] or component.type, component.name, component.version)
