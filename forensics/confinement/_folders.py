"""Where the program lies: what a confined worker may still read to load the rest of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from forensics.bundled import bundled_folder

_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")


def program_folders() -> tuple[Path, ...]:
    """The interpreter's library, the installed packages, the program and its signatures, shared libraries.

    Of a checkout only the package itself: what else lies beside it is nobody's business.
    """
    return (*_paths_of_modules(), _PACKAGE, bundled_folder("signatures"), *map(Path, _LIBRARIES))


def _paths_of_modules() -> Iterator[Path]:
    for entry in sys.path:
        path = Path(entry)
        if not entry or not path.exists():
            continue
        if path.resolve() == _PACKAGE.parent and path.name not in {"site-packages", "dist-packages"}:
            continue
        yield path
    yield Path(sys.base_prefix) / "lib"
