"""Paths, image digests and package releases that are known bad."""

from __future__ import annotations

from forensics.detectors.indicators import DETECTOR
from forensics.examine import Rule
from forensics.model.findings import Category, Confidence, Severity
from tests.scenes import build, debian, dpkg, said

DIGEST = "sha256:" + "a" * 64


def rule(**values: object) -> dict[str, Rule]:
    made = Rule(
        id="t/x",
        title="x",
        severity=Severity.HIGH,
        category=Category.BACKDOOR,
        confidence=Confidence.MEDIUM,
        **values,
    )  # type: ignore[arg-type]
    return {made.id: made}


def test_a_known_path_in_any_version() -> None:
    scene = build(
        [debian(), {"/opt/bad": b""}, {"/opt/bad": None}], rules=rule(paths=("/opt/bad", "/opt/other"))
    )
    assert said(list(DETECTOR.detect(scene))) == [("t/x", "high", "/opt/bad")]


def test_a_path_that_a_package_owns_is_a_coincidence() -> None:
    scene = build([debian()], rules=rule(paths=("/usr/bin/ls",)))
    assert said(list(DETECTOR.detect(scene))) == [("t/x", "low", "/usr/bin/ls")]


def test_a_known_layer() -> None:
    scene = build([{"/a": b""}])
    diff_id = scene.view.image_layers[0].diff_id
    again = build([{"/a": b""}], rules=rule(images=(diff_id, DIGEST)))
    (found,) = DETECTOR.detect(again)
    assert (found.layer, str(found.confidence)) == (0, "high")


def test_a_known_release_in_any_state_of_the_database() -> None:
    bad, good = (
        dpkg({"liblzma5": {}}, version="5.6.1-1"),
        dpkg({"liblzma5": {}}, version="5.6.1+really5.4.5-1"),
    )
    wanted = rule(packages=("pkg:deb/debian/liblzma5@5.6.1-1",))
    assert [one.layer for one in DETECTOR.detect(build([bad], rules=wanted))] == [0]
    assert [one.layer for one in DETECTOR.detect(build([bad, good], rules=wanted))] == [0]
    assert list(DETECTOR.detect(build([good], rules=wanted))) == []


def test_nothing_is_known() -> None:
    assert list(DETECTOR.detect(build([debian()], rules=rule()))) == []
