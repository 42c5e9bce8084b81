"""Names that /etc/hosts leads somewhere."""

from __future__ import annotations

import pytest

from forensics.detectors.name_resolution import DETECTOR
from tests.scenes import debian, dpkg, judge, said, symlink

REDIRECTED, BLOCKED = "trust/redirected-host", "trust/blocked-host"
HOSTS = "/etc/hosts"
USUAL = (
    b"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
    b"ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n172.17.0.2\t3f2a9bd01c55\n"
)


@pytest.mark.parametrize(
    ("line", "rule", "severity"),
    [
        ("203.0.113.9 security.debian.org", REDIRECTED, "high"),
        ("8.8.4.4\tdeb.debian.org deb", REDIRECTED, "high"),
        ("10.1.2.3 registry-1.docker.io # mirror", REDIRECTED, "high"),
        ("2001:db8::9 GitHub.com.", REDIRECTED, "high"),
        ("  203.0.113.9 api.somebody.io", REDIRECTED, "medium"),
        ("::ffff:203.0.113.9 api.somebody.io", REDIRECTED, "medium"),
        ("0x08080808 api.somebody.io", REDIRECTED, "medium"),
        ("0.0.0.0 update.aegis.aliyun.com", BLOCKED, "high"),
        ("127.0.0.1 database.clamav.net", BLOCKED, "high"),
        (":: registry.npmjs.org", BLOCKED, "high"),
        ("0.0.0.0 pool.minexmr.com", BLOCKED, "high"),
        ("127.0.0.1 localhost mine.c3pool.com", BLOCKED, "high"),
        ("127.0.0.1 www.whirlpool.eu", BLOCKED, "low"),
        ("0.0.0.0 ads.somebody.io", BLOCKED, "low"),
        ("127.0.0.1 0.pool.ntp.org", BLOCKED, "low"),
    ],
)
def test_pinned_names(line: str, rule: str, severity: str) -> None:
    (found,) = judge(DETECTOR, debian(), {HOSTS: USUAL + line.encode() + b"\n"})
    assert said([found]) == [(rule, severity, HOSTS)]
    assert found.evidence[0].offset == len(USUAL)
    assert found.evidence[0].length == len(line)


@pytest.mark.parametrize(
    "line",
    [
        "127.0.1.1 builder.localdomain builder",
        "192.168.1.5 db.corp api.internal cache.local",
        "169.254.169.254 metadata.google.internal",
        "10.0.0.1 host.docker.internal gateway.docker.internal",
        "127.0.0.1 buildkitsandbox",
        "# 203.0.113.9 security.debian.org",
        "security.debian.org 203.0.113.9",
        "203.0.113.9",
        "192.0.2.1 www.example.com",
        "10.0.0.1 1.2.3.4",
    ],
)
def test_ordinary_lines(line: str) -> None:
    assert judge(DETECTOR, debian(), {HOSTS: USUAL + line.encode()}) == []


def test_a_published_list_is_low_whatever_pools_are_on_it_and_vital_names_are_not_excused() -> None:
    block = (
        b"".join(b"0.0.0.0 ad%d.somebody.io\n" % number for number in range(60)) + b"0.0.0.0 xmr.pool.io\n"
    )
    (found,) = judge(DETECTOR, debian(), {HOSTS: block})
    assert said([found]) == [(BLOCKED, "low", HOSTS)]
    (found,) = judge(DETECTOR, debian(), {HOSTS: block + b"0.0.0.0 deb.debian.org\n"})
    assert said([found]) == [(BLOCKED, "high", HOSTS)]
    assert "deb.debian.org" in found.evidence[0].text


def test_both_kinds_hidden_versions_links_and_owned_files() -> None:
    text = b"0.0.0.0 clamav.net\n203.0.113.9 github.com\n"
    assert said(judge(DETECTOR, debian(), {HOSTS: text})) == [
        (REDIRECTED, "high", HOSTS),
        (BLOCKED, "high", HOSTS),
    ]
    assert [one[1] for one in said(judge(DETECTOR, {HOSTS: text}, {HOSTS: None}))] == ["medium", "medium"]
    assert len(judge(DETECTOR, {HOSTS: symlink("/opt/h"), "/opt/h": text})) == 2
    assert judge(DETECTOR, {HOSTS: text, **dpkg({"netbase": {HOSTS: text}})}) == []


def test_very_many_names_are_two_findings() -> None:
    text = b"".join(b"203.0.113.9 a%d.somebody.io b%d.pool.io\n" % (n, n) for n in range(10_000))
    assert said(judge(DETECTOR, {HOSTS: text + b"1.2.3.4 ghcr.io"})) == [(REDIRECTED, "high", HOSTS)]
