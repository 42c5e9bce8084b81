"""Environment variables that load code everywhere."""

from __future__ import annotations

import pytest

from forensics.detectors.loader_variables import DETECTOR
from tests.scenes import File, config, debian, elf, judge

LIBRARY = File(elf(b"library"), 0o755)


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("LD_PRELOAD=/opt/x.so", "high"),
        ("LD_PRELOAD=/tmp/x.so", "high"),
        ("LD_PRELOAD=/usr/lib/.x/y.so", "high"),
        ("LD_PRELOAD=/usr/local/lib/libjemalloc.so.2", "low"),
        ("LD_PRELOAD=/usr/bin/ls", None),
        ("LD_PRELOAD=/gone.so", "low"),
        ("LD_PRELOAD=", None),
        ("LD_PRELOAD=libx.so", None),
        ("LD_AUDIT=/opt/x.so", "high"),
        ("LD_LIBRARY_PATH=/usr/local/lib:/opt/lib", None),
        ("LD_LIBRARY_PATH=/usr/local/lib:/tmp/lib", "high"),
        ("BASH_ENV=/opt/x.so", "high"),
        ("NODE_OPTIONS=--max-old-space-size=4096", None),
        ("NODE_OPTIONS=--require /opt/x.so", "high"),
        ("NODE_OPTIONS=--require=/dev/shm/a.js", "high"),
        ("JAVA_TOOL_OPTIONS=-javaagent:/opt/x.so=a", "high"),
        ("JAVA_TOOL_OPTIONS=-Xmx1g", None),
        ("PYTHONSTARTUP=/var/tmp/a.py", "high"),
        ("PATH=/opt:/tmp", None),
    ],
)
def test_variables(line: str, severity: str | None) -> None:
    layer = {"/opt/x.so": LIBRARY, "/usr/local/lib/libjemalloc.so.2": File(elf(b"j"), 0o755)}
    found = judge(DETECTOR, debian(), layer, config=config(env=(line,)))
    assert [str(one.severity) for one in found] == ([severity] if severity else [])


def test_an_announced_agent_is_low() -> None:
    values = config(env=("LD_PRELOAD=/opt/agent/x.so", "AGENT_HOME=/opt/agent"))
    (found,) = judge(DETECTOR, debian(), {"/opt/agent/x.so": LIBRARY}, config=values)
    assert str(found.severity) == "low"
