from __future__ import annotations

import time

import pytest

from forensics.registry.challenges import Challenge, parse_challenges

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            [HUB],
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (['Basic realm="a \\"q\\", b"'], [Challenge("basic", {"realm": 'a "q", b'})]),
        (
            ['Basic realm=x, Bearer realm = "y" , service=z'],
            [
                Challenge("basic", {"realm": "x"}),
                Challenge("bearer", {"realm": "y", "service": "z"}),
            ],
        ),
        (["Negotiate", "BASIC"], [Challenge("negotiate", {}), Challenge("basic", {})]),
        (["NTLM YWJj==, Basic realm=a"], [Challenge("ntlm", {}), Challenge("basic", {"realm": "a"})]),
        (["Bearer realm=a, realm=b"], [Challenge("bearer", {"realm": "a"})]),
        ([""], []),
        (["=x"], []),
        ([], []),
    ],
)
def test_challenges(headers, expected):
    assert list(parse_challenges(headers)) == expected


@pytest.mark.parametrize("piece", [", ", 'a="\\', "a=b,", "a ", '"', "a=" + '"x'])
def test_endless_headers_take_no_time(piece):
    begin = time.monotonic()
    assert len(parse_challenges([piece * 100_000] * 100)) <= 16
    assert time.monotonic() - begin < 2
