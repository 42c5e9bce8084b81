"""What stands behind a crowd of harmless settings is found all the same."""

from __future__ import annotations

import pytest

from forensics.detectors import Scene, host_control, loader_variables, miner_settings, sudoers
from forensics.detectors._scene import Detector
from forensics.model.image import Image
from tests.scenes import config, debian, judge, said

CROWD = 3_000
VARIABLES: list[tuple[Detector, str]] = [
    (loader_variables.DETECTOR, "LD_PRELOAD=/tmp/.x/lib.so"),
    (host_control.DETECTOR, "DOCKER_HOST=unix:///var/run/docker.sock"),
    (miner_settings.DETECTOR, "POOL=stratum+tcp://pool.example.invalid:3333"),
]


@pytest.mark.parametrize(("detector", "line"), VARIABLES, ids=[detector.id for detector, _ in VARIABLES])
def test_variables_are_read_to_the_last(detector: Detector, line: str) -> None:
    def judged(*env: str) -> list[str]:
        image = Image(source="x", reference="x", config=config(env=env))
        return [finding.rule_id for finding in detector.detect(Scene(image=image, rules={}))]

    assert judged(line)
    assert judged(*(f"A{number}=b" for number in range(CROWD)), line) == judged(line)


def test_rules_of_sudo_are_read_to_the_last() -> None:
    evil = "nobody ALL=(ALL) NOPASSWD: ALL\n"
    harmless = "".join(f"user{number} ALL=(root) /usr/bin/id\n" for number in range(CROWD))
    plain = said(judge(sudoers.DETECTOR, debian(), {"/etc/sudoers.d/x": evil.encode()}))
    assert plain
    assert said(judge(sudoers.DETECTOR, debian(), {"/etc/sudoers.d/x": (harmless + evil).encode()})) == plain
