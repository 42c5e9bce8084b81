"""Members that no honest layer has."""

from __future__ import annotations

import tarfile

import pytest

from forensics.detectors.unsafe_members import DETECTOR
from tests.scenes import File, directory, judge, said, symlink


def node(kind: bytes, major: int, minor: int) -> File:
    return File(mode=0o666, kind=kind, device=(major, minor))


@pytest.mark.parametrize(
    ("path", "file", "expected"),
    [
        ("/dev/null", node(tarfile.CHRTYPE, 1, 3), None),
        ("/dev/tty7", node(tarfile.CHRTYPE, 4, 7), None),
        ("/opt/null", node(tarfile.CHRTYPE, 1, 3), ("archive/device-node", "medium")),
        ("/dev/null", node(tarfile.CHRTYPE, 1, 1), ("archive/raw-device-node", "high")),
        ("/dev/mem", node(tarfile.CHRTYPE, 1, 1), ("archive/raw-device-node", "high")),
        ("/dev/sda", node(tarfile.BLKTYPE, 8, 0), ("archive/raw-device-node", "high")),
        ("/opt/x", node(tarfile.CHRTYPE, 0, 0), ("archive/device-node", "low")),
        ("/opt/x", symlink("/proc/1/root"), ("escape/link-to-host", "medium")),
        ("/opt/x", symlink("../../../../etc/passwd"), ("archive/link-climbs-out", "low")),
        ("/opt/x", symlink("../etc/passwd"), None),
        ("/etc/mtab", symlink("/proc/mounts"), None),
        ("/dev/fd", symlink("/proc/self/fd"), None),
        ("/opt/x", symlink("/etc/passwd"), None),
    ],
)
def test_members(path: str, file: File, expected: tuple[str, str] | None) -> None:
    found = [(rule, severity) for rule, severity, _ in said(judge(DETECTOR, {path: file}))]
    assert found == ([expected] if expected else [])


def test_names_that_climb_are_told_for_the_layer() -> None:
    (found,) = judge(DETECTOR, [("a/../../../etc/cron.d/x", b""), ("b/./c", b"")])
    assert (found.rule_id, str(found.severity), found.layer) == ("archive/name-climbs-out", "high", 0)
    assert [one.text for one in found.evidence] == ["a/../../../etc/cron.d/x"]


def test_a_member_written_through_a_link() -> None:
    layer = [("opt/x", symlink("/etc/cron.d")), ("opt/x/job", b"* * * * * root x\n")]
    found = judge(DETECTOR, layer)
    assert said(found) == [("archive/written-through-link", "medium", "/etc/cron.d/job")]
    assert found[0].evidence[0].text == "the archive names it /opt/x/job"


def test_merged_folders_are_ordinary() -> None:
    layer = [("usr/bin", directory()), ("bin", symlink("usr/bin")), ("bin/x", b"")]
    assert judge(DETECTOR, layer) == []


def test_duplicates() -> None:
    found = judge(DETECTOR, [("opt/x", b"one"), ("opt/x", b"two")])
    assert said(found) == [("archive/duplicate-member", "medium", "/opt/x")]
    assert [one[1] for one in said(judge(DETECTOR, [("opt/x", b"one"), ("opt/x", b"one")]))] == ["info"]


def test_a_flood_is_cut_and_counted() -> None:
    found = judge(DETECTOR, {f"/opt/{n}": symlink("/proc/1/root") for n in range(130)})
    assert len(found) == 101
    assert found[-1].title.endswith("30 more members")
