"""Borrowed names."""

from __future__ import annotations

import pytest

from forensics.detectors.process_masquerade import DETECTOR
from tests.scenes import File, config, debian, elf, judge, said

KERNEL, SYSTEM = "names/kernel-thread", "names/system-program"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/usr/bin/kworker", (KERNEL, "high")),
        ("/opt/[kworker]", (KERNEL, "high")),
        ("/opt/kworker:0-events", (KERNEL, "high")),
        ("/tmp/kdevtmpfsi", (KERNEL, "high")),
        ("/usr/sbin/kswapd0", (KERNEL, "high")),
        ("/opt/kworkers-report", None),
        ("/usr/bin/systemd-helper", (SYSTEM, "medium")),
        ("/usr/lib/.x/sshd", (SYSTEM, "high")),
        ("/tmp/systemd-network", (SYSTEM, "high")),
        ("/usr/local/sbin/sshd", (SYSTEM, "low")),
        ("/opt/app/server", None),
    ],
)
def test_names(path: str, expected: tuple[str, str] | None) -> None:
    found = [
        (rule, severity) for rule, severity, _ in said(judge(DETECTOR, debian(), {path: File(elf(), 0o755)}))
    ]
    assert found == ([expected] if expected else [])


def test_data_and_owned_programs_and_announced_ones() -> None:
    assert judge(DETECTOR, debian(), {"/etc/logrotate.d/sshd": b"x", "/etc/kworker": b"x"}) == []
    assert judge(DETECTOR, debian(sshd=elf(b"sshd"))) == []
    found = judge(
        DETECTOR,
        debian(),
        {"/usr/bin/dockerd": File(elf(), 0o755)},
        config=config(cmd=("dockerd",), env=("DOCKERD_VERSION=1",)),
    )
    assert [one[1] for one in said(found)] == ["low"]


def test_an_altered_program_keeps_its_own_name() -> None:
    assert judge(DETECTOR, debian(sshd=elf(b"sshd")), {"/usr/bin/sshd": File(elf(b"evil"), 0o755)}) == []


def test_without_a_database_kernel_names_count_and_others_do_not() -> None:
    layer = {"/bin/kworker": File(elf(b"1"), 0o755), "/bin/sshd": File(elf(b"2"), 0o755)}
    assert said(judge(DETECTOR, layer)) == [(KERNEL, "high", "/bin/kworker")]
