"""What an archive holds beside its images: unreferenced_content tells each sort once, with what is in it."""

from __future__ import annotations

import os
import weakref

import msgspec
import pytest

from forensics.detectors import Scene
from forensics.detectors.file_secrets import DETECTOR as FILE_SECRETS
from forensics.detectors.unreferenced_content import DETECTOR
from forensics.layers import ImageView
from forensics.model.image import Blob, Leftover
from tests.scenes import build, examined
from tests.unit.detectors.test_hidden_bytes import TOKEN


def scene(*held: tuple[str, bytes]) -> Scene:
    """An image of one layer whose archive holds these contents beside it, by kind."""
    whole = build([{"/a": b"x"}])
    leftovers, facts = [], dict(whole.facts)
    for number, (kind, content) in enumerate(held):
        descriptor = os.memfd_create("leftover")
        os.write(descriptor, content)
        learnt = examined(content)
        facts[learnt.sha256] = learnt
        name = f"blobs/sha256/{number}"
        blob = Blob(descriptor, 0, len(content))
        leftovers.append(
            Leftover(kind=kind, name=name, offset=512, blob=blob, sha256=learnt.sha256, head=content[:64])
        )
    view = ImageView(whole.view.image_layers, leftovers=leftovers)
    for leftover in leftovers:
        weakref.finalize(view, os.close, leftover.blob.fd)
    weakref.finalize(view, id, whole)
    image = msgspec.structs.replace(whole.image, leftovers=tuple(leftovers))
    return Scene(image=image, rules={}, view=view, facts=facts)


@pytest.mark.parametrize(
    ("kind", "content", "severity"),
    [
        ("unreferenced", b"something", "medium"),
        ("shadowed", b"something", "medium"),
        ("untagged", b"something", "low"),
        ("unaccounted", b"something", "low"),
        ("unreferenced", b"\x00\x00\x00\x01Bud1" + b"x" * 50, "low"),
        ("unreferenced", b"\x00\x05\x16\x07" + b"x" * 50, "low"),
    ],
)
def test_each_sort(kind: str, content: bytes, severity: str) -> None:
    (found,) = DETECTOR.detect(scene((kind, content)))
    assert (found.rule_id, found.severity) == ("archive/unreferenced-content", severity)
    assert (found.layer, found.path) == (None, None)
    (piece,) = found.evidence
    assert (piece.offset, piece.length) == (512, len(content))
    assert "!archive/blobs/sha256/0" in piece.text
    assert "sha256 " in piece.text


def test_a_manifest_of_what_is_known_is_nothing() -> None:
    assert list(DETECTOR.detect(scene(("described", b"{}")))) == []


def test_what_is_in_it_is_examined_like_a_file() -> None:
    (found,) = FILE_SECRETS.detect(scene(("unreferenced", TOKEN)))
    assert (found.layer, found.path, found.state) == (None, "/!archive/blobs/sha256/0", None)
