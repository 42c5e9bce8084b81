"""Opening, choosing, waiting, giving up, failing and leaving: everything around the analysis screen."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from forensics.errors import ForensicsError
from forensics.pipeline import Options
from forensics.pipeline.events import FactsLearnt, ImageOpened, LayerIndexed, ReportReady, ViewReady
from forensics.tui.analysis_worker import AnalysisWorker
from forensics.tui.app import ForensicsApp
from forensics.tui.screens.analysis import AnalysisScreen
from forensics.tui.screens.choose import ChooseScreen
from forensics.tui.screens.find_path import FindPathScreen
from forensics.tui.screens.help import HelpScreen
from forensics.tui.screens.notice import NoticeScreen
from forensics.tui.screens.open_image import OpenImageScreen
from forensics.tui.screens.progress import ProgressScreen
from forensics.tui.screens.save import ExportScreen, SaveReportScreen
from forensics.tui.state_folder import RecentImage, StateFolder
from forensics.tui.store import Run
from forensics.tui.widgets import FilterBar, KeyValues, VirtualTable
from tests.image_archives import docker_save, tar_of
from tests.tui.conftest import Analysis, Open, wait_until
from tests.tui.story_image import MINER


def text_of(app: ForensicsApp, selector: str) -> str:
    """The plain text of a Static."""
    return str(app.screen.query_one(selector, Static).content)


async def typed(pilot: Pilot[int], text: str) -> None:
    """Put a text into the input that has the keys, as a paste would."""
    field = pilot.app.focused
    assert isinstance(field, Input)
    field.value = text
    field.cursor_position = len(text)
    await pilot.pause()


async def test_without_a_reference_the_person_is_asked(story: Path) -> None:
    app = ForensicsApp(None, Options(cache=False, jobs=1), None)
    async with app.run_test(size=(100, 30)) as pilot:
        assert isinstance(app.screen, OpenImageScreen)
        await typed(pilot, str(story))
        await pilot.press("enter")
        await wait_until(pilot, lambda: isinstance(app.screen, AnalysisScreen))
        await wait_until(pilot, lambda: app.store and app.store.report)
    app.close_worker()
    assert StateFolder().recent() == (RecentImage(str(story)),)


async def test_recent_images_are_offered_and_opened_with_their_sbom(analysis: Analysis) -> None:
    StateFolder().remember(RecentImage(str(analysis.path), str(analysis.sbom)))
    app = ForensicsApp(None, Options(cache=False, jobs=1), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: app.store and app.store.sbom)
        assert app.store is not None
        assert app.store.sbom is not None
        assert app.store.sbom.reference == "sbom"
    app.close_worker()


async def test_a_path_is_completed_while_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "alpha.tar").write_bytes(b"")
    (tmp_path / "images" / "alpine.tar").write_bytes(b"")
    app = ForensicsApp(None, Options(), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await typed(pilot, f"{tmp_path}/ima")
        await pilot.press("tab")
        field = app.screen.query_one("#reference", Input)
        assert field.value == f"{tmp_path}/images/"
        await pilot.press("a", "tab")
        assert field.value == f"{tmp_path}/images/alp"
        table = app.screen.query_one(VirtualTable)
        assert table.row_count == 2
        await pilot.press("tab")
        assert app.focused is not field, "with nothing more to complete, tab goes on"


async def test_a_form_that_is_told_of_a_failure_before_it_is_drawn_shows_it() -> None:
    form = OpenImageScreen(())
    form.show_error("no.tar", ForensicsError("it is no image", "try another"))
    app = ForensicsApp(None, Options(jobs=1), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(form)
        await wait_until(pilot, lambda: form.is_mounted)
        assert form.query_one("#reference", Input).value == "no.tar"
        assert text_of(app, "#problem").startswith("error: it is no image")


async def test_what_is_no_image_is_said_in_a_line_and_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "no.tar"
    path.write_bytes(tar_of([("a", b"1")]))
    app = ForensicsApp(str(path), Options(jobs=1), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: app.failure and isinstance(app.screen, OpenImageScreen))
        assert isinstance(app.screen, OpenImageScreen)
        assert text_of(app, "#problem").startswith("error: ")
        assert "\nhint: " in text_of(app, "#problem")
        assert app.screen.query_one("#reference", Input).value == str(path)
        await pilot.press("ctrl+q")
    assert app.return_value == 3


async def test_a_broken_sbom_is_said_too(story: Path, tmp_path: Path) -> None:
    sbom = tmp_path / "broken.json"
    sbom.write_text("{")
    app = ForensicsApp(str(story), Options(sbom=(sbom,), cache=False, jobs=1), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: app.failure)
        assert text_of(app, "#problem").startswith("error: ")


async def test_several_images_are_listed_and_one_is_chosen(tmp_path: Path) -> None:
    layers = [tar_of([("a", b"1")]), tar_of([("b", b"2")])]
    both = tmp_path / "both.tar"
    first, second = (docker_save([layer], tags=[f"app:{number}"]) for number, layer in enumerate(layers))
    both.write_bytes(_merged(first, second))
    app = ForensicsApp(str(both), Options(cache=False, jobs=1), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await pilot.press("j", "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, AnalysisScreen))
        assert app.store is not None
        assert app.store.card is not None
        assert app.store.card.tags == ("app:1",)
    app.close_worker()


def _merged(first: bytes, second: bytes) -> bytes:
    """Two docker-save archives as one with both images."""
    import io
    import tarfile

    members: list[tuple[str, bytes]] = []
    manifests = []
    for content in (first, second):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                if member.name == "manifest.json":
                    manifests += json.loads(file.read())
                else:
                    members.append((member.name, file.read()))
    return tar_of([*members, ("manifest.json", json.dumps(manifests).encode())])


async def test_the_progress_screen_stands_until_there_are_layers(open_story: Open) -> None:
    async with open_story(hold=ImageOpened) as program:
        assert isinstance(program.app.screen, ProgressScreen)
        assert "layers" in text_of(program.app, "#stages")
        program.worker.release()
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen))


async def test_waiting_can_be_given_up(open_story: Open) -> None:
    async with open_story(hold=ImageOpened) as program:
        await program.press("escape")
        await program.until(lambda: isinstance(program.app.screen, OpenImageScreen))
        assert program.worker.closed
        assert program.app.failure is None


async def test_the_screen_can_be_used_while_the_analysis_goes_on(open_story: Open) -> None:
    async with open_story(hold=ViewReady) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen))
        files = program.screen.workspace.files_pane
        assert "…" in str(files.border_subtitle), "the whole image is not known yet"
        await program.press("g", "j", "j", "j")
        await program.until(lambda: files.listed and files.listed.scope.layer == 2)
        assert files.listed is not None
        assert not files.listed.listing.certain
        await program.press("enter", "G")
        detail = program.screen.workspace.detail_pane
        await program.until(lambda: detail.version)
        await program.press("H")
        await program.until(lambda: detail.shows_bytes)
        program.worker.release()
        await program.until(lambda: program.store.report and program.store.files)
        await program.until(lambda: files.listed and files.listed.listing.certain)
        assert files.listed.scope.layer == 2, "what was chosen stays chosen"


async def test_layers_appear_with_dots_and_fill_in(open_story: Open) -> None:
    async with open_story(hold=LayerIndexed) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen))
        table = program.screen.query_one("#layer-table", VirtualTable)
        assert table.row_count == 5
        assert table.model.row(1)[1] == "…"
        program.worker.release()
        await program.until(lambda: program.store.report)
        assert table.model.row(1)[1] != "…"


async def test_the_analysis_can_be_stopped_and_what_is_known_stays(open_story: Open) -> None:
    async with open_story(hold=FactsLearnt) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        await program.press("ctrl+c")
        await program.until(lambda: program.store.run is Run.STOPPED)
        assert program.worker.cancelled
        assert isinstance(program.app.screen, AnalysisScreen)
        await program.press("f", *"kworker", "enter")
        await program.until(lambda: program.screen.workspace.detail_pane.version)
        await program.press("ctrl+s")
        assert isinstance(program.app.screen, NoticeScreen), "there is no report to save"


@pytest.mark.parametrize("key", ["2", "3", "4", "5", "7", "8"])
@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_filter_takes_one_line(open_story: Open, key: str, size: tuple[int, int]) -> None:
    async with open_story(size=size) as program:
        await program.press(key, "slash")
        bars = [bar for bar in program.screen.query(FilterBar) if bar.is_open]
        await program.until(lambda: bars[0].size.height)
        assert [bar.size.height for bar in bars] == [1]
        assert bars[0].query_one(Input).size.width > 20


async def test_every_command_of_the_palette_has_a_plain_name(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("ctrl+p")
        await program.pilot.pause(0.5)
        await program.press(*"packages")
        await program.pilot.pause(0.5)
        await program.press("enter", "enter")
        await program.until(lambda: program.screen.tab == "packages")


async def test_the_keys_are_explained(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("question_mark")
        assert isinstance(program.app.screen, HelpScreen)
        assert program.app.screen.query_one(KeyValues).row_count > 40
        await program.press("escape")
        assert isinstance(program.app.screen, AnalysisScreen)


async def test_marks_and_bookmarks_are_there_again(open_story: Open) -> None:
    async with open_story() as program:
        await program.press("n", "m")
        await program.settled()
        await program.press("f", *"kworker", "enter")
        await program.until(lambda: program.screen.workspace.detail_pane.version)
        await program.press("b")
        reviewed = program.store.notebook.reviewed
        assert len(reviewed) == 1
    async with open_story() as program:
        assert program.store.notebook.reviewed == reviewed
        assert program.store.notebook.bookmarks == ((2, MINER),)
        await program.press("B", "enter")
        detail = program.screen.workspace.detail_pane
        await program.until(lambda: detail.version and detail.version.path == MINER)


async def test_evidence_is_exported_under_its_digest(open_story: Open, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    async with open_story() as program:
        await program.press("f", *"kworker", "enter")
        await program.until(lambda: program.screen.workspace.detail_pane.version)
        await program.press("x")
        assert isinstance(program.app.screen, ExportScreen)
        program.app.screen.query_one(Input).value = str(folder)
        await program.press("enter")
        await program.until((folder / "manifest.json").exists)
        files = program.store.files
        assert files is not None
        version = files.of_path(MINER)[0]
        assert (folder / version.sha256).read_bytes()[:4] == b"\x7fELF"
        assert json.loads((folder / "manifest.json").read_text())["files"][0]["path"] == MINER


async def test_the_report_is_saved_and_opens_again(
    open_story: Open, tmp_path: Path, analysis: Analysis
) -> None:
    target = tmp_path / "out.json"
    async with open_story() as program:
        await program.press("ctrl+s")
        assert isinstance(program.app.screen, SaveReportScreen)
        program.app.screen.query_one(Input).value = str(target)
        await program.press("enter")
        await program.until(target.exists)
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen))
        await program.press("ctrl+s")
        program.app.screen.query_one(Input).value = str(target)
        await program.press("enter")
        assert isinstance(program.app.screen, SaveReportScreen), (
            "a file that is there is not replaced at once"
        )
    app = ForensicsApp(str(target), Options(), None)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store and app.store.files)
        screen = app.screen
        assert isinstance(screen, AnalysisScreen)
        assert screen.tab == "overview", "a saved report begins with its answer"
        assert app.store is not None
        assert app.store.report == analysis.report
        await pilot.press("2", "n")
        await wait_until(pilot, lambda: screen.workspace.files_pane.listed)
        await pilot.press("x")
        assert app.screen is screen, "without the image there is nothing to export"
        await pilot.press("f")
        assert isinstance(app.screen, FindPathScreen)
    app.close_worker()


async def test_a_damaged_report_is_refused_in_a_line(saved: Path, tmp_path: Path) -> None:
    broken = tmp_path / "report.json"
    broken.write_bytes(saved.read_bytes()[:1000])
    app = ForensicsApp(None, Options(), broken)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: app.failure)
        assert "cut short" in text_of(app, "#problem")


async def test_light_and_dark(open_story: Open) -> None:
    async with open_story() as program:
        assert program.app.current_theme.dark
        await program.press("ctrl+t")
        assert not program.app.current_theme.dark


async def test_leaving_in_the_middle_of_the_real_analysis_takes_less_than_a_second(story: Path) -> None:
    app = ForensicsApp(str(story), Options(cache=False), None)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: app.store and app.store.card)
        begun = time.perf_counter()
        await pilot.press("q")
    app.close_worker()
    assert time.perf_counter() - begun < 1.5
    assert app.return_value == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_tab_is_drawn_at_every_size(open_story: Open, size: tuple[int, int]) -> None:
    async with open_story(size=size, hold=ReportReady) as program:
        await program.until(lambda: isinstance(program.app.screen, AnalysisScreen) and program.store.files)
        for _ in range(2):
            for key in "12345678":
                await program.press(key)
                await program.pilot.pause(0.05)
            program.worker.release()
            await program.until(lambda: program.store.report)


async def test_a_report_and_its_image_that_come_at_once_keep_the_statuses(
    saved: Path, analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain = AnalysisWorker.drain
    monkeypatch.setattr(AnalysisWorker, "drain", lambda self: drain(self) if self.ended else [])
    app = ForensicsApp(str(analysis.path), Options(cache=False, jobs=1), saved)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store and app.store.view and app.store.files)
        assert app.store is not None
        assert app.store.files is not None
        assert app.store.status_of(app.store.files.of_path(MINER)[0]) is not None


async def test_a_report_with_its_image_shows_bytes_without_a_second_analysis(
    saved: Path, analysis: Analysis
) -> None:
    app = ForensicsApp(str(analysis.path), Options(cache=False, jobs=1), saved)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store and app.store.view and app.store.files)
        assert app.store is not None
        assert app.store.report == analysis.report
        files = app.store.files
        assert files is not None
        version = files.of_path(MINER)[0]
        assert app.store.status_of(version) is not None
        await wait_until(pilot, lambda: app.store and app.store.reader(version))
        read = app.store.reader(version)
        assert read is not None
        assert read(0, 4) == b"\x7fELF"
    app.close_worker()


async def test_a_report_about_another_image_says_so(saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(docker_save([tar_of([("a", b"1")])]))
    app = ForensicsApp(str(other), Options(cache=False, jobs=1), saved)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store and app.store.error)
        assert app.store is not None
        assert app.store.error is not None
        assert "another image" in app.store.error.message
        assert app.store.report is not None, "the report stays readable"
    app.close_worker()
