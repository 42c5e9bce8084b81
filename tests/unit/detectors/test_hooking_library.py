"""Libraries that replace the functions with which folders are listed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec
import pytest

from forensics.detectors.hooking_library import DETECTOR
from forensics.model.findings import Finding
from tests.scenes import File, Layer, build, debian, dpkg, elf, said

RULE = "backdoor/replaces-folder-listing"
PATH = "/usr/lib/x86_64-linux-gnu/libc.so.7"
LIBRARY = elf(b"hooks")
HOOKS = ("fopen", "readdir", "readdir64")
LOOKS_UP = ("dlsym", "strstr")


def judged(
    layers: Sequence[Layer],
    exports: Sequence[str] = HOOKS,
    imports: Sequence[str] = LOOKS_UP,
    kind: str = "shared",
) -> list[Finding]:
    """What the detector says where the program `LIBRARY` defines and uses these functions."""
    scene = build(layers)
    facts = dict(scene.facts)
    for sha256, known in scene.facts.items():
        if known.elf is not None and any(one.path == PATH for one in scene.files.contents[sha256]):
            told = msgspec.structs.replace(
                known.elf, kind=kind, exports=tuple(exports), imports=tuple(imports)
            )
            facts[sha256] = msgspec.structs.replace(known, elf=told)
    return list(DETECTOR.detect(dataclasses.replace(scene, facts=facts)))


def test_a_small_library_that_hooks_listing_is_found() -> None:
    (found,) = judged([debian(), {PATH: File(LIBRARY, 0o755)}])
    assert said([found]) == [(RULE, "high", PATH)]
    assert found.layer == 1
    assert found.evidence[0].text.startswith("defines readdir, readdir64 and")


def test_without_a_database_too_and_lower_when_hidden() -> None:
    assert said(judged([{PATH: File(LIBRARY, 0o644)}])) == [(RULE, "high", PATH)]
    assert said(judged([{PATH: File(LIBRARY, 0o644)}, {PATH: None}])) == [(RULE, "medium", PATH)]


@pytest.mark.parametrize(
    ("exports", "imports", "kind"),
    [
        (HOOKS, ("readdir", "malloc"), "shared"),
        (("fsync", "sync"), LOOKS_UP, "shared"),
        (("readdir", *(f"f{number}" for number in range(100))), LOOKS_UP, "shared"),
        (HOOKS, LOOKS_UP, "pie"),
        (HOOKS, LOOKS_UP, "relocatable"),
    ],
    ids=["a C library", "another hook", "a sanitizer", "a program", "an object"],
)
def test_what_looks_alike(exports: Sequence[str], imports: Sequence[str], kind: str) -> None:
    assert judged([debian(), {PATH: File(LIBRARY, 0o755)}], exports, imports, kind) == []


def test_what_a_package_ships_is_passed_over() -> None:
    layer = {PATH: File(LIBRARY, 0o644), **dpkg({"libfakechroot": {PATH: LIBRARY}})}
    assert judged([layer]) == []
