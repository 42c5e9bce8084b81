from __future__ import annotations

import pytest

from forensics.errors import UsageError
from forensics.registry import parse_name

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "full", "tag", "digest", "address"),
    [
        ("alpine", "docker.io/library/alpine", "latest", "", "registry-1.docker.io"),
        ("//alpine", "docker.io/library/alpine", "latest", "", "registry-1.docker.io"),
        ("alpine:3.20", "docker.io/library/alpine", "3.20", "", "registry-1.docker.io"),
        ("grafana/grafana", "docker.io/grafana/grafana", "latest", "", "registry-1.docker.io"),
        ("docker.io/alpine", "docker.io/library/alpine", "latest", "", "registry-1.docker.io"),
        ("index.docker.io/library/alpine:1", "docker.io/library/alpine", "1", "", "registry-1.docker.io"),
        ("ghcr.io/a/b/c:v1", "ghcr.io/a/b/c", "v1", "", "ghcr.io"),
        ("GHCR.io/a/b", "ghcr.io/a/b", "latest", "", "ghcr.io"),
        ("localhost/a", "localhost/a", "latest", "", "localhost"),
        ("localhost:5000/a:b", "localhost:5000/a", "b", "", "localhost:5000"),
        ("[::1]:5000/a", "[::1]:5000/a", "latest", "", "[::1]:5000"),
        (f"alpine@{DIGEST}", "docker.io/library/alpine", "", DIGEST, "registry-1.docker.io"),
        (f"host:1/a:t@{DIGEST}", "host:1/a", "t", DIGEST, "host:1"),
    ],
)
def test_names(text, full, tag, digest, address):
    name = parse_name(text)
    assert (name.full, name.tag, name.digest, name.address) == (full, tag, digest, address)
    assert name.wanted == (digest or tag)
    assert parse_name(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/a",
        ":5000/a",
        "host:99999/a",
        "host:0/a",
        "[nonsense]:1/a",
        "a b",
        "a//b",
        "../a",
        "a/..",
        "host.x/",
        "alpine:",
        "alpine:" + "x" * 129,
        "alpine:a/b",
        "alpine@sha256:abc",
        "alpine@",
        "user@host.x/a",
        "host.x/a?b",
        "host.x/a#b",
        "host.x/\x1b[2Ja",
        "host.x/" + "a" * 300,
        "https://host.x/a",
    ],
)
def test_what_is_no_name(text):
    with pytest.raises(UsageError) as raised:
        parse_name(text)
    assert raised.value.hint
    assert raised.value.message.isprintable()


def test_capitals_are_told_how_they_are_written():
    with pytest.raises(UsageError) as raised:
        parse_name("ghcr.io/Owner/App")
    assert "owner/app" in raised.value.hint
