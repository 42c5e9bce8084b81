"""Alpine, Wolfi and their kin: the database of apk-tools.

References: apk-tools `src/database.c` (where the database is, protected paths); "Apk spec", Alpine wiki.
Limitations: ownership and modes are not compared; `/etc/apk/protected_paths.d` is not read, the built-in
rule is used: what lies in /etc is configuration, start scripts and apk's own folder apart.
"""

from __future__ import annotations

from forensics.inventory._cataloger import CatalogedDatabase, Cataloger, DatabaseState, Distribution
from forensics.inventory._claim_table import ClaimTable
from forensics.inventory._paths import CanonicalPaths
from forensics.inventory._purl import package_url
from forensics.inventory._reading import DatabaseReader, content_key
from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import FileKind, FileVersion
from forensics.model.packages import Claim, Package
from forensics.parsers.apkdb import ApkFile, ApkPackage, parse_apkdb
from forensics.printable import printable

_PLACES = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")


class ApkCataloger(Cataloger):
    """Reads `lib/apk/db/installed`, wherever the links of the image lead to it."""

    id = "apk"
    package_type = "apk"

    def catalog(self, view: ImageView, distribution: Distribution, limits: Limits) -> CatalogedDatabase:
        """One state for each layer after which the installed database differs."""
        history = _ApkHistory(view, distribution, limits)
        for layer in view.image_layers:
            history.look(layer.index)
        return CatalogedDatabase(
            states=tuple(history.states),
            databases=tuple(sorted(history.paths)),
            issues=tuple(history.reader.issues),
        )


class _ApkHistory:
    """Builds the states, sharing everything that does not change from one to the next."""

    def __init__(self, view: ImageView, distribution: Distribution, limits: Limits) -> None:
        self._view = view
        self._distribution = distribution
        self._known_paths: dict[str, str] = {}
        self._claims: dict[tuple[str, ApkFile, bool], tuple[Claim]] = {}
        self._seen: list[object] = []
        self.reader = DatabaseReader(view, limits)
        self.states: list[DatabaseState] = []
        self.paths: set[str] = set()

    def look(self, layer: int) -> None:
        """Add the state as of `layer` unless the databases are what they were."""
        databases = self._databases(layer)
        seen: list[object] = [(version.path, content_key(version)) for version in databases]
        if seen == self._seen:
            return
        self._seen = seen
        packages: dict[str, Package] = {}
        table = ClaimTable()
        canonical = CanonicalPaths(self._view, layer, self._known_paths)
        for version in databases:
            self.paths.add(printable(version.path))
            database = self.reader.parse(version, parse_apkdb)
            if database.lost_bytes:
                self.reader.lost(version, database.lost_bytes, "lines of the apk database make no sense")
            for record in database.packages:
                package = _package(record, printable(version.path), self._distribution)
                if packages.setdefault(package.id, package) is package:
                    self._claim(package.id, record, layer, canonical, table)
        if table.ignored:
            message = f"{table.ignored} claims on crowded paths are not kept"
            self.reader.lost(databases[0], 0, message, "limit")
        self.states.append(DatabaseState(layer, tuple(packages.values()), table.claims))

    def _databases(self, layer: int) -> list[FileVersion]:
        found: dict[tuple[int, int], FileVersion] = {}
        for place in _PLACES:
            version = self._view.resolve(place, layer)
            if version and version.content:
                found.setdefault(version.key, version)
        return list(found.values())

    def _claim(
        self,
        owner: str,
        record: ApkPackage,
        layer: int,
        canonical: CanonicalPaths,
        table: ClaimTable,
    ) -> None:
        for file in record.files:
            path = canonical(file.path)
            visible = self._view.visible(path, layer)
            link = visible is not None and visible.entry.kind is FileKind.SYMLINK
            key = (owner, file, link)
            claim = self._claims.get(key)
            if claim is None:
                claim = (Claim(owner, file.digest, _is_configuration(file.path), link),)
                self._claims[key] = claim
            table.add(path, claim)


def _is_configuration(path: str) -> bool:
    """What apk protects from being overwritten: `+etc`, `@etc/init.d` (links only), `!etc/apk`."""
    return path.startswith("/etc/") and not path.startswith(("/etc/init.d/", "/etc/apk/"))


def _package(record: ApkPackage, location: str, distribution: Distribution) -> Package:
    name, version, arch = printable(record.name), printable(record.version), printable(record.arch)
    origin = printable(record.origin)
    purl = package_url(
        "apk",
        "alpine",
        name,
        version,
        arch=arch,
        distribution=distribution,
        upstream=origin if origin != name else "",
    )
    return Package(
        id=f"apk/{name}@{version}/{arch}" if arch else f"apk/{name}@{version}",
        name=name,
        version=version,
        type="apk",
        purl=purl,
        arch=arch,
        licenses=(printable(record.license),) if record.license else (),
        source=origin,
        source_version=version if origin else "",
        locations=(location,),
        files=len(record.files),
    )


CATALOGER = ApkCataloger()
