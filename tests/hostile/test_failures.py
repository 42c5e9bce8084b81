"""What may happen to the program while it works: killed workers, a full disk, evidence that goes away.

It always ends, says what happened, leaves no process behind, and the next run is as if nothing had been.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.measure import _family
from forensics.limits import MIB
from forensics.model.report import Report
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event, Progress, Stage
from tests.image_archives import docker_save, tar_of

_PROGRAM = "import sys; from forensics.cli.main import main; sys.exit(main())"
_PATIENCE = 30


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three layers, one of them compressed, with enough to do for a second or two."""
    large = os.urandom(12 * MIB)
    layers = [
        tar_of([(f"opt/{number}", large[number * 50_000 : (number + 3) * 50_000]) for number in range(200)]),
        zlib.compress(tar_of([("var/blob", large), ("etc/motd", b"welcome\n")]), 1, 31),
        tar_of([("etc/passwd", b"root:x:0:0::/root:/bin/sh\n")]),
    ]
    return docker_save(layers)


@pytest.fixture
def image(archive: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(archive)
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[str]:
    """A folder on a disk of four MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=4m", "tmpfs"]
    if subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode:
        pytest.skip("this place does not let root mount a disk")
    yield str(folder)
    subprocess.run(["umount", str(folder)], check=True)


def started(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate(timeout=_PATIENCE)
    assert "Traceback" not in errors
    return process.returncode, out, errors


def scan(image: Path, *options: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    arguments = ("scan", str(image), "-q", "--no-cache", "--format", "json", *options)
    code, out, errors = ended(started(*arguments, **environment))
    return code, msgspec.json.decode(out) if out else {}, errors


def issues(report: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [each for each in report["coverage"]["issues"] if each["code"] == code]


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


class TestKilledWorkers:
    @pytest.mark.parametrize("stage", [Stage.LAYERS, Stage.EXAMINE])
    def test_one_killed_in_the_middle_costs_nothing(self, stage: Stage, image: Path) -> None:
        killed: list[int] = []

        def listen(event: Event) -> None:
            if isinstance(event, Progress) and event.stage is stage and not killed:
                victim = session.pool._processes[0].child.pid
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        with Session(str(image), Options(cache=False, jobs=2)) as session:
            report = session.analyze(listen)
        assert killed
        assert not [issue for issue in report.coverage.issues if issue.lost_bytes]
        assert report.coverage.examined_bytes == report.coverage.bytes

    def test_all_killed_again_and_again_are_told_with_the_bytes_lost(self, image: Path) -> None:
        """Whoever kills every worker gets a report all the same: it says that nothing was examined."""
        session = Session(str(image), Options(cache=False, jobs=2))
        over = threading.Event()

        def kill() -> None:
            while not over.wait(0.002):
                for process in tuple(session.pool._processes):
                    process.child.send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill)
        with session:
            session.pool.start()
            killer.start()
            try:
                report = session.analyze(lambda event: None)
            finally:
                over.set()
                killer.join()
        told = [issue for issue in report.coverage.issues if issue.code == "worker-died"]
        assert {issue.subject for issue in told} >= {"layer 0", "layer 1", "layer 2"}
        assert all("SIGKILL" in issue.message for issue in told)
        assert sum(issue.lost_bytes for issue in told) > 30 * MIB


class TestTheMainProcess:
    def test_killed_it_leaves_no_worker_and_the_next_run_is_whole(self, image: Path, tmp_path: Path) -> None:
        spool, cache = tmp_path / "spool", tmp_path / "cache"
        spool.mkdir()
        folders = {"FORENSICS_TMPDIR": str(spool), "FORENSICS_CACHE_DIR": str(cache)}
        process = started("scan", str(image), "-q", **folders)
        family: list[int] = []
        assert until(lambda: len(family) > 1 or bool(family.extend(_family(process.pid)[1:])))
        time.sleep(0.3)
        process.kill()
        process.communicate()
        assert until(lambda: not any(map(alive, family))), "a worker outlived the program"
        assert list(spool.iterdir()) == []
        code, report, _ = scan(image, **folders)
        assert code == 0
        assert not [each for each in report["coverage"]["issues"] if each["lost_bytes"]]

    @pytest.mark.parametrize("delay", [0.15, 0.4, 0.7, 1.0, 1.4])
    def test_interrupted_at_any_stage_it_ends_with_130_and_alone(self, delay: float, image: Path) -> None:
        process = started("scan", str(image), "-q", "--no-cache")
        time.sleep(delay)
        family = _family(process.pid)[1:]
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        _, errors = process.communicate(timeout=_PATIENCE)
        assert time.monotonic() - begun < 10
        assert until(lambda: not any(map(alive, family)))
        # Before the program runs at all Python itself is interrupted; afterwards it may be done already.
        assert process.returncode in {130, -signal.SIGINT, 0}
        if process.returncode == 130:
            assert "interrupted" in errors
            assert "Traceback" not in errors


class TestDisks:
    def test_a_layer_that_finds_no_room_is_told_and_the_others_are_read(
        self, image: Path, small_disk: str
    ) -> None:
        code, report, _ = scan(image, FORENSICS_TMPDIR=small_disk)
        [issue] = issues(report, "not-decompressed")
        assert code == 4
        assert issue["subject"] == "layer 1"
        assert "no room" in issue["message"]
        assert "FORENSICS_TMPDIR" in issue["message"]
        assert issue["lost_bytes"] > 10 * MIB
        assert report["coverage"]["examined_files"] >= 201

    def test_an_archive_that_finds_no_room_is_one_line(
        self, archive: bytes, tmp_path: Path, small_disk: str
    ) -> None:
        packed = tmp_path / "image.tar.gz"
        packed.write_bytes(zlib.compress(archive, 1, 31))
        code, _, errors = scan(packed, FORENSICS_TMPDIR=small_disk)
        assert code == 3
        assert "no room" in errors
        assert "FORENSICS_TMPDIR" in errors

    def test_a_spool_that_cannot_be_written_is_one_line(self, image: Path, tmp_path: Path) -> None:
        code, _, errors = scan(image, FORENSICS_TMPDIR=str(tmp_path / "is not there"))
        assert code == 3
        assert "FORENSICS_TMPDIR" in errors

    @pytest.mark.parametrize("damage", ["a file", "read-only", "garbage", "cut"])
    def test_a_cache_that_is_of_no_use_only_costs_speed(
        self, damage: str, image: Path, tmp_path: Path
    ) -> None:
        cache = tmp_path / "cache"
        if damage == "a file":
            cache.write_text("no folder")
        else:
            cache.mkdir()
            first = ended(started("scan", str(image), "-q", FORENSICS_CACHE_DIR=str(cache)))
            assert first[0] == 0
            database = cache / "facts.sqlite"
            assert database.stat().st_size > 10_000
            if damage == "read-only":
                database.chmod(0o400)
                cache.chmod(0o500)
            elif damage == "garbage":
                database.write_bytes(b"garbage" * 1000)
            else:
                os.truncate(database, database.stat().st_size // 2)
        arguments = ("scan", str(image), "-q", "--format", "json")
        code, out, errors = ended(started(*arguments, FORENSICS_CACHE_DIR=str(cache)))
        assert (code, errors) == (0, "")
        assert msgspec.json.decode(out, type=Report).coverage.examined_files == 203


class TestEvidence:
    def test_a_file_that_is_deleted_while_it_is_read_is_read_to_its_end(self, image: Path) -> None:
        def listen(event: Event) -> None:
            if isinstance(event, Progress) and event.stage is Stage.LAYERS:
                image.unlink(missing_ok=True)

        with Session(str(image), Options(cache=False)) as session:
            report = session.analyze(listen)
        assert not image.exists()
        assert report.coverage.examined_bytes == report.coverage.bytes > 0

    @pytest.mark.parametrize("stage", [Stage.LAYERS, Stage.INVENTORY, Stage.EXAMINE])
    def test_a_file_that_is_cut_while_it_is_read_is_told_and_kills_nothing(
        self, stage: Stage, image: Path
    ) -> None:
        whole, cut = image.stat().st_size, []

        def listen(event: Event) -> None:
            if isinstance(event, Progress) and event.stage is stage and not cut:
                os.truncate(image, whole // 3)
                cut.append(stage)

        with Session(str(image), Options(cache=False, jobs=1)) as session:
            report = session.analyze(listen)
        assert cut
        lost = [issue for issue in report.coverage.issues if issue.lost_bytes]
        assert lost
        assert report.coverage.examined_bytes < report.coverage.bytes
