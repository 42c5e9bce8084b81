"""Debian, Ubuntu and their kin, distroless images among them: the database of dpkg.

References: dpkg(1) FILES, deb-md5sums(5), dpkg-divert(1), Debian Policy 6 and 7. Distroless images keep one
paragraph a package in `status.d/`, with `<package>.md5sums` beside it.
Limitations: a list does not say what kind of thing a path is. A listed path without an MD5, in a package that
has MD5s and does not call it a configuration file, is taken for a symbolic link or a directory.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from forensics.inventory._cataloger import CatalogedDatabase, Cataloger, DatabaseState, Distribution
from forensics.inventory._claim_table import ClaimTable
from forensics.inventory._paths import CanonicalPaths
from forensics.inventory._purl import package_url
from forensics.inventory._reading import DatabaseReader, content_key, touched_layers
from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import FileKind, FileVersion
from forensics.model.packages import Claim, Package
from forensics.parsers.deb822 import parse_deb822
from forensics.parsers.dpkgdb import (
    Diversion,
    parse_conffiles_field,
    parse_diversions,
    parse_md5sums,
    parse_path_list,
)
from forensics.printable import printable

_ROOT = "/var/lib/dpkg"
_INFO_KINDS = (".list", ".md5sums", ".conffiles")
_RawClaims = tuple[tuple[str, tuple[Claim]], ...]
"""What one package claims, by path as the database writes it."""
_NO_FILES = frozenset(("not-installed", "config-files"))


class DpkgCataloger(Cataloger):
    """Reads `var/lib/dpkg`: status, status.d, info/*.list, *.md5sums, *.conffiles and diversions."""

    id = "dpkg"
    package_type = "deb"

    def catalog(self, view: ImageView, distribution: Distribution, limits: Limits) -> CatalogedDatabase:
        """One state for each layer after which a file of the database differs."""
        history = _DpkgHistory(view, distribution, limits)
        for layer, touched in touched_layers(view, (_ROOT,)):
            if touched:
                history.look(layer)
        return CatalogedDatabase(
            states=tuple(history.states),
            databases=tuple(sorted(history.paths)),
            issues=tuple(history.reader.issues),
        )


class _Installed(msgspec.Struct, frozen=True, kw_only=True):
    """One paragraph and the files that belong to it; `owns_files` is false when only conffiles are left."""

    fields: dict[str, str]
    place: FileVersion
    listing: FileVersion | None
    md5sums: FileVersion | None
    conffiles: FileVersion | None
    owns_files: bool

    def text(self, field: str) -> str:
        """The first line of a field, printable; empty when there is no such field."""
        return printable(self.fields.get(field, "").partition("\n")[0])

    @property
    def id(self) -> str:
        """The id of the package in the inventory."""
        stem = f"deb/{self.text('package')}@{self.text('version')}"
        arch = self.text("architecture")
        return f"{stem}/{arch}" if arch else stem


class _DpkgHistory:
    """Builds the states, sharing everything that does not change from one to the next."""

    def __init__(self, view: ImageView, distribution: Distribution, limits: Limits) -> None:
        self._view = view
        self._distribution = distribution
        self._known_paths: dict[str, str] = {}
        self._raw_claims: dict[tuple[object, ...], _RawClaims] = {}
        self._seen: list[tuple[str, object]] = []
        self.reader = DatabaseReader(view, limits)
        self.states: list[DatabaseState] = []
        self.paths: set[str] = set()

    def look(self, layer: int) -> None:
        """Add the state as of `layer` unless the database is what it was."""
        files = self._files(layer)
        seen = [(path, content_key(version)) for path, version in files.items()]
        if seen == self._seen:
            return
        self._seen = seen
        diversions = self._diversions(files.get("diversions"))
        canonical = CanonicalPaths(self._view, layer, self._known_paths)
        packages: dict[str, Package] = {}
        table = ClaimTable()
        used: set[tuple[int, int]] = set()
        for installed in self._installed(files):
            self.paths.add(printable(installed.place.path))
            raw = self._claims_once(installed, used)
            for path, claim in raw:
                diverted = diversions.get(path)
                if diverted is not None and diverted.package != installed.fields["package"]:
                    path = diverted.diverted
                place = canonical(path)
                if claim[0].digest or not self._is_directory(place, layer):
                    table.add(place, claim)
            if installed.owns_files and installed.id not in packages:
                packages[installed.id] = _package(installed, len(raw), self._distribution)
        if table.ignored:
            message = f"{table.ignored} claims on crowded paths are not kept"
            self.reader.lost(next(iter(files.values())), 0, message, "limit")
        self.states.append(DatabaseState(layer, tuple(packages.values()), table.claims))

    def _files(self, layer: int) -> dict[str, FileVersion]:
        """The database's own files by their path below its folder, in path order."""
        root = self._view.canonical(f"{_ROOT}/status", layer).rpartition("/")[0]
        found = {}
        for version in self._view.under(root, layer):
            name = version.path[len(root) + 1 :]
            folder, _, leaf = name.rpartition("/")
            wanted = (
                name in ("status", "diversions")
                or (folder == "status.d")
                or (folder == "info" and leaf.endswith(_INFO_KINDS))
            )
            if not wanted:
                continue
            content = self._view.resolve(version.path, layer)
            if content is not None and content.content:
                found[name] = content
        return found

    def _diversions(self, version: FileVersion | None) -> dict[str, Diversion]:
        if version is None:
            return {}
        read = self.reader.parse(version, parse_diversions)
        if read.lost_bytes:
            self.reader.lost(version, read.lost_bytes, "the diversions end in the middle of one")
        return {diversion.original: diversion for diversion in read.diversions}

    def _installed(self, files: dict[str, FileVersion]) -> Iterator[_Installed]:
        """Every package that owns something, first those of `status`, then those of `status.d`."""
        for name, version in files.items():
            if name != "status" and (not name.startswith("status.d/") or name.endswith(".md5sums")):
                continue
            for fields in self._paragraphs(version):
                state = _state(fields)
                if state != "not-installed":
                    yield _with_files(fields, version, files, name, owns_files=state != "config-files")

    def _paragraphs(self, version: FileVersion) -> Iterator[dict[str, str]]:
        """The paragraphs that name a package and a version; what else the file holds is reported."""
        read = self.reader.parse(version, parse_deb822)
        if read.faults:
            first = read.faults[0]
            message = f"lines are not control data, the first at byte {first.offset}: {first.reason}"
            self.reader.lost(version, read.lost_bytes, message)
        nameless = 0
        for fields in read.paragraphs:
            if fields.get("package") and fields.get("version"):
                yield fields
            elif _state(fields) not in _NO_FILES:
                nameless += sum(map(len, fields.values()))
        if nameless:
            self.reader.lost(version, nameless, "paragraphs name no package or no version")

    def _claims_once(self, installed: _Installed, used: set[tuple[int, int]]) -> _RawClaims:
        """The claims of one package; none when another package had the same files before it."""
        files = installed.listing or installed.md5sums
        if files is not None:
            if files.key in used:
                self.reader.lost(installed.place, 0, "packages stand twice in the database", "duplicate")
                return ()
            used.add(files.key)
        return self._claims_of(installed)

    def _claims_of(self, installed: _Installed) -> _RawClaims:
        """What one package claims, by path as the database writes it; kept for the next state."""
        parts = (installed.listing, installed.md5sums, installed.conffiles)
        key = (
            installed.id,
            installed.owns_files,
            installed.fields.get("conffiles", ""),
            *(content_key(part) if part else None for part in parts),
        )
        if key not in self._raw_claims:
            self._raw_claims[key] = tuple(self._read_claims(installed))
        return self._raw_claims[key]

    def _read_claims(self, installed: _Installed) -> Iterator[tuple[str, tuple[Claim]]]:
        owner = installed.id
        config = {
            item.path: item.md5 for item in parse_conffiles_field(installed.fields.get("conffiles", ""))
        }
        for path in self.reader.parse(installed.conffiles, parse_path_list):
            config.setdefault(path, "")
        for path, digest in config.items():
            yield path, (Claim(owner, f"md5:{digest}" if digest else "", config=True),)
        if not installed.owns_files:
            return
        sums = self.reader.parse(installed.md5sums, parse_md5sums)
        if sums.lost_bytes and installed.md5sums:
            self.reader.lost(installed.md5sums, sums.lost_bytes, "lines are not MD5 sums")
        listed = self.reader.parse(installed.listing, parse_path_list)
        # A file that another package took over stays in md5sums, but leaves the list.
        owned = frozenset(listed) if listed else sums.md5.keys()
        for path, digest in sums.md5.items():
            if path in owned and path not in config:
                yield path, (Claim(owner, f"md5:{digest}"),)
        directories = {path.rpartition("/")[0] for path in listed}
        without_content = (Claim(owner, link=bool(sums.md5)),)
        for path in listed:
            if path not in config and path not in sums.md5 and path not in directories:
                yield path, without_content

    def _is_directory(self, path: str, layer: int) -> bool:
        """Directories are not claimed: they hold no bytes, and every package repeats them."""
        visible = self._view.visible(path, layer)
        return visible is not None and visible.entry.kind is FileKind.DIRECTORY


def _state(fields: dict[str, str]) -> str:
    """The last word of the status: `installed`, `config-files`, …; empty in distroless images."""
    return fields.get("status", "").rpartition(" ")[2]


def _with_files(
    fields: dict[str, str], place: FileVersion, files: dict[str, FileVersion], name: str, *, owns_files: bool
) -> _Installed:
    """The paragraph with its list, MD5 sums and conffiles, as dpkg or distroless names them."""
    package, arch = fields["package"], fields.get("architecture", "")
    stems = (f"info/{package}:{arch}", f"info/{package}", name)

    def beside(ending: str) -> FileVersion | None:
        return next((files[stem + ending] for stem in stems if stem + ending in files), None)

    return _Installed(
        fields=fields,
        place=place,
        listing=beside(".list"),
        md5sums=beside(".md5sums"),
        conffiles=beside(".conffiles"),
        owns_files=owns_files,
    )


def _package(installed: _Installed, files: int, distribution: Distribution) -> Package:
    name, version, arch = map(installed.text, ("package", "version", "architecture"))
    source, _, source_version = installed.text("source").partition(" (")
    source_version = source_version.rstrip(")")
    upstream = f"{source}@{source_version}" if source and source_version else source
    purl = package_url(
        "deb", "debian", name, version, arch=arch, distribution=distribution, upstream=upstream
    )
    return Package(
        id=installed.id,
        name=name,
        version=version,
        type="deb",
        purl=purl,
        arch=arch,
        source=source or name,
        source_version=source_version or version,
        origin=installed.text("origin") or installed.text("maintainer"),
        locations=(printable(installed.place.path),),
        files=files,
    )


CATALOGER = DpkgCataloger()
