"""Archives on the screen: their members are listed, and a finding in one leads to the bytes of the member."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.model.findings import Finding
from forensics.pipeline import Options, Session
from forensics.pipeline.events import Event
from forensics.tui.viewers.archive import ArchivePane
from forensics.tui.widgets import HexView, TextView, VirtualTable
from tests.image_archives import docker_save
from tests.layered_images import layer_tar
from tests.nested_bytes import SCRIPT, zip_of
from tests.tui.conftest import Analysis, Open, Program
from tests.widget_host import lines_of

INNER = zip_of({"deep/run.sh": SCRIPT, "deep/plain.txt": b"plain\n"})
JAR = zip_of({"first.txt": b"first\n", "lib/a.jar": INNER, "last.txt": b"the last one\n"})


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analysis]:
    """An image with an archive in an archive, analysed by the real pipeline; its bytes stay readable."""
    path: Path = tmp_path_factory.mktemp("archives") / "image.tar"
    path.write_bytes(docker_save([layer_tar({"/opt/app.jar": JAR, "/opt/readme": "read me\n"})]))
    events: list[Event] = []
    with Session(str(path), Options(cache=False, jobs=1)) as session:
        report = session.analyze(events.append)
        yield Analysis(path, path, tuple(events), session.index(), report)


def miner(program: Program) -> Finding:
    return next(each for each in program.store.findings.ordered if each.rule_id == "miner/launcher")


async def test_a_finding_in_a_member_leads_to_its_bytes(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        finding = miner(program)
        offset = next(piece.offset for piece in finding.evidence if piece.offset)
        program.screen.show_finding(finding, deeper=True)
        await program.until(lambda: detail.version and detail.version.path.endswith("!/deep/run.sh"))
        await program.until(lambda: detail.byte_offset == offset)
        assert detail.version is not None
        assert finding.path == detail.version.path == "/opt/app.jar!/lib/a.jar!/deep/run.sh"
        assert detail.listed_path == "/opt/app.jar"
        shown = [*detail.query(TextView), *detail.query(HexView)][0]
        assert shown.source.read(0, 1000) == SCRIPT


async def test_a_place_in_a_member_is_not_marked_in_the_file_around_it(open_story: Open) -> None:
    async with open_story() as program:
        files = program.store.files
        assert files is not None
        (outer,) = files.of_path("/opt/app.jar")
        program.screen.workspace.detail_pane.show_version(outer, viewer="hex")
        await program.until(lambda: program.screen.workspace.detail_pane.query(HexView))
        assert miner(program) in program.store.findings_of(outer)
        file = program.screen.workspace.detail_pane._file
        assert file is not None
        assert not any(mark.label == miner(program).title for mark in file.highlights())


async def test_members_are_listed_and_opened_step_by_step(open_story: Open) -> None:
    async with open_story() as program:
        detail = program.screen.workspace.detail_pane
        files = program.store.files
        assert files is not None
        (outer,) = files.of_path("/opt/app.jar")
        detail.show_version(outer, viewer="archive")
        await program.until(lambda: len(rows(program)) == 3)
        names = [line.split()[0] for line in rows(program)]
        assert names == ["▸", "first.txt", "last.txt"]
        assert "lib/a.jar" in rows(program)[0]
        program.screen.workspace.enter("detail")
        await program.press("enter")
        await program.until(lambda: detail.version and detail.version.path.endswith("!/lib/a.jar"))
        detail.use("archive")
        await program.until(lambda: len(rows(program)) == 2)
        detail.query_one(ArchivePane).query_one(VirtualTable).focus()
        await program.press("down", "enter")
        await program.until(lambda: detail.version and detail.version.path.endswith("!/deep/plain.txt"))
        assert detail.use("text")
        await program.until(lambda: detail.query(TextView))
        assert detail.query_one(TextView).source.read(0, 100) == b"plain\n"


def rows(program: Program) -> list[str]:
    """The lines of the list of members."""
    found = program.screen.workspace.detail_pane.query("#archive-members")
    return [line for line in lines_of(found.first()) if line.strip() and "name" not in line] if found else []
