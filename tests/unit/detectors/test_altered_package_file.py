"""Altered files: code matters, data little, and what packages rewrite themselves hardly at all."""

from __future__ import annotations

import hashlib

import pytest

from forensics.detectors.altered_package_file import DETECTOR
from forensics.model.sbom import DeclaredFile, DeclaredSbom
from tests.scenes import File, debian, dpkg, elf, judge, said

ALTERED = "ownership/altered-package-file"


def test_a_replaced_program_is_high_and_both_digests_are_shown() -> None:
    found = judge(DETECTOR, debian(), {"/usr/bin/ls": File(elf(b"evil"), 0o755)})
    assert said(found) == [(ALTERED, "high", "/usr/bin/ls")]
    texts = [one.text for one in found[0].evidence]
    assert hashlib.md5(elf(b"ls"), usedforsecurity=False).hexdigest() in texts[0]
    assert hashlib.md5(elf(b"evil"), usedforsecurity=False).hexdigest() in texts[1]
    assert found[0].layer == 1
    assert found[0].package is not None
    assert found[0].package.startswith("deb/coreutils@")


def test_a_version_that_was_put_right_again_is_still_told() -> None:
    layers = [debian(), {"/usr/bin/ls": File(elf(b"evil"), 0o755)}, {"/usr/bin/ls": File(elf(b"ls"), 0o755)}]
    (found,) = judge(DETECTOR, *layers)
    assert (found.layer, str(found.state), found.changed_by_layer) == (1, "overwritten", 2)


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("/usr/lib/python3/dist-packages/x.py", "high"),
        ("/usr/share/perl5/x.pm", "high"),
        ("/usr/share/x/data.txt", "info"),
        ("/usr/share/x/data.bin", "low"),
        ("/usr/share/nginx/html/index.html", "info"),
        ("/usr/share/keyrings/debian.gpg", "medium"),
        ("/etc/x/setting", "medium"),
        ("/usr/share/ca-certificates/cacert.pem", "low"),
        ("/usr/lib/node_modules/npm/lib/npm.js", "low"),
        ("/usr/lib/python3/dist-packages/pip/x.py", "low"),
    ],
)
def test_what_the_file_is_decides(path: str, severity: str) -> None:
    layer = {path: b"before", **dpkg({"p": {path: b"before"}})}
    assert said(judge(DETECTOR, layer, {path: b"after"})) == [(ALTERED, severity, path)]


def test_intact_files_say_nothing() -> None:
    assert judge(DETECTOR, debian()) == []


def test_a_file_that_an_sbom_declares_otherwise() -> None:
    digest = "sha256:" + hashlib.sha256(b"other").hexdigest()
    sbom = DeclaredSbom(
        origin="--sbom x.json",
        format="spdx",
        spec_version="2.3",
        files=(DeclaredFile(path="/app/run.sh", digests=(digest,)),),
    )
    found = judge(DETECTOR, {"/app/run.sh": File(b"#!/bin/sh\n", 0o755)}, sboms=(sbom,))
    assert said(found) == [("sbom/file-digest-differs", "high", "/app/run.sh")]


def test_missing_files_are_told_once_and_documentation_is_not() -> None:
    owned = {
        "/usr/bin/gone": elf(),
        "/usr/share/doc/p/x": b"",
        "/usr/share/man/man1/x.1.gz": b"",
        "/usr/bin/is": elf(b"is"),
    }
    layer = {"/usr/bin/is": File(elf(b"is"), 0o755), **dpkg({"p": owned})}
    found = judge(DETECTOR, layer)
    assert said(found) == [("ownership/package-files-missing", "info", None)]
    assert [one.text for one in found[0].evidence] == ["/usr/bin/gone of deb/p@1.0-1/amd64"]


def test_an_sbom_that_was_made_after_the_change_does_not_excuse_it() -> None:
    evil = elf(b"evil")
    digest = "sha256:" + hashlib.sha256(evil).hexdigest()
    declared = DeclaredFile(path="/usr/bin/ls", digests=(digest,))
    sbom = DeclaredSbom(origin="--sbom x.json", format="spdx", spec_version="2.3", files=(declared,))
    found = judge(DETECTOR, debian(), {"/usr/bin/ls": File(evil, 0o755)}, sboms=(sbom,))
    assert said(found) == [(ALTERED, "high", "/usr/bin/ls")]
    assert "made after the change" in found[0].explanation
