"""Packages as the image's own databases record them, and what they claim to own."""

from __future__ import annotations

import msgspec

from forensics.model.issues import Issue


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A package database says: this path is mine, with this digest.

    `digest` is `algorithm:hex` (`md5:…`, `sha1:…`, `sha256:…`) or empty when the database gives none.
    `config` marks configuration files, which an administrator may change. `link` is true when the digest
    is of a symbolic link's target instead of a content (apk), or when there is none because the path is a
    link or a directory (dpkg): a regular file in its place is not what was claimed.
    """

    package: str
    digest: str = ""
    config: bool = False
    link: bool = False


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One installed package. `id` is unique within an inventory: `type/name@version[/arch]`.

    `type` is the purl type (`deb`, `apk`, …). `layer` is the layer that brought this version.
    `locations` are the database paths that name it, `files` the number of paths it owns.
    """

    id: str
    name: str
    version: str
    type: str
    purl: str
    arch: str = ""
    licenses: tuple[str, ...] = ()
    source: str = ""
    source_version: str = ""
    origin: str = ""
    layer: int = 0
    locations: tuple[str, ...] = ()
    files: int = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The package databases as they stood when `layer` was the topmost.

    `claims` maps a canonical path (merged-/usr and diversions resolved) to what is claimed for it.
    Several packages may share a path; then there are several claims.
    """

    layer: int
    packages: tuple[Package, ...]
    claims: dict[str, tuple[Claim, ...]]


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """What the package databases say, over time and at the end.

    `snapshots` has one element for each layer that changed a database, in layer order; the last one
    is the finished image. `packages` are the last snapshot's. `databases` are the paths of the
    databases that were read. `distribution` is `ID`/`VERSION_ID` of os-release (or empty).
    """

    packages: tuple[Package, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    databases: tuple[str, ...] = ()
    distribution: str = ""
    distribution_version: str = ""
    distribution_name: str = ""
    issues: tuple[Issue, ...] = ()
