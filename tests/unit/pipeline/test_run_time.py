"""The time of a whole run: what was not examined by then is told with its bytes, and findings are judged."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from forensics.limits import DEFAULT
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event, InventoryReady
from tests.image_archives import docker_save, tar_of

_LIMITS = msgspec.structs.replace(DEFAULT, run_seconds=1)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    etc = [
        ("etc/passwd", b"root:x:0:0::/root:/bin/sh\nbad::0:0::/:/bin/sh\n"),
        ("etc/shadow", b"bad::1::::::\n"),
    ]
    path.write_bytes(docker_save([tar_of(etc), tar_of([("opt/b", b"b" * 5000)])]))
    return path


def test_time_that_is_over_before_contents_are_examined(image: Path) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, InventoryReady):
            time.sleep(1.1)

    with Session(str(image), Options(cache=False, jobs=1, limits=_LIMITS)) as session:
        report = session.analyze(listen)
        lost = [issue for issue in report.coverage.issues if issue.lost_bytes]
        assert {issue.code for issue in lost} == {"limit"}
        assert all("run_seconds" in issue.message for issue in lost)
        assert report.coverage.examined_bytes < report.coverage.bytes
        assert report.findings, "the accounts were looked at"
        assert not session.pool.out_of_time, "the screen goes on reading afterwards"


def test_time_that_is_over_before_layers_are_read(image: Path) -> None:
    with Session(str(image), Options(cache=False, jobs=1)) as session:
        session.open()
        session.pool.limit_time(0)
        time.sleep(0.01)
        indexes = session.index_layers()
    assert [[issue.code for issue in index.issues] for index in indexes] == [["limit"], ["limit"]]
    assert all(issue.lost_bytes > 5000 for index in indexes for issue in index.issues)
