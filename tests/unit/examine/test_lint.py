"""The lint of signatures: silent on the bundled pack, exact about what is wrong in others."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.bundled import bundled_folder
from forensics.examine import LintProblem, Signatures, load_signatures
from forensics.examine._pack import read_pack

RULE = """rule sound {
  meta:
    id = "miner/sound"
    title = "Sound"
    severity = "high"
    category = "miner"
    confidence = "high"
    attack = "T1496"
    references = "https://a.invalid/"
    explanation = "It is sound."
    alternatives = "None."
    remediation = "None."
  strings:
    $a = "needle"
  condition:
    $a
}
"""


def _problems(folder: Path, text: str, *, bundled: bool = True) -> tuple[LintProblem, ...]:
    (folder / "miner").mkdir()
    (folder / "miner" / "own.yar").write_text(text)
    return Signatures([read_pack(folder, "own", bundled=bundled)]).lint()


def test_the_bundled_pack_has_no_problem() -> None:
    assert load_signatures().lint() == ()
    assert bundled_folder("signatures").is_dir()


def test_a_sound_rule_has_none(tmp_path: Path) -> None:
    assert _problems(tmp_path, RULE) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('    title = "Sound"\n', "", "meta lacks title"),
        ('"miner/sound"', '"Miner Sound"', "the id Miner Sound has not the form tactic/behaviour"),
        ('"miner/sound"', '"backdoor/sound"', "the id backdoor/sound is not of the folder miner"),
        ('severity = "high"', 'severity = "awful"', "severity awful is none of"),
        ("T1496", "T14", "attack T14 is no ATT&CK technique id"),
        ("https://a.invalid/", "somewhere", "the reference somewhere is no https address"),
        ('"needle"', '"ab"', "$a has only 2 fixed bytes in a row, 4 are needed"),
        ('"needle"', "/ab[0-9]+cd/", "$a has only 2 fixed bytes in a row, 4 are needed"),
        ('"needle"', "/(needle|pin)s?/", "$a has only 3 fixed bytes in a row, 4 are needed"),
        ('"needle"', "{ 01 02 ?? 03 04 }", "$a has only 2 fixed bytes in a row, 4 are needed"),
    ],
)
def test_each_fault_is_named_with_its_rule_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    problems = _problems(tmp_path, RULE.replace(old, new))
    assert [(each.file, each.rule, each.level) for each in problems] == [
        ("own/miner/own.yar", "sound", "error")
    ]
    assert problems[0].message.startswith(message)
    text = RULE.replace(old, new)
    at = text[: text.index("$a =")].count("\n") + 1 if "$a" in message else 1
    assert problems[0].line == at


@pytest.mark.parametrize("value", ["/needles?/", "/a{3}bcde/", "{ 01 02 03 04 [2-4] 05 }", "/(need|pins)le/"])
def test_strings_with_enough_fixed_bytes_pass(tmp_path: Path, value: str) -> None:
    assert _problems(tmp_path, RULE.replace('"needle"', value)) == ()


def test_rules_of_others_need_no_meaning_and_get_warnings(tmp_path: Path) -> None:
    text = 'rule other { strings: $a = "ab" condition: $a }\n'
    assert {each.level for each in _problems(tmp_path, text, bundled=False)} == {"warning"}


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    problems = _problems(tmp_path, RULE + RULE.replace("rule sound", "rule again"))
    assert [(each.rule, each.message) for each in problems] == [
        ("again", "the id miner/sound is taken by another rule")
    ]
