"""Where the program lies: what a confined worker may still read to load the rest of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from forensics.bundled import bundled_folder

_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_PACKAGES = frozenset({"site-packages", "dist-packages"})
_PARTS = ("forensics", "isal", "msgspec", "platformdirs", "typing_extensions", "yara", "zstandard")
"""What a worker imports besides Python's own library."""


def program_folders() -> tuple[Path, ...]:
    """The interpreter's library, the installed packages, the program and its signatures, shared libraries.

    Of a checkout, and of any other folder that Python was only told to look into, the parts of the program
    alone: what else lies beside them is nobody's business.
    """
    return (*_paths_of_modules(), _PACKAGE, bundled_folder("signatures"), *map(Path, _LIBRARIES))


def parts_in(folder: Path) -> Iterator[Path]:
    """Where parts of the program lie that Python would find in `folder`, with the libraries beside them."""
    found = False
    for name in _PARTS:
        spec = PathFinder.find_spec(name, [str(folder)])
        if spec is None or not (spec.submodule_search_locations or spec.has_location):
            continue
        found = True
        yield from map(Path, spec.submodule_search_locations or [str(spec.origin)])
    if found:
        yield from folder.glob("*.libs")


def _paths_of_modules() -> Iterator[Path]:
    yield Path(sys.base_prefix) / "lib"
    yield Path(sys.base_exec_prefix) / sys.platlibdir
    yield Path(os.__file__).parent
    for entry in filter(None, sys.path):
        path = Path(entry)
        if path.name in _PACKAGES or path.is_file():
            yield path
        else:
            yield from parts_in(path)
