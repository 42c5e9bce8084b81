"""Pools, wallets and miner options in the configuration."""

from __future__ import annotations

import pytest

from forensics.detectors import Scene
from forensics.detectors.miner_settings import DETECTOR
from forensics.model.findings import Finding
from forensics.model.image import Image
from tests.scenes import config


def judge(**values: object) -> list[Finding]:
    return list(
        DETECTOR.detect(Scene(image=Image(source="x", reference="x", config=config(**values)), rules={}))
    )


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ({"cmd": ("/app", "-o", "stratum+tcp://pool.invalid:3333")}, "critical"),
        ({"entrypoint": ("/usr/bin/xmrig",)}, "critical"),
        ({"env": ("POOL=xmr.nanopool.org:14433",)}, "high"),
        ({"env": ("POOL=xmr.nanopool.org:14433",), "cmd": ("/app", "--donate-level=1")}, "critical"),
        ({"env": ("W=4" + "A" * 94,)}, "high"),
    ],
)
def test_miner(values: dict[str, object], severity: str) -> None:
    (found,) = judge(**values)
    assert (found.rule_id, str(found.severity)) == ("miner/start-settings", severity)


@pytest.mark.parametrize(
    "values",
    [
        {"cmd": ("nginx",)},
        {"labels": {"description": "a scanner that finds xmrig"}},
        {"env": ("JAVA_OPTS=-o pool:3333", "HASH=" + "4" * 64)},
    ],
)
def test_no_miner(values: dict[str, object]) -> None:
    assert judge(**values) == []
