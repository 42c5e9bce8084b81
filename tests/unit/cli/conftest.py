"""What the tests of the commands share: one small image, and a way to run a command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from forensics.cli.main import main
from tests.image_archives import docker_save
from tests.layered_images import DIRECTORY, GONE, Link, Program, layer_tar

PROGRAM_BYTES = b"\x7fELF\x02\x01" + bytes(range(256)) * 9
ESCAPE_NAME = "/odd/\x1b[2J\udcff.txt"


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.output.decode()


@pytest.fixture(scope="session")
def small_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three layers: files, a program that is overwritten, a folder that is deleted."""
    layers = [
        {
            "/etc": DIRECTORY,
            "/etc/motd": "good morning\n",
            "/etc/link": Link("motd"),
            "/bin": Link("usr/bin"),
            "/usr": DIRECTORY,
            "/usr/bin": DIRECTORY,
            "/usr/bin/tool": Program(PROGRAM_BYTES),
            "/gone": DIRECTORY,
            "/gone/secret": "password\n",
        },
        {"/usr/bin/tool": Program(b"#!/bin/sh\n", mode=0o4755), ESCAPE_NAME: "odd\n"},
        {"/gone": GONE, "/bad.txt": "a\x1b[31mred\n", "/bidi.txt": "a\u202eb\n"},
    ]
    path = tmp_path_factory.mktemp("image") / "small.tar"
    path.write_bytes(docker_save([layer_tar(layer) for layer in layers]))
    return path


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Runs one command line in this process."""

    def run_command(*arguments: str | Path) -> Ran:
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        output, errors = capfdbinary.readouterr()
        return Ran(code, output, errors.decode())

    return run_command
