"""Packs of signatures: which are in force, what they mean, and that a broken one is named."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import pytest
import yara

from forensics.errors import SignatureError
from forensics.examine import Examination, Signatures, _signatures, load_signatures
from forensics.model.findings import Category, Confidence, Severity

PLAIN = 'rule plain { strings: $a = "needle in hay" condition: $a }\n'
LIST = """
category = "miner"
attack = ["T1496"]
references = ["https://a.invalid/"]
[[indicator]]
id = "indicators/own"
title = "Own list"
severity = "high"
confidence = "high"
explanation = "It is on the list."
remediation = "Remove it."
"""


def _added(folder: Path, name: str, text: str) -> Signatures:
    path = folder / name
    path.write_text(text)
    return load_signatures([path])


def _matched(signatures: Signatures, content: bytes) -> set[str]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {match.rule_id for match in Examination(signatures).examine(content, sha256).matches}


def test_an_added_rule_is_in_force_beside_the_bundled_ones(tmp_path: Path) -> None:
    signatures = _added(tmp_path, "own.yar", PLAIN)
    assert "own.yar/plain" in _matched(signatures, b"a needle in hay")
    assert signatures.state.rules == load_signatures().state.rules + 1
    assert [pack.name for pack in signatures.state.packs] == ["forensics", "own.yar"]
    assert signatures.state.digest != load_signatures().state.digest


def test_a_rule_without_meaning_gets_a_cautious_one(tmp_path: Path) -> None:
    rule = _added(tmp_path, "own.yar", PLAIN).rules["own.yar/plain"]
    assert (rule.title, rule.severity, rule.confidence) == ("plain", Severity.MEDIUM, Confidence.LOW)


def test_the_words_of_other_packs_are_understood(tmp_path: Path) -> None:
    meta = 'meta: description = "Of theirs" score = 80 reference = "https://a.invalid/" category = "miner"\n'
    text = PLAIN.replace("strings:", meta + "strings:")
    rule = _added(tmp_path, "own.yar", text).rules["own.yar/plain"]
    assert (rule.title, rule.category, rule.references) == (
        "Of theirs",
        Category.MINER,
        ("https://a.invalid/",),
    )
    assert rule.severity is Severity.HIGH


def test_equal_names_in_two_files_do_not_clash(tmp_path: Path) -> None:
    (tmp_path / "a.yar").write_text(PLAIN)
    (tmp_path / "b.yar").write_text(PLAIN.replace("needle", "thread"))
    signatures = load_signatures([tmp_path])
    assert len(_matched(signatures, b"needle in hay, thread in hay")) == 2
    assert len(signatures.duplicates) == 1


@pytest.mark.parametrize(
    "text", ["rule broken { condition: $a }\n", 'rule broken { strings: $a = "x condition: $a }\n']
)
def test_a_rule_that_does_not_compile_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SignatureError) as caught:
        _added(tmp_path, "own.yar", text)
    assert "own.yar" in caught.value.message
    assert caught.value.hint


def test_a_place_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SignatureError):
        load_signatures([tmp_path])
    with pytest.raises(SignatureError):
        load_signatures([tmp_path / "missing"])


def test_a_known_content_is_told_by_its_digest(tmp_path: Path) -> None:
    content = b"nothing special\n"
    listed = LIST + f'files = ["{hashlib.sha256(content).hexdigest()}"]\n'
    signatures = _added(tmp_path, "own.toml", listed)
    assert "indicators/own" in _matched(signatures, content)
    assert "indicators/own" not in _matched(signatures, content + b"\n")


def test_hosts_and_strings_are_words_and_as_many_as_needed(tmp_path: Path) -> None:
    listed = LIST + 'hosts = ["evil.invalid"]\nstrings = ["FirstMark", "SecondMark"]\nneeded = 2\n'
    signatures = _added(tmp_path, "own.toml", listed)
    assert "indicators/own" in _matched(signatures, b"http://EVIL.invalid/ FirstMark\n")
    assert "indicators/own" not in _matched(signatures, b"http://evil.invalid/\n")
    assert "indicators/own" not in _matched(signatures, b"notevil.invalidx SecondMarks FirstMark\n")


@pytest.mark.parametrize(
    "line",
    [
        'files = ["abc"]',
        'hosts = ["a.b"]',
        'packages = ["left-pad"]',
        'images = ["latest"]',
        'unknown = ["x"]',
        "",
        'attack = ["T1"]\nhosts = ["evil.invalid"]',
        "hosts = [",
    ],
)
def test_a_list_that_says_nothing_certain_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SignatureError) as caught:
        _added(tmp_path, "own.toml", f"{LIST}{line}\n")
    assert "own.toml" in caught.value.message


def test_they_travel_to_a_worker_unchanged(tmp_path: Path) -> None:
    signatures = _added(tmp_path, "own.yar", PLAIN)
    copy = pickle.loads(pickle.dumps(signatures))
    assert copy.state == signatures.state
    assert copy.rules == signatures.rules


def test_an_interruption_while_rules_are_compiled_is_one_and_no_error_of_the_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compile_rules = yara.compile

    def interrupted(**given: Any) -> yara.Rules:
        read = given["include_callback"]

        def reading(*names: Any) -> str | None:
            os.kill(os.getpid(), signal.SIGINT)
            return read(*names)

        return compile_rules(**given | {"include_callback": reading})

    monkeypatch.setattr(yara, "compile", interrupted)
    monkeypatch.setattr(_signatures, "_COMPILED", {})
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            load_signatures()
    finally:
        signal.signal(signal.SIGINT, before)
