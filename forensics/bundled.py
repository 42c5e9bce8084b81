"""Finds the folders that travel with the program: `signatures/` and `samples/`."""

from __future__ import annotations

from pathlib import Path

from forensics.errors import ForensicsError


def bundled_folder(name: str) -> Path:
    """The folder `name`: inside the installed package, or beside it in a source checkout."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "_bundled" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise ForensicsError(f"the {name} that belong to this program are missing", "install it again")
