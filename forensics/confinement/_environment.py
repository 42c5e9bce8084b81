"""What a worker is told of the environment: how to start, and none of the secrets that it holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from forensics.confinement._folders import parts_in

_TOLD = frozenset(
    {
        "PATH",
        "HOME",  # where Python looks for packages that were installed for one user
        "LANG",
        "LANGUAGE",
        "TZ",
        "LD_LIBRARY_PATH",
        "PYTHONHOME",
        "PYTHONUSERBASE",
        "PYTHONNOUSERSITE",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "FORENSICS_DEBUG",
    }
)


def environment_of_worker(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that a worker starts with; of `PYTHONPATH` the folders in which parts of the program lie.

    Tokens of clouds, passwords of registries and whatever else stands there stay with the main process.
    """
    told = {name: value for name, value in environment.items() if name in _TOLD or name.startswith("LC_")}
    folders = [
        Path(entry).absolute() for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry
    ]
    needed = [str(folder) for folder in folders if folder.is_file() or any(parts_in(folder))]
    return {**told, "PYTHONPATH": os.pathsep.join(needed)} if needed else told
