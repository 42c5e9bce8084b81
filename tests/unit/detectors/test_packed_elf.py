"""Native code that hides what it is. The facts are made by hand: what they say is the examiner's business."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from forensics.detectors import Scene
from forensics.detectors.packed_elf import DETECTOR
from forensics.model.facts import ElfFacts, ElfSection
from tests.scenes import File, build, config, debian, elf, said

PLAIN = ElfFacts(bits=64, endian="little", machine="x86-64", kind="executable")


def scene_with(path: str, *, cmd: tuple[str, ...] = (), base: bool = True, **facts: object) -> Scene:
    layers = [debian()] if base else []
    scene = build([*layers, {path: File(elf(b"packed"), 0o755)}], config=config(cmd=cmd))
    sha256 = scene.files.at(path)[-1].sha256
    known = dict(scene.facts)
    known[sha256] = msgspec.structs.replace(known[sha256], elf=msgspec.structs.replace(PLAIN, **facts))
    return dataclasses.replace(scene, facts=known)


@pytest.mark.parametrize(
    ("facts", "rule", "severity"),
    [
        ({"packer": "UPX"}, "elf/packed", "high"),
        ({"has_sections": False}, "elf/no-sections", "medium"),
        ({"writable_executable": True}, "elf/writable-code", "medium"),
        ({"overlay": 10_000, "overlay_offset": 5_000}, "elf/appended-data", "low"),
        ({"packer": "UPX", "has_sections": False, "writable_executable": True}, "elf/packed", "high"),
    ],
)
def test_what_is_told(facts: dict[str, object], rule: str, severity: str) -> None:
    assert said(list(DETECTOR.detect(scene_with("/opt/x", **facts)))) == [(rule, severity, "/opt/x")]


def test_plain_code_and_a_short_overlay() -> None:
    assert list(DETECTOR.detect(scene_with("/opt/x"))) == []
    assert list(DETECTOR.detect(scene_with("/opt/x", overlay=100))) == []


def test_the_product_and_images_without_a_database_are_lower() -> None:
    assert [
        one[1] for one in said(list(DETECTOR.detect(scene_with("/opt/x", cmd=("/opt/x",), packer="UPX"))))
    ] == ["medium"]
    assert [
        one[1] for one in said(list(DETECTOR.detect(scene_with("/opt/x", base=False, packer="UPX"))))
    ] == ["medium"]
    assert [
        one[1] for one in said(list(DETECTOR.detect(scene_with("/tmp/x", base=False, packer="UPX"))))
    ] == ["high"]


def test_owned_code_is_passed_over() -> None:
    assert list(DETECTOR.detect(scene_with("/usr/bin/ls", packer="UPX"))) != []
    scene = build([debian()])
    sha256 = scene.files.at("/usr/bin/ls")[0].sha256
    known = {
        **scene.facts,
        sha256: msgspec.structs.replace(
            scene.facts[sha256], elf=msgspec.structs.replace(PLAIN, packer="UPX")
        ),
    }
    assert list(DETECTOR.detect(dataclasses.replace(scene, facts=known))) == []


def test_evidence_points_into_the_file() -> None:
    sections = (ElfSection(name="UPX1", offset=64, size=1000, entropy=7.9),)
    (found,) = DETECTOR.detect(scene_with("/opt/x", packer="UPX", sections=sections, notes=("odd",)))
    assert [(one.kind, one.offset) for one in found.evidence] == [
        ("metadata", None),
        ("metadata", None),
        ("section", 64),
    ]
