"""Which layers are read is a matter of the image alone, and nobody can write those that were."""

from __future__ import annotations

import fcntl
import gzip
import os
from pathlib import Path

import pytest

from forensics.limits import Limits
from forensics.pipeline import Options, Session, protocol
from forensics.pipeline import pool as pools
from forensics.pipeline.pool import WorkerPool
from tests.image_archives import docker_save, tar_of


def _kept(image: Path, jobs: int, limits: Limits) -> tuple[list[int], list[str]]:
    with Session(str(image), Options(cache=False, jobs=jobs, limits=limits)) as session:
        indexes = session.index_layers()
    kept = [index.index for index in indexes if index.entries]
    return kept, [issue.message for index in indexes for issue in index.issues]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("limit", ["image_bytes", "members"])
def test_a_large_decoy_silences_no_layer_below_it_whatever_the_jobs(
    limit: str, packed: bool, tmp_path: Path
) -> None:
    small = [tar_of([(f"file{number}", b"evidence")]) for number in range(4)]
    decoy = tar_of([(f"decoy{number}", os.urandom(2000)) for number in range(200)])
    layers = [small[0], small[1], decoy, small[2], decoy, small[3]]
    image = tmp_path / "image.tar"
    image.write_bytes(docker_save([gzip.compress(layer) if packed else layer for layer in layers]))
    limits = Limits(image_bytes=100_000) if limit == "image_bytes" else Limits(members=200)
    found = [_kept(image, jobs, limits) for jobs in (1, 2, 6)]
    assert found[0][0] == [0, 1, 2]
    assert found[0] == found[1] == found[2]
    assert sum(f"limit {limit}" in message for message in found[0][1]) == 3


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[bool]]]:
    """The messages that workers got, and of each descriptor with them whether it can be written."""
    seen: list[tuple[str, list[bool]]] = []
    send = protocol.send

    def spy(channel: object, message: object, descriptors: tuple[int, ...] = ()) -> None:
        modes = [fcntl.fcntl(each, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY for each in descriptors]
        seen.append((type(message).__name__, modes))
        send(channel, message, descriptors)  # type: ignore[arg-type]

    monkeypatch.setattr(pools.protocol, "send", spy)
    return seen


def _archive(tmp_path: Path) -> Path:
    image = tmp_path / "image.tar.gz"
    layers = [tar_of([("a", b"x")]), gzip.compress(tar_of([("b", b"y")]))]
    image.write_bytes(gzip.compress(docker_save(layers)))
    return image


def test_workers_can_write_what_they_are_to_write_alone(
    handed: list[tuple[str, list[bool]]], tmp_path: Path
) -> None:
    with Session(str(_archive(tmp_path)), Options(cache=False, jobs=1)) as session:
        session.index()
    expected = {
        "Unwrap": [False, True],
        "IndexLayer": [False, True],
        "AttachLayer": [False],
        "Hello": [],
    }
    assert {name for name, _ in handed} == set(expected)
    assert [entry for entry in handed if entry[1] != expected[entry[0]]] == []


def test_a_folder_that_was_packed_is_handed_out_to_read(
    handed: list[tuple[str, list[bool]]], tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    with Session(f"rootfs:{tmp_path}", Options(cache=False, jobs=1)) as session:
        session.index()
    assert [modes for name, modes in handed if name == "IndexLayer"] == [[False, True]]
    assert all(not any(modes) for name, modes in handed if name == "AttachLayer")


_KEEPER = """
import os, sys
import forensics.pipeline.worker as worker
close = worker.os.close
worker.os.close = lambda fd: os.dup(fd) and close(fd)
worker.main()
"""


def test_a_worker_that_keeps_a_layer_open_for_writing_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start, started = pools.subprocess.Popen, []

    def first_keeps(command: list[str], **options: object) -> object:
        started.append(command)
        if len(started) == 1:
            command = [command[0], "-P", "-c", _KEEPER, command[-1]]
        return start(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(pools.subprocess, "Popen", first_keeps)
    with Session(str(_archive(tmp_path)), Options(cache=False, jobs=1)) as session:
        indexes = session.index_layers()
        assert [[entry.path for entry in index.entries] for index in indexes] == [["/a"], ["/b"]]
        assert not [issue for index in indexes for issue in index.issues if issue.lost_bytes]
    assert len(started) == 2


def test_where_the_file_system_does_not_tell_the_workers_are_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended: list[object] = []
    end = WorkerPool._end
    monkeypatch.setattr("forensics.spool._ask_who_writes", lambda _: pools.Seal.UNKNOWN)
    monkeypatch.setattr(WorkerPool, "_end", lambda self, process: ended.append(process) or end(self, process))
    with Session(str(_archive(tmp_path)), Options(cache=False, jobs=1)) as session:
        session.analyze()
        assert len(ended) == 2, "after the archive was unpacked, and after its layers were"
