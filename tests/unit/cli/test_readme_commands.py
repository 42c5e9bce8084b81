"""The command lines of the README do what it says, on an image of that name."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import forensics
from tests.image_archives import docker_save
from tests.layered_images import DIRECTORY, Program, layer_tar

ROOT = Path(forensics.__file__).parents[1]
README = (ROOT / "README.md").read_text()
LINES = re.findall(r"^forensics (.+?)(?:\s+#.*)?$", README, re.MULTILINE)
Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the README's lines name; it is the current folder."""
    layers = [
        {"/etc": DIRECTORY, "/etc/passwd": "root:x:0:0::/:/bin/sh\n"},
        {"/usr/lib/.x": DIRECTORY, "/usr/lib/.x/kworker": Program(b"\x7fELF\x02\x01" + bytes(200))},
        {"/etc/passwd": "root:x:0:0::/:/bin/false\n"},
    ]
    (tmp_path / "image.tar").write_bytes(docker_save([layer_tar(layer) for layer in layers]))
    declared = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
    (tmp_path / "declared.cdx.json").write_text(json.dumps(declared))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_is_understood_and_finishes(line: str, run: Run, folder: Path) -> None:
    ran = run(*shlex.split(line))
    if line == "image.tar":
        assert "needs a terminal" in ran.errors
    else:
        assert ran.code in ((0, 1) if "--fail-on" in line else (0,)), ran.errors


def test_the_reports_have_the_names_that_are_written_beside_the_line(run: Run, folder: Path) -> None:
    (line,) = [line for line in LINES if "--output" in line]
    promised = re.search(rf"{re.escape(line)}\s+# (\S+) and (\S+)", README)
    assert promised
    before = set(folder.iterdir())
    run(*shlex.split(line))
    assert {path.name for path in set(folder.iterdir()) - before} == set(promised.groups())
