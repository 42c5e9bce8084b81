"""Whatever stands in settings of trust, accounts and login rules: findings or nothing, printable."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.detectors import accounts, name_resolution, package_sources, pam, search_path, trust_anchors
from forensics.detectors._scene import Detector
from tests.scenes import build, config

PLACES: list[tuple[Detector, str, list[bytes]]] = [
    (accounts.DETECTOR, "/etc/passwd", [b"x:", b":", b"0", b"\xb2", b"-", b"+", b"\n", b"/bin/sh"]),
    (
        pam.DETECTOR,
        "/etc/pam.d/x",
        [b"auth ", b"[default=done]", b" pam_permit.so", b"\\\n", b"pam_exec.so /", b"\n"],
    ),
    (
        name_resolution.DETECTOR,
        "/etc/hosts",
        [b"1.2.3.4 ", b"::", b"github.com", b".", b"#", b"\x1b]0;", b"\n", b"0x1 "],
    ),
    (
        package_sources.DETECTOR,
        "/etc/apt/sources.list",
        [b"deb ", b"[trusted=yes]", b" http://", b"1.2.3.4", b"\n", b"\xff"],
    ),
    (
        package_sources.DETECTOR,
        "/etc/apt/sources.list.d/x.sources",
        [b"URIs:", b" http://[::1", b"]/", b"Trusted: yes", b"\n"],
    ),
    (
        package_sources.DETECTOR,
        "/etc/yum.repos.d/x.repo",
        [b"[", b"]", b"baseurl=", b"http://", b"@", b"gpgcheck=0", b"\n "],
    ),
    (
        package_sources.DETECTOR,
        "/etc/pip.conf",
        [b"index-url", b"=", b"http://1", b"\n ", b"trusted-host=\x85", b"%"],
    ),
    (
        trust_anchors.DETECTOR,
        "/etc/pki/trust/x",
        [b"\x30", b"\x82", b"\x80", b"\xff", b"\x06\x03\x55\x04\x03\x0c\x05", b"ab"],
    ),
]


@pytest.mark.parametrize(("detector", "path", "pieces"), PLACES, ids=[case[1] for case in PLACES])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_settings(detector: Detector, path: str, pieces: list[bytes], data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.one_of(st.sampled_from(pieces), st.binary(max_size=3)), max_size=40))
    content = b"".join(parts)
    for found in detector.detect(build([{path: content}], rules={})):
        assert found.title.isprintable()
        for one in found.evidence:
            assert one.text.isprintable()
            assert one.offset is None or 0 <= one.offset < len(content)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["/", ".", "..", ":", "tmp", "usr/bin", "\x1b", "\ud800", "~", "$X"]), max_size=30
    )
)
def test_any_search_path(parts: list[str]) -> None:
    scene = build([], config=config(env=("PATH=" + "".join(parts),)), rules={})
    for found in search_path.DETECTOR.detect(scene):
        assert all(one.text.isprintable() for one in found.evidence)
