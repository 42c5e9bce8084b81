"""Whatever text or bytes a widget is given, nothing a terminal would obey reaches the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from rich.text import Text
from textual.app import App
from textual.widget import Widget

from forensics.model.facts import (
    ArchiveFacts,
    ArchiveOddity,
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
from forensics.model.members import ListedMember, MemberListing
from forensics.model.report import ReportFile
from forensics.tui.viewers import ViewedFile, offered, viewers
from forensics.tui.widgets import (
    Breadcrumb,
    Column,
    Fact,
    FilterBar,
    FlatTree,
    Heading,
    HexView,
    Highlight,
    KeyValues,
    NodeId,
    Paragraph,
    StringsView,
    Styled,
    TextView,
    TreeColumn,
    VirtualTable,
    in_memory,
)
from tests.widget_host import hosted, until

HOSTILE = [
    "[/foo]",
    "[red on blue]x[/]",
    "[@click=app.quit]x[/]",
    "[link=file:///etc/passwd]x",
    "$error {x} %s \\",
    "\x1b[2J\x1b[31m",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;title\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x9b2J\x9d52;c;eA==\x9c",
    "a\x00b\x07c\x08d\x0be\x7ff",
    "line\nfeed\rreturn\ttab\x85next\u2028line",
    "\u202egnp.exe\u202c\u2066x\u2069\u200f",
    "zero\u200bwidth\u200d\ufeff\u00ad",
    "bytes\udcff\udc80\udcc3",
    "lone\ud800surrogate",
    "tag\U000e0041\U000e007f",
    "\U0010ffff\ue000\ufffe",
    "漢字😀" * 3,
    "x\u0301" * 40,
    "\u0f3c" * 5 + "\u115f",
    "x" * 5000,
    "",
    " ",
]
SGR = re.compile(r"\x1b\[[0-9;]*m")


class Labels:
    """A tree whose every text is hostile."""

    def roots(self) -> Sequence[NodeId]:
        return range(len(HOSTILE))

    def children(self, node: NodeId) -> Sequence[NodeId]:
        return [(node, 0)]

    def has_children(self, node: NodeId) -> bool:
        return isinstance(node, int)

    def label(self, node: NodeId) -> Styled:
        text = HOSTILE[node if isinstance(node, int) else node[0]]  # type: ignore[index]
        return (("+ ", "added"), (text, "no such tone")) if isinstance(node, int) else Text(text)

    def cells(self, node: NodeId) -> Sequence[Styled]:
        text = HOSTILE[node if isinstance(node, int) else node[0]]  # type: ignore[index]
        return (text, Text(text), ((text, "critical"),))


class Cells:
    """A table whose every text is hostile."""

    def count(self) -> int:
        return len(HOSTILE)

    def row(self, index: int) -> Sequence[Styled]:
        return (HOSTILE[index], Text(HOSTILE[index]), ((HOSTILE[index], "high"),))


def all_bytes() -> bytes:
    lines = [text.encode("utf-8", "surrogatepass") for text in HOSTILE]
    return b"\n".join([*lines, bytes(range(256)) * 3, b"\x1b[2J" * 100])


def tree() -> Widget:
    made = FlatTree(Labels(), [TreeColumn(12), TreeColumn(9, "left", title=HOSTILE[6]), TreeColumn(6)])
    made.expand_to(range(len(HOSTILE)))
    return made


def table() -> Widget:
    return VirtualTable(
        Cells(),
        [Column(HOSTILE[0], 14), Column(HOSTILE[6], 20, flexible=True), Column("x", 20, flexible=True)],
    )


def sheet() -> Widget:
    return KeyValues(
        item
        for text in HOSTILE
        for item in (Heading(text), Fact(text, text), Paragraph(((text, "high"), text), 2, "x"))
    )


MAKERS: dict[str, Callable[[], Widget]] = {
    "tree": tree,
    "table": table,
    "sheet": sheet,
    "hex": lambda: HexView(in_memory(all_bytes()), [Highlight(0, 9, HOSTILE[6]), Highlight(3, 400)]),
    "text": lambda: TextView(in_memory(all_bytes()), [Highlight(0, 90, HOSTILE[6])], language="sh"),
    "strings": lambda: StringsView(in_memory(all_bytes()), minimum=4),
    "crumbs": lambda: Breadcrumb(HOSTILE),
    "bar": lambda: FilterBar(HOSTILE[0], HOSTILE[1]),
}
KEYS = (
    "j",
    "l",
    "l",
    "space",
    "n",
    "w",
    "right",
    "pagedown",
    "G",
    "k",
    "h",
    "pageup",
    "g",
    "v",
    "y",
    "n",
    "enter",
)


def sent_to_terminal(app: App[None]) -> str:
    """Everything the screen is drawn with, escape sequences of our own style left out."""
    strips = app.screen._compositor.render_strips()
    return SGR.sub("", "\n".join(strip.render(app.console) for strip in strips))


def assert_harmless(app: App[None]) -> None:
    drawn = sent_to_terminal(app)
    bad = {char for char in drawn if char != "\n" and not char.isprintable()}
    assert not bad, f"reached the screen: {sorted(map(repr, bad))}"
    drawn.encode("utf-8")


@pytest.mark.parametrize("size", [(100, 40), (31, 9), (1, 1)])
@pytest.mark.parametrize("name", MAKERS)
async def test_nothing_raw_reaches_the_screen_whatever_key_is_pressed(
    name: str, size: tuple[int, int]
) -> None:
    widget = MAKERS[name]()
    async with hosted(widget, size=size) as (pilot, host):
        if isinstance(widget, StringsView):
            await until(lambda: widget.ended, pilot)
        if isinstance(widget, FilterBar):
            widget.open("typed")
            for text in HOSTILE:
                widget.note(text)
                await pilot.pause()
                assert_harmless(host)
        assert_harmless(host)
        for key in KEYS:
            await pilot.press(key)
            assert_harmless(host)
        await pilot.click(widget, offset=(min(2, size[0] - 1), min(2, size[1] - 1)))
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert_harmless(host)
        assert all(text.isprintable() for text in host.clipboards)


@pytest.mark.parametrize("name", ["tree", "table", "sheet"])
async def test_every_row_is_exactly_as_wide_as_the_widget(name: str) -> None:
    widget = MAKERS[name]()
    async with hosted(widget, size=(70, 30)) as (pilot, _):
        for _page in range(6):
            for y in range(30):
                strip = widget.render_line(y)
                assert strip.cell_length == sum(segment.cell_length for segment in strip)
            await pilot.press("pagedown")


def hostile_file(text: str) -> ViewedFile:
    """A file of which everything that can be a text is `text`."""
    string = MatchedString(text, 1, 4, text)
    name = text.encode("utf-8", "surrogatepass")
    matched = RuleMatch(rule_id=text, strings=(string,))
    inner = FileFacts(sha256=text or "0", size=5, type=text, description=text, matches=(matched,))
    listing = MemberListing(
        format=text,
        compression=text,
        members=tuple(
            ListedMember(name=name, size=5, stored=5, offset=at, kind=text, method=text, type=text, link=name)
            for at in (0, 600)
        ),
        notes=(text,),
    )
    facts = FileFacts(
        sha256=text or "0",
        size=900,
        type="script",
        description=text,
        md5=text,
        sha1=text,
        matches=(matched,),
        elf=ElfFacts(
            bits=64,
            endian=text,
            machine=text,
            kind=text,
            interpreter=text,
            needed=(text,),
            soname=text,
            rpath=text,
            build_id=text,
            language=text,
            packer=text,
            exports=(text,),
            imports=(text,),
            sections=(ElfSection(name=text, offset=1, size=3, entropy=9e9, flags=text),),
            notes=(text,),
        ),
        script=ScriptFacts(
            language=text,
            interpreter=text,
            decoded=(Decoded(offset=2, length=3, encoding=text, text=text),),
            behaviours=(string,),
        ),
        archive=ArchiveFacts(
            format=text,
            compression=text,
            members=2,
            notable=(MemberFacts(name=name, offset=0, facts=inner),),
            oddities=(ArchiveOddity(code=text, offset=0, message=text, name=name),),
        ),
        secrets=(string,),
        issues=(Issue(stage=text, code=text, subject=text, message=text),),
        lost_bytes=1,
    )
    finding = Finding(
        id="0" * 16,
        rule_id=text,
        category=Category.MINER,
        severity=Severity.HIGH,
        confidence=Confidence.LOW,
        title=text,
        explanation=text,
        remediation=text,
        alternatives=text,
        evidence=(
            Evidence(kind=text, text=text),
            Evidence(kind="bytes", text=text, offset=3, length=1 << 70),
        ),
        attack=(text,),
        references=(text,),
    )
    content = all_bytes()
    rows = tuple(
        ReportFile(
            path=text,
            layer=layer,
            offset=0,
            kind="regular",
            size=len(content),
            sha256=str(layer),
            mtime=1e300,
            mode=0o7777,
            status="altered",
            claimed_by=text,
            rule=text,
            link=text,
            state="deleted",
            changed_by_layer=2,
        )
        for layer in (0, 1)
    )

    def reader(key: tuple[int, int]) -> Callable[[int, int], bytes]:
        return lambda offset, length: content[key[0] :][offset : offset + length]

    return ViewedFile(
        path=text,
        row=rows[1],
        facts=facts,
        findings=(finding,),
        versions=rows,
        instructions={0: text, 1: text, 2: text},
        read=reader((1, 0)),
        read_version=reader,
        list_members=lambda: listing,
    )


@pytest.mark.parametrize("text", [HOSTILE[0], "\x1b]52;c;ZXZpbA==\x07\n\x9b2J\u202e\udcff\ud800" * 3])
async def test_no_viewer_lets_anything_through(text: str) -> None:
    file = hostile_file(text)
    assert len(offered(file)) == len(viewers())
    for viewer in offered(file):
        async with hosted(viewer.make(file), size=(90, 20)) as (pilot, host):
            for key in ("n", "y", "G", "enter"):
                await pilot.press(key)
                assert_harmless(host)
            assert all(copied.isprintable() for copied in host.clipboards)
