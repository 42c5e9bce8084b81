"""What all tests share: folders of their own, the corpus of real archives and the tools of the machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

_OWN_FOLDERS = pytest.StashKey[tuple[Path, dict[str, str | None]]]()
_VARIABLES = {"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}
_OVERRIDING = ("FORENSICS_STATE_DIR", "FORENSICS_CACHE_DIR", "FORENSICS_STORE_DIR")


def pytest_configure(config: pytest.Config) -> None:
    """State, caches and settings of this run go to a folder of its own, those of programs it starts too.

    This is done before any test module is imported: some keep the environment that they find.
    """
    folder = Path(tempfile.mkdtemp(prefix="forensics-tests-"))
    config.stash[_OWN_FOLDERS] = folder, {name: os.environ.get(name) for name in (*_VARIABLES, *_OVERRIDING)}
    os.environ.update({name: str(folder / below) for name, below in _VARIABLES.items()})
    for name in _OVERRIDING:
        os.environ.pop(name, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The environment as it was."""
    folder, before = config.stash[_OWN_FOLDERS]
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    shutil.rmtree(folder, ignore_errors=True)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long contents are numbered: as names they would be unreadable, and differ where they hold a time."""
    return argname if isinstance(val, bytes) and len(val) > 60 else None


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
