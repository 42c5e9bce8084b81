"""Bytes that no file stands for: found, placed, judged by what they are."""

from __future__ import annotations

import pytest

from forensics.detectors.file_secrets import DETECTOR as FILE_SECRETS
from forensics.detectors.hidden_bytes import DETECTOR
from forensics.detectors.signatures import DETECTOR as SIGNATURES
from tests.layer_bytes import END, header, member, padded, pax
from tests.scenes import build, elf, findings, judge, layer_tar, said

TAR = layer_tar({"/a": b"x"})
HIDDEN = "archive/hidden-bytes"
TOKEN = b"login for the mirror: glpat-q7Xw2Lk9Rz4Tn8Vb3Ycd\n"


def test_an_ordinary_layer_hides_nothing() -> None:
    assert judge(DETECTOR, TAR) == []
    assert judge(DETECTOR, TAR + bytes(20_000)) == []


def test_text_behind_the_end_with_its_place_and_beginning() -> None:
    (found,) = judge(DETECTOR, TAR + b"payload" * 100)
    assert (found.rule_id, found.severity, found.layer, found.path) == (HIDDEN, "medium", 0, None)
    assert "behind the end mark" in found.title
    (piece,) = found.evidence
    assert (piece.kind, piece.offset, piece.length) == ("bytes", len(TAR), 700)
    assert f"!slack@{len(TAR):#x}" in piece.text
    assert "payloadpayload" in piece.text


@pytest.mark.parametrize(
    ("content", "kind"), [(elf(), "elf"), (b"#!/bin/sh\necho hello\nexit 0\n" * 3, "script")]
)
def test_programs_must_be_explained(content: bytes, kind: str) -> None:
    (found,) = judge(DETECTOR, TAR + content)
    assert (found.rule_id, found.severity) == (HIDDEN, "high")
    assert kind in found.explanation


@pytest.mark.parametrize(
    ("tar", "words", "severity", "place"),
    [
        (header(b"a", 4) + padded(b"data" + b"p" * 90) + END, "padding", "medium", 516),
        (header(b"a", 4) + padded(b"data" + b"p" * 9) + END, "padding", "low", 516),
        (member(b"a", b"z" * 40, b"Z") + END, "type flag", "medium", 512),
        (member(b".wh.a", b"payload") + END, "markers", "medium", 512),
        (member(b"a", b"x") + b"!" * 2048, "damaged", "low", 1024),
        (member(b"a", b"x") + b"!" * 700 + member(b"b", b"y") + END, "behind the damage", "medium", 1724),
        (
            member(b"L", b"name\0" + b"n" * 300, b"L") + member(b"a") + END,
            "extended headers",
            "low",
            517,
        ),
        (pax((b"SCHILY.note", b"v" * 5000)) + member(b"a") + END, "extended headers", "medium", 529),
        (pax((b"SCHILY.xattr.user.p", b"v" * 300)) + member(b"a") + END, "attributes", "low", 536),
    ],
)
def test_every_place(tar: bytes, words: str, severity: str, place: int) -> None:
    found = [one for one in judge(DETECTOR, tar) if words in one.title]
    assert [(one.rule_id, one.severity, one.evidence[0].offset) for one in found] == [
        (HIDDEN, severity, place)
    ]


def test_what_is_hidden_is_examined_like_a_file_and_has_no_state() -> None:
    scene = build([{"/b": b"y"}, TAR + TOKEN])
    (found,) = FILE_SECRETS.detect(scene)
    assert (found.layer, found.path, found.state) == (1, f"/!slack@{len(TAR):#x}", None)
    assert not any(one.rule_id.startswith("ownership") for one in findings(scene))


def test_a_payload_spread_over_the_padding_of_many_members_is_seen_whole() -> None:
    pieces = [TOKEN[start : start + 7] for start in range(0, len(TOKEN), 7)]
    tar = b"".join(header(b"f%d" % n, 1) + padded(b"x" + piece) for n, piece in enumerate(pieces)) + END
    (found,) = FILE_SECRETS.detect(build([tar]))
    assert (found.layer, found.path) == (0, "/!slack@0x201")
    (hidden,) = judge(DETECTOR, tar)
    assert [piece.offset for piece in hidden.evidence[:2]] == [0x201, 0x201 + 1024]


def test_secrets_are_not_shown() -> None:
    (found,) = judge(DETECTOR, TAR + TOKEN)
    assert "begins" not in found.evidence[0].text
    (found,) = judge(DETECTOR, TAR + b"-" * 80 + TOKEN)
    assert "begins" in found.evidence[0].text


def test_content_that_is_a_file_too_keeps_the_file() -> None:
    scene = build([{"/token": TOKEN}, TAR + TOKEN])
    assert [(one.layer, one.path) for one in FILE_SECRETS.detect(scene)] == [
        (0, "/token"),
        (1, f"/!slack@{len(TAR):#x}"),
    ]
    assert said(list(SIGNATURES.detect(scene))) == []
