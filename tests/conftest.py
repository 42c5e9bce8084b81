"""What all tests share: the corpus of real archives and the tools of the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def _missing(reason: str) -> None:
    """Skip with a reason, or fail where the environment says that nothing may be missing."""
    if os.environ.get("FORENSICS_NO_SKIPS"):
        pytest.fail(f"required here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder with `images/` and `edge-layers/`, named by FORENSICS_CORPUS."""
    named = os.environ.get("FORENSICS_CORPUS")
    if not named or not (Path(named) / "images").is_dir():
        _missing("set FORENSICS_CORPUS to the folder with the archive corpus")
    return Path(str(named))


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Finds a program by name; a test that asks for one this machine lacks is skipped."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if not found:
            _missing(f"{name} is not installed")
        return str(found)

    return find


@pytest.fixture(scope="session")
def large_image() -> Path:
    """The benchmark's image of about 2 GB, named by FORENSICS_LARGE_IMAGE (`python -m bench.image`)."""
    named = os.environ.get("FORENSICS_LARGE_IMAGE")
    if not named or not Path(named).is_file():
        _missing("set FORENSICS_LARGE_IMAGE to what `python -m bench.image` built")
    return Path(str(named))
