"""The test run keeps to folders of its own: nothing of whoever runs it is read or written."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs
import pytest

from forensics.pipeline.cache import cache_folder
from forensics.tui.state_folder import RecentImage, StateFolder

KINDS = ("user_state_path", "user_cache_path", "user_config_path")
ASKING = "import platformdirs, sys; print(getattr(platformdirs, sys.argv[1])('image-forensics'))"


def is_own(folder: Path) -> bool:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    return folder.is_relative_to(tempfile.gettempdir()) and home not in folder.parents


@pytest.mark.parametrize("kind", KINDS)
def test_the_folders_of_the_platform_are_temporary_ones(kind: str) -> None:
    here = Path(getattr(platformdirs, kind)("image-forensics"))
    said = subprocess.run([sys.executable, "-c", ASKING, kind], capture_output=True, text=True, check=True)
    assert here == Path(said.stdout.rstrip("\n")), "a program that a test starts keeps to them too"
    assert is_own(here)


def test_what_is_remembered_lands_there() -> None:
    StateFolder().remember(RecentImage("a.tar"))
    written = platformdirs.user_state_path("image-forensics") / "recent.json"
    assert b"a.tar" in written.read_bytes()
    assert is_own(cache_folder())
