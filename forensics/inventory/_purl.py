"""Writes package URLs the way Syft does, of names that an image's author chose."""

from __future__ import annotations

from packageurl import PackageURL

from forensics.inventory._cataloger import Distribution


def package_url(
    kind: str,
    namespace: str,
    name: str,
    version: str,
    *,
    arch: str,
    distribution: Distribution,
    upstream: str,
) -> str:
    """The package URL with the qualifiers `arch`, `distro` and `upstream`, as far as they are known.

    Empty when no package URL can be of that name (`/`). The distribution's ID is the namespace; `namespace`
    stands in for it. Source: the package URL specification.
    """
    qualifiers = {"arch": arch, "distro": distribution.qualifier, "upstream": upstream}
    try:
        return PackageURL(
            type=kind,
            namespace=distribution.id or namespace,
            name=name,
            version=version,
            qualifiers={key: value for key, value in qualifiers.items() if value},
        ).to_string()
    except (TypeError, ValueError):
        return ""
