"""Finds out which distribution an image is. Source: os-release(5)."""

from __future__ import annotations

from forensics.inventory._cataloger import Distribution
from forensics.layers import ImageView
from forensics.limits import KIB
from forensics.model.files import FileVersion
from forensics.parsers.os_release import parse_os_release
from forensics.printable import printable

_PLACES = ("/etc/os-release", "/usr/lib/os-release")
_LONGEST = 64 * KIB


def read_distribution(view: ImageView) -> Distribution:
    """The distribution of the finished image, or of the last layer that still named one."""
    found = _last_os_release(view)
    if found is None:
        return Distribution()
    values = parse_os_release(view.read(found, 0, _LONGEST))
    return Distribution(
        id=printable(values.get("ID", "")).lower(),
        version=printable(values.get("VERSION_ID", "")),
        name=printable(values.get("PRETTY_NAME", "") or values.get("NAME", "")),
    )


def _last_os_release(view: ImageView) -> FileVersion | None:
    for top in reversed([layer.index for layer in view.image_layers]):
        for place in _PLACES:
            version = view.resolve(place, top)
            if version and version.content:
                return version
    return None
