"""Programs in temporary, hidden and kernel places."""

from __future__ import annotations

import hashlib

import pytest

from forensics.detectors.odd_places import DETECTOR
from forensics.model.sbom import Component, DeclaredFile, DeclaredSbom
from tests.scenes import File, debian, dpkg, elf, judge, said, symlink

TOOL = File(elf(b"tool"), 0o755)
SCRIPT = File(b"#!/bin/sh\necho\n", 0o755)
TEMPORARY = "places/program-in-temporary-folder"
HIDDEN = "places/program-in-hidden-folder"


@pytest.mark.parametrize(
    ("path", "file", "rule", "severity"),
    [
        ("/tmp/x", TOOL, TEMPORARY, "high"),
        ("/var/tmp/.x", TOOL, TEMPORARY, "high"),
        ("/dev/shm/x", TOOL, TEMPORARY, "high"),
        ("/tmp/x.sh", SCRIPT, TEMPORARY, "medium"),
        ("/dev/x", TOOL, "places/file-in-kernel-file-system", "high"),
        ("/usr/lib/.x/kworker", TOOL, HIDDEN, "high"),
        ("/usr/lib/.x/run.sh", SCRIPT, HIDDEN, "high"),
        ("/etc/.../run", TOOL, HIDDEN, "high"),
        ("/home/u/.secret/x", TOOL, HIDDEN, "medium"),
        ("/home/u/.secret/x.sh", SCRIPT, HIDDEN, "low"),
        ("/usr/bin/.x", TOOL, "places/hidden-program", "high"),
        ("/usr/bin/.x", SCRIPT, "places/hidden-program", "high"),
        ("/usr/lib/.libx.so", TOOL, "places/hidden-program", "high"),
        ("/usr/bin/.firefox-wrapped", TOOL, "places/hidden-program", "low"),
        ("/run/x", TOOL, "places/program-among-data", "medium"),
        ("/var/log/x", TOOL, "places/program-among-data", "medium"),
        ("/var/spool/x.sh", SCRIPT, "places/program-among-data", "low"),
    ],
)
def test_programs_in_odd_places(path: str, file: File, rule: str, severity: str) -> None:
    assert said(judge(DETECTOR, debian(), {path: file})) == [(rule, severity, path)]


@pytest.mark.parametrize(
    "path",
    [
        "/usr/bin/x",
        "/app/.venv/bin/python",
        "/root/.cargo/bin/rustc",
        "/app/node_modules/.bin/eslint",
        "/home/u/.local/bin/x",
        "/usr/lib/debug/.build-id/ab/cd.debug",
    ],
)
def test_places_of_well_known_tools(path: str) -> None:
    assert judge(DETECTOR, debian(), {path: TOOL}) == []


def test_data_is_no_program() -> None:
    assert (
        judge(DETECTOR, debian(), {"/tmp/x": b"data", "/run/lock/x": b"", "/usr/lib/.x/readme": b"text"})
        == []
    )


def test_what_a_package_owns_may_lie_anywhere() -> None:
    layer = {"/usr/lib/.x/tool": TOOL, **dpkg({"p": {"/usr/lib/.x/tool": TOOL.content}})}
    assert judge(DETECTOR, layer) == []


def test_that_an_sbom_declares_it_is_no_excuse() -> None:
    digest = "sha256:" + hashlib.sha256(TOOL.content).hexdigest()
    declared = DeclaredFile(path="/usr/lib/.x/tool", digests=(digest,))
    sbom = DeclaredSbom(origin="--sbom x", format="spdx", spec_version="2.3", files=(declared,))
    found = judge(DETECTOR, debian(), {"/usr/lib/.x/tool": TOOL}, sboms=(sbom,))
    assert said(found) == [(HIDDEN, "high", "/usr/lib/.x/tool")]


def test_what_a_package_owns_is_owned_whatever_the_sbom_says_besides() -> None:
    layer = {"/usr/lib/.x/tool": TOOL, **dpkg({"p": {"/usr/lib/.x/tool": TOOL.content}})}
    digest = "sha256:" + hashlib.sha256(TOOL.content).hexdigest()
    declared = DeclaredFile(path="/usr/lib/.x/tool", digests=(digest,))
    package = Component(name="p", version="1.0-1", type="deb", purl="pkg:deb/debian/p@1.0-1")
    sbom = DeclaredSbom(
        origin="--sbom x", format="spdx", spec_version="2.3", components=(package,), files=(declared,)
    )
    assert judge(DETECTOR, layer, sboms=(sbom,)) == []


def test_a_removed_program_counts_one_less() -> None:
    found = judge(DETECTOR, debian(), {"/tmp/x": TOOL}, {"/tmp/x": None})
    assert said(found) == [(TEMPORARY, "medium", "/tmp/x")]


@pytest.mark.parametrize(
    ("path", "content", "severity"),
    [
        ("/dev/null", b"", "info"),
        ("/dev/null", b"some text that a build step wrote", "low"),
        ("/dev/null", b"x" * 10_000, "high"),
        ("/dev/data", b"x", "high"),
        ("/proc/x", b"x", "high"),
        ("/sys/x", b"", "info"),
    ],
)
def test_content_in_kernel_file_systems(path: str, content: bytes, severity: str) -> None:
    found = judge(DETECTOR, debian(), {path: content})
    assert said(found) == [("places/file-in-kernel-file-system", severity, path)]


def test_links_in_dev_are_ordinary() -> None:
    assert judge(DETECTOR, debian(), {"/dev/stdout": symlink("/proc/self/fd/1")}) == []
