"""Certificate authorities that no package brought. The certificates were made here; their keys are lost."""

from __future__ import annotations

import binascii

import pytest

from forensics.detectors.trust_anchors import DETECTOR
from tests.scenes import debian, directory, dpkg, elf, judge, said, symlink

RULE = "trust/added-authority"
LOCAL = "/usr/local/share/ca-certificates/x.crt"
CA = b"""\
-----BEGIN CERTIFICATE-----
MIIBqzCCAVGgAwIBAgIUA2LxOEaEX6rYfNdXl7JKl2mtEwowCgYIKoZIzj0EAwIw
KjEPMA0GA1UECgwGTm9ib2R5MRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0y
NjExMjQyMDQ3NTVaGA8yMTI2MTAzMTIwNDc1NVowKjEPMA0GA1UECgwGTm9ib2R5
MRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABMAZbwJBdZEUF+ksgTgvzEeFnr9MSBVtPSB2RL4MJDBysXLX/wU497U+bOEU
EYeEYQT/givPMEGCpQsqmB3ZS96jUzBRMB0GA1UdDgQWBBT+PpnIThMiU9hsKfqb
K5M09TjFjzAfBgNVHSMEGDAWgBT+PpnIThMiU9hsKfqbK5M09TjFjzAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIFkQyh1h57BQ+wnJd14b4kbRhEcn
9BMmpPv3f3pLv7r7AiEA8LY5BOfJVfj+moScq7MFoAJ3cSurGHZBXNLJrNYjbI4=
-----END CERTIFICATE-----
"""
OTHER = b"""\
-----BEGIN CERTIFICATE-----
MIIBjzCCATWgAwIBAgIUXAHKe+fDrUF41j9d4rGIbBJ0ogEwCgYIKoZIzj0EAwIw
HDEaMBgGA1UECgwRT25seSBPcmdhbmlzYXRpb24wIBcNMjYxMTI0MjA0NzU1WhgP
MjEyNjEwMzEyMDQ3NTVaMBwxGjAYBgNVBAoMEU9ubHkgT3JnYW5pc2F0aW9uMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9vtNMAl6YIyTXtDg7gxdQcMIkB6lADYV
bEtITF2hdsd3lDFPv0akUMMDw1tQkO/AlSRumAZ13e8GwNpTcJhjRaNTMFEwHQYD
VR0OBBYEFOiA4aafhjFisGDIlMBQffhR/UjaMB8GA1UdIwQYMBaAFOiA4aafhjFi
sGDIlMBQffhR/UjaMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIg
Jw4X/8/c3fBl3sdu1KzTGHbzoNeeEh8mGBRxX3k52AwCIQD/2Y/V5d2DDlaQztnk
Xwi7BEF0HM7VpTc5qTT16rm6aw==
-----END CERTIFICATE-----
"""
LEAF = b"""\
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUe/xKOe289Nn/9fmWLm/GNu5HP4UwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMbGVhZi5pbnZhbGlkMCAXDTI2MTEyNDIwNDc1NVoYDzIxMjYx
MDMxMjA0NzU1WjAXMRUwEwYDVQQDDAxsZWFmLmludmFsaWQwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQbotZVyKDpL9mBtnds9zPfF4mGMJzOYyX3P/7AwslkExXG
p+O+redQHplS7z7c9rLRSOfj0hWk/VrYEsK6GVkWo00wSzAdBgNVHQ4EFgQUxCKW
hH/RqcB7DmGduO4COdQxmGMwHwYDVR0jBBgwFoAUxCKWhH/RqcB7DmGduO4COdQx
mGMwCQYDVR0TBAIwADAKBggqhkjOPQQDAgNHADBEAiBtZpUrn18e0bx3ydLW2Yy8
NdOksWg1Ri80xs+Fee8BjgIgT/QqYva0GwbU36yv0F/JkjL8M5ss2Fzaw5epSbAQ
kGI=
-----END CERTIFICATE-----
"""
FINGERPRINT = "c6e66d4285691e3b5a492b542d467f964a8f464c0434f9ef3afd38210cba9405"
SHIPPED, BUNDLE = "/usr/share/ca-certificates/mozilla/O.crt", "/etc/ssl/certs/ca-certificates.crt"


def der(pem: bytes) -> bytes:
    return binascii.a2b_base64(b"".join(pem.splitlines()[1:-1]))


@pytest.mark.parametrize(
    "path",
    [
        LOCAL,
        "/usr/local/share/ca-certificates/corp/x.crt",
        "/etc/pki/ca-trust/source/anchors/x.pem",
        "/etc/ca-certificates/trust-source/anchors/x.crt",
        "/usr/share/ca-certificates/x.crt",
        "/etc/ssl/certs/1f2e3d4c.0",
    ],
)
@pytest.mark.parametrize("content", [CA, der(CA), b"# note\n\n" + CA], ids=["text", "bytes", "noted"])
def test_an_added_authority_is_told_with_subject_and_fingerprint(path: str, content: bytes) -> None:
    (found,) = judge(DETECTOR, debian(), {path: content})
    assert said([found]) == [(RULE, "medium", path)]
    assert found.title.endswith(": Test Authority")
    assert found.evidence[0].text == f"Test Authority, SHA-256 {FINGERPRINT}"
    assert found.evidence[0].offset == (8 if content.startswith(b"#") else 0)


def test_without_a_database_only_places_for_local_authorities_count() -> None:
    assert said(judge(DETECTOR, {LOCAL: CA})) == [(RULE, "medium", LOCAL)]
    assert judge(DETECTOR, {"/etc/ssl/certs/1f2e3d4c.0": CA, SHIPPED: CA, BUNDLE: CA + OTHER}) == []


def test_several_in_one_file_hidden_ones_and_names_without_a_common_name() -> None:
    (found,) = judge(DETECTOR, debian(), {LOCAL: OTHER + LEAF + CA}, {LOCAL: None})
    assert said([found]) == [(RULE, "low", LOCAL)]
    assert found.title.endswith(": Only Organisation and 1 more")


def test_a_certificate_of_a_service_is_low_where_nothing_finds_it_as_an_authority() -> None:
    place = "/etc/ssl/certs/site.pem"
    assert said(judge(DETECTOR, debian(), {place: CA})) == [(RULE, "low", place)]
    linked = {place: CA, "/etc/ssl/certs/1f2e3d4c.0": symlink("site.pem")}
    assert said(judge(DETECTOR, debian(), linked)) == [(RULE, "medium", place)]


def test_what_packages_ship_is_silent_and_what_a_bundle_has_besides_is_told() -> None:
    owned = {"coreutils": {"/usr/bin/ls": elf(b"ls")}, "ca-certificates": {SHIPPED: OTHER}}
    base = debian({SHIPPED: OTHER, "/etc/ssl/certs/O.pem": symlink(SHIPPED), BUNDLE: OTHER, **dpkg(owned)})
    assert judge(DETECTOR, base) == []
    assert said(judge(DETECTOR, base, {BUNDLE: OTHER + CA})) == [(RULE, "medium", BUNDLE)]
    assert said(judge(DETECTOR, base, {BUNDLE: OTHER + CA, LOCAL: CA})) == [(RULE, "medium", LOCAL)]


@pytest.mark.parametrize(
    "content",
    [
        LEAF,
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB",
        b"\x30\x82\x01\x00\x02\x01\x03" + bytes(252),
    ],
)
def test_what_is_no_authority(content: bytes) -> None:
    assert (
        judge(DETECTOR, debian(), {LOCAL: content, "/usr/local/share/ca-certificates/d": directory()}) == []
    )


@pytest.mark.parametrize("length", [*range(4, 120, 3), 300])
def test_a_cut_certificate_still_has_a_fingerprint(length: int) -> None:
    for found in judge(DETECTOR, debian(), {LOCAL: der(CA)[:length]}):
        assert "SHA-256" in found.evidence[0].text
        assert found.evidence[0].text.isprintable()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", [b"-----BEGIN CERTIFICATE-----", b"-----BEGIN CERTIFICATE-----A", b"\x30\x84"]
)
def test_hostile_text_is_read_in_linear_time(unit: bytes) -> None:
    assert len(judge(DETECTOR, debian(), {LOCAL: unit * (1_000_000 // len(unit))})) <= 1
