"""Images that expect to control their host."""

from __future__ import annotations

import pytest

from forensics.detectors import Scene
from forensics.detectors.host_control import DETECTOR
from forensics.model.findings import Finding
from forensics.model.image import Image
from tests.scenes import config


def judge(**values: object) -> list[Finding]:
    return list(
        DETECTOR.detect(Scene(image=Image(source="x", reference="x", config=config(**values)), rules={}))
    )


@pytest.mark.parametrize(
    ("values", "rule", "severity"),
    [
        ({"volumes": ("/var/run/docker.sock",)}, "escape/expects-host-control", "medium"),
        ({"volumes": ("/host",)}, "escape/expects-host-control", "medium"),
        ({"env": ("DOCKER_HOST=unix:///var/run/docker.sock",)}, "escape/expects-host-control", "medium"),
        ({"cmd": ("nsenter", "-t", "1", "-m", "sh")}, "escape/breakout-command", "high"),
        ({"cmd": ("sh", "-c", "chroot /host sh")}, "escape/breakout-command", "high"),
        (
            {"cmd": ("docker", "run", "--privileged", "-v", "/:/h", "alpine")},
            "escape/breakout-command",
            "high",
        ),
    ],
)
def test_host_control(values: dict[str, object], rule: str, severity: str) -> None:
    (found,) = judge(**values)
    assert (found.rule_id, str(found.severity)) == (rule, severity)


def test_ordinary_volumes() -> None:
    assert judge(volumes=("/var/lib/mysql", "/data"), env=("HOST=/hostname",), cmd=("run",)) == []
