"""The files that declared SBOMs name, by the path under which the image holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from forensics.layers import ImageView
from forensics.model.sbom import DeclaredSbom

_MOST_CLAIMS = 32
"""Digests that are compared for one path; documents beyond it only repeat or contradict themselves."""
_STRONGEST_FIRST = ("sha256:", "sha1:", "md5:")


class FileClaim(msgspec.Struct, frozen=True, gc=False):
    """One SBOM says: at this path lies content with this digest (`algorithm:hex`)."""

    origin: str
    digest: str


class DeclaredFiles:
    """Looks files up by path; links in parent directories are resolved as the finished image has them."""

    def __init__(self, view: ImageView, sboms: Sequence[DeclaredSbom]) -> None:
        self._claims: dict[str, list[FileClaim]] = {}
        self._named: dict[str, str] = {}
        for sbom in sboms:
            for file in sbom.files:
                path = view.canonical(file.path)
                self._named.setdefault(path, sbom.origin)
                digest = _strongest(file.digests)
                if digest:
                    claim = FileClaim(sbom.origin, digest)
                    claims = self._claims.setdefault(path, [])
                    if len(claims) < _MOST_CLAIMS and claim not in claims:
                        claims.append(claim)

    def at(self, path: str) -> Sequence[FileClaim]:
        """What the SBOMs say of the content at `path`, in the order of the SBOMs; digests only."""
        return self._claims.get(path, ())

    def paths(self) -> Iterator[tuple[str, str]]:
        """Every path that is named, with the origin of the first SBOM that names it."""
        return iter(self._named.items())


def _strongest(digests: Sequence[str]) -> str:
    """The digest to compare: the longest known algorithm an SBOM gives, none when it gives none."""
    for start in _STRONGEST_FIRST:
        for digest in digests:
            if digest.startswith(start):
                return digest
    return ""
