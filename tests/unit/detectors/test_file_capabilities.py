"""File capabilities, decoded from the attribute's bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.detectors.file_capabilities import DETECTOR, decode_capability
from tests.scenes import File, debian, dpkg, elf, judge, said

# What `setcap cap_net_raw=ep` writes on Linux, as `getfattr -e hex` shows it.
NET_RAW = bytes.fromhex("0100000200200000000000000000000000000000")
SETUID = struct.pack("<IIIII", 0x02000001, 1 << 7, 0, 0, 0)
SETUID_IN_NAMESPACE = struct.pack("<IIIIII", 0x03000001, 1 << 7, 0, 0, 0, 1000)
BPF = struct.pack("<IIIII", 0x02000000, 0, 0, 1 << (39 - 32), 0)


def layer(path: str, attribute: bytes) -> dict[str, File]:
    return {path: File(elf(path.encode()), 0o755, xattrs={"security.capability": attribute})}


def test_revisions() -> None:
    assert decode_capability(NET_RAW).permitted == ("net_raw",)
    assert decode_capability(NET_RAW).effective
    assert decode_capability(SETUID_IN_NAMESPACE).root == 1000
    assert decode_capability(BPF).permitted == ("bpf",)
    assert not decode_capability(BPF).effective
    assert decode_capability(struct.pack("<III", 0x01000001, 1, 2)).inheritable == ("dac_override",)


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_or_refused(attribute: bytes) -> None:
    try:
        granted = decode_capability(attribute)
    except ValueError:
        return
    assert len(attribute) in (12, 20, 24)
    assert len(granted.permitted) <= 64


@pytest.mark.parametrize(
    ("path", "attribute", "rule", "severity"),
    [
        ("/opt/x", SETUID, "privilege/file-capability", "high"),
        ("/opt/x", BPF, "privilege/file-capability", "high"),
        ("/opt/x", SETUID_IN_NAMESPACE, "privilege/file-capability", "high"),
        ("/usr/bin/python3.11", SETUID, "privilege/file-capability-shell", "critical"),
        ("/usr/bin/tar", SETUID, "privilege/file-capability-shell", "critical"),
        ("/usr/bin/ping", NET_RAW, "privilege/file-capability-narrow", "info"),
        ("/opt/x", b"short", "archive/malformed-capability", "low"),
        ("/usr/bin/newuidmap", SETUID, "privilege/file-capability", "high"),
    ],
)
def test_what_is_granted_to_whom(path: str, attribute: bytes, rule: str, severity: str) -> None:
    assert said(judge(DETECTOR, debian(), layer(path, attribute))) == [(rule, severity, path)]


def test_a_package_may_grant_what_its_tool_needs() -> None:
    path = "/usr/bin/newuidmap"
    owned = layer(path, SETUID) | dpkg({"uidmap": {path: elf(path.encode())}})
    assert said(judge(DETECTOR, owned)) == [("privilege/file-capability-narrow", "info", path)]


def test_files_without_the_attribute() -> None:
    assert judge(DETECTOR, debian(), {"/opt/x": File(b"", xattrs={"user.note": b"x"})}) == []
