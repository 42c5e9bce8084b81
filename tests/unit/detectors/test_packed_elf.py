"""Native code that hides what it is. The facts are made by hand: what they say is the examiner's business."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from forensics.detectors import Scene
from forensics.detectors.packed_elf import DETECTOR
from forensics.model.facts import ElfFacts, ElfSection
from forensics.model.issues import Issue
from forensics.parsers.elf import SECTIONS_BEYOND_END
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


@pytest.mark.parametrize(("code", "lost"), [("truncated", 5_000), ("limit", 5_000)])
@pytest.mark.parametrize(
    "facts",
    [{"has_sections": False}, {"packer": "UPX-like, markers removed", "has_sections": False}],
)
def test_nothing_is_concluded_from_parts_that_are_not_there(
    facts: dict[str, object], code: str, lost: int
) -> None:
    issue = Issue(stage="examine", code=code, subject="", message="", lost_bytes=lost)
    scene = scene_with("/opt/x", notes=(SECTIONS_BEYOND_END,), **facts)
    known = {
        sha256: msgspec.structs.replace(one, issues=(issue,), lost_bytes=lost)
        for sha256, one in scene.facts.items()
    }
    assert list(DETECTOR.detect(dataclasses.replace(scene, facts=known))) == []


def test_signatures_that_gave_up_do_not_hide_a_removed_section_table() -> None:
    issue = Issue(stage="examine", code="timeout", subject="", message="", lost_bytes=5_000)
    scene = scene_with("/opt/x", has_sections=False, notes=(SECTIONS_BEYOND_END,))
    known = {
        sha256: msgspec.structs.replace(one, issues=(issue,), lost_bytes=5_000)
        for sha256, one in scene.facts.items()
    }
    found = said(list(DETECTOR.detect(dataclasses.replace(scene, facts=known))))
    assert found == [("elf/no-sections", "medium", "/opt/x")]


def test_a_header_without_a_section_table_says_so_in_a_cut_file_too() -> None:
    issue = Issue(stage="examine", code="truncated", subject="", message="", lost_bytes=9)
    scene = scene_with("/opt/x", has_sections=False)
    known = {
        sha256: msgspec.structs.replace(one, issues=(issue,), lost_bytes=9)
        for sha256, one in scene.facts.items()
    }
    found = said(list(DETECTOR.detect(dataclasses.replace(scene, facts=known))))
    assert found == [("elf/no-sections", "medium", "/opt/x")]


def test_a_table_beyond_the_end_of_a_whole_file_is_told() -> None:
    scene = scene_with("/opt/x", has_sections=False, notes=(SECTIONS_BEYOND_END,))
    assert said(list(DETECTOR.detect(scene))) == [("elf/no-sections", "medium", "/opt/x")]


def test_marks_that_are_there_count_in_a_cut_file_too() -> None:
    issue = Issue(stage="examine", code="truncated", subject="", message="", lost_bytes=9)
    scene = scene_with("/opt/x", packer="UPX")
    known = {
        sha256: msgspec.structs.replace(one, issues=(issue,), lost_bytes=9)
        for sha256, one in scene.facts.items()
    }
    found = said(list(DETECTOR.detect(dataclasses.replace(scene, facts=known))))
    assert found == [("elf/packed", "high", "/opt/x")]


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
