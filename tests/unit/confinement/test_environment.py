"""What of the environment a worker gets: enough to start, no secret, and no folder of somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

import forensics
from forensics.cancellation import Cancellation
from forensics.confinement import environment_of_worker
from forensics.limits import Limits
from forensics.pipeline import protocol
from forensics.pipeline.pool import Task, WorkerPool

_PACKAGE = Path(forensics.__file__).parent


def test_secrets_stay_and_what_starts_python_goes_along() -> None:
    told = environment_of_worker(
        {
            "PATH": "/bin",
            "LC_ALL": "C.UTF-8",
            "FORENSICS_DEBUG": "1",
            "AWS_SECRET_ACCESS_KEY": "s",
            "FORENSICS_REGISTRY_PASSWORD": "s",
            "DOCKER_AUTH_CONFIG": "s",
            "HTTPS_PROXY": "http://user:s@proxy",
            "PYTHONSTARTUP": "/x",
            "LD_PRELOAD": "/x.so",
        }
    )
    assert told == {"PATH": "/bin", "LC_ALL": "C.UTF-8", "FORENSICS_DEBUG": "1"}


def test_of_the_python_path_only_folders_with_parts_of_the_program(tmp_path: Path) -> None:
    home, parts = tmp_path / "home", tmp_path / "parts"
    home.mkdir()
    (parts / "msgspec").mkdir(parents=True)
    (parts / "msgspec" / "__init__.py").touch()
    path = os.pathsep.join(map(str, (home, parts, tmp_path / "none", "")))
    assert environment_of_worker({"PYTHONPATH": path}) == {"PYTHONPATH": str(parts)}
    assert environment_of_worker({"PYTHONPATH": str(home)}) == {}


def test_a_process_of_the_pool_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_TOKEN", "very-secret")
    pool = WorkerPool(1, protocol.Hello(Limits()), Cancellation())
    try:
        tasks = deque([Task(protocol.AskConfinement())])
        pool.run(tasks, lambda *_: True, lambda _task, how: pytest.fail(how))
        [process] = pool._processes
        assert b"very-secret" not in Path(f"/proc/{process.child.pid}/environ").read_bytes()
    finally:
        pool.close()


def test_beside_a_part_of_the_program_nothing_can_be_read(tmp_path: Path) -> None:
    """Even a home folder that holds a package: the package alone is readable."""
    (tmp_path / "private").write_text("mine")
    shutil.copytree(_PACKAGE / "model", tmp_path / "msgspec")
    program = f"""
import sys
from forensics.confinement._folders import program_folders
sys.path.insert(0, {str(tmp_path)!r})
print(*program_folders(), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    folders = done.stdout.split("\n")
    assert str(tmp_path / "msgspec") in folders
    assert str(tmp_path) not in folders
    assert str(_PACKAGE.parent) not in folders
