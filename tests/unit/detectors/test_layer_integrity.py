"""Declared against computed, and bytes nobody accounts for."""

from __future__ import annotations

import msgspec

from forensics.detectors import Scene
from forensics.detectors.layer_integrity import DETECTOR
from forensics.layers import ImageView
from forensics.model.files import LayerIndex
from forensics.model.image import Blob, Image, LayerSource
from forensics.model.issues import Issue
from tests.scenes import build, judge, layer_tar, said

BLOB = Blob(-1, 0, 0)
GOOD = LayerIndex(
    index=0, blob=BLOB, digest="sha256:a", diff_id="sha256:b", digest_agrees=True, diff_id_agrees=True
)
SOURCE = LayerSource(index=0, name="x", digest="sha256:c", diff_id="sha256:d", blob=BLOB)


def of(
    index: LayerIndex, source: LayerSource = SOURCE, issues: tuple[Issue, ...] = ()
) -> list[tuple[str, str, str | None]]:
    image = Image(source="x", reference="x", layers=(source,), issues=issues)
    return said(list(DETECTOR.detect(Scene(image=image, rules={}, view=ImageView([index])))))


def test_digests() -> None:
    assert of(GOOD) == []
    assert of(msgspec.structs.replace(GOOD, digest_agrees=None, diff_id_agrees=None)) == []
    for field in ("digest_agrees", "diff_id_agrees"):
        wrong = msgspec.structs.replace(GOOD, **{field: False})
        assert of(wrong) == [("integrity/digest-mismatch", "high", None)]


def test_a_missing_layer() -> None:
    source = msgspec.structs.replace(SOURCE, blob=None)
    assert of(LayerIndex(index=0, blob=BLOB), source) == [("integrity/layer-missing", "high", None)]


def test_what_the_source_met() -> None:
    def issue(code: str, subject: str = "x") -> Issue:
        return Issue(stage="source", code=code, subject=subject, message="m")

    issues = (
        issue("digest-mismatch", "a"),
        issue("digest-mismatch", "b"),
        issue("diff-id-count"),
        issue("limit"),
    )
    assert of(GOOD, issues=issues) == [
        ("integrity/digest-mismatch", "high", None),
        ("integrity/documents-disagree", "medium", None),
    ]


def test_a_layer_that_is_no_tar_or_damaged_part_way() -> None:
    tar = layer_tar({"/a": b"x"})
    assert judge(DETECTOR, tar) == []
    assert said(judge(DETECTOR, b"no tar" * 200)) == [("archive/malformed", "medium", None)]
    assert said(judge(DETECTOR, tar[:1024] + b"\x01" * 9000)) == [("archive/malformed", "medium", None)]


def test_a_layer_that_changed_under_its_diff_id() -> None:
    scene = build([{"/a": b"x"}])
    source = msgspec.structs.replace(scene.image.layers[0], diff_id="sha256:" + "0" * 64)
    index = msgspec.structs.replace(scene.view.image_layers[0], diff_id_agrees=False)
    image = msgspec.structs.replace(scene.image, layers=(source,))
    (found,) = DETECTOR.detect(Scene(image=image, rules={}, view=ImageView([index])))
    assert "0" * 64 in found.evidence[0].text
