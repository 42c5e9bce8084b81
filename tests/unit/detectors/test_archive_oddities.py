"""Archives that show some programs other members than others, and honest ones, of which nothing is said."""

from __future__ import annotations

import gzip

import pytest

from forensics.detectors import Scene
from forensics.detectors.archive_oddities import DETECTOR
from tests.nested_bytes import ar_of, cpio_of, local_header, tar_of, zip_of
from tests.scenes import File, build, debian, said

ARCHIVE = zip_of({"a.txt": b"hello"})


def told(content: bytes) -> list[tuple[str, str, str | None]]:
    return said(list(DETECTOR.detect(completed({"/opt/x": content}))))


def completed(layer: dict[str, File | bytes | None]) -> Scene:
    scene = build([debian(layer)])
    assert scene.reconciliation is not None
    return scene.completed(scene.facts, scene.reconciliation)


def renamed() -> bytes:
    """The directory calls the member other than its local header."""
    place = ARCHIVE.rindex(b"a.txt")
    return ARCHIVE[:place] + b"b.txt" + ARCHIVE[place + 5 :]


@pytest.mark.parametrize(
    ("content", "rule", "severity"),
    [
        (renamed(), "archive/two-faced-archive", "medium"),
        (local_header(b"run.sh", b"echo") + ARCHIVE, "archive/two-faced-archive", "medium"),
        (ARCHIVE + b"more", "archive/bytes-outside-members", "low"),
        (gzip.compress(b"hello") + b"more", "archive/bytes-outside-members", "low"),
        (tar_of({"a": b"x"}) + b"more", "archive/bytes-outside-members", "low"),
    ],
)
def test_an_odd_archive_is_told(content: bytes, rule: str, severity: str) -> None:
    assert told(content) == [(rule, severity, "/opt/x")]


def test_records_that_lead_nowhere_are_what_damage_makes() -> None:
    assert told(bytes(4) + ARCHIVE[4:]) == [("archive/two-faced-archive", "low", "/opt/x")]


def test_an_odd_archive_in_an_archive_is_told_by_its_full_name_and_evidence() -> None:
    found = list(DETECTOR.detect(completed({"/opt/x.tar": tar_of({"in.jar": renamed()})})))
    assert [one.path for one in found] == ["/opt/x.tar!/in.jar"]
    assert "b.txt: its local header tells another name than the directory: a.txt" in found[0].evidence[0].text
    assert "1 × member mismatch" in found[0].title


@pytest.mark.parametrize(
    "content",
    [
        ARCHIVE,
        zip_of({}),
        b"#!/usr/bin/env python3\n" + ARCHIVE,
        tar_of({"a": b"x"}, "w:xz"),
        cpio_of({"a": b"x"}),
        ar_of([("debian-binary", b"2.0\n"), ("data.tar.gz", tar_of({"./a": b"x"}, "w:gz"))]),
        gzip.compress(b"hello") + bytes(512),
    ],
)
def test_honest_archives_are_not_told(content: bytes) -> None:
    assert told(content) == []
