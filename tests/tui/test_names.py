"""A name is told from one that differs in a blank at its end or in how its letters are composed."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.pipeline import Options
from forensics.printable import told_apart
from forensics.tui.app import ForensicsApp
from forensics.tui.screens.analysis import AnalysisScreen
from tests.image_archives import docker_save
from tests.layered_images import layer_tar
from tests.tui.conftest import wait_until
from tests.widget_host import screen_lines

COMPOSED = "/tmp/caf\u00e9"
APART = "/tmp/cafe\u0301"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/tmp/x", "/tmp/x"),
        ("/tmp/x ", r"/tmp/x\x20"),
        ("/tmp/  x y  ", r"/tmp/\x20\x20x y\x20\x20"),
        ("/tmp/ ", r"/tmp/\x20"),
        ("/a /b", r"/a\x20/b"),
        (COMPOSED, COMPOSED),
        (APART, r"/tmp/cafe\u0301"),
        ("/tmp/\u00e9 ", "/tmp/\u00e9\\x20"),
        ("/\u212b", r"/\u212b"),
        ("/\u1112\u1161\u11ab", "/\u1112\\u1161\\u11ab"),
        ("/\ud55c", "/\ud55c"),
        ("/a\u202eb", r"/a\u202eb"),
        ("/b\udcff", r"/b\xff"),
        ("", ""),
        ("/", "/"),
    ],
)
def test_a_name(path: str, shown: str) -> None:
    assert told_apart(path) == shown


@given(st.text(st.characters(exclude_characters="\\"), max_size=12))
def test_a_name_is_told_from_its_twins(name: str) -> None:
    assert told_apart(name).isprintable()
    for twin in (f"{name} ", f" {name}", *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))):
        if twin != name:
            assert unicodedata.normalize("NFC", told_apart(twin)) != unicodedata.normalize(
                "NFC", told_apart(name)
            )


@given(st.text(max_size=12))
def test_what_was_made_evident_stays_as_it_is(name: str) -> None:
    assert told_apart(told_apart(name)) == told_apart(name)


async def test_twins_in_the_tree(tmp_path: Path) -> None:
    path = tmp_path / "twins.tar"
    names = ("/tmp/x", "/tmp/x ", COMPOSED, APART)
    path.write_bytes(docker_save([layer_tar(dict.fromkeys(names, "twin\n"))]))
    app = ForensicsApp(str(path), Options(cache=False, jobs=1), None)
    async with app.run_test(size=(160, 45)) as pilot:
        await wait_until(
            pilot, lambda: isinstance(app.screen, AnalysisScreen) and app.store and app.store.files
        )
        await wait_until(pilot, lambda: any("x\\x20" in line for line in screen_lines(app)))
        shown = "\n".join(screen_lines(app))
        assert r"cafe\u0301" in shown
        assert "caf\u00e9" in shown
    app.close_worker()
