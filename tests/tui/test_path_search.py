"""Finding paths by a few letters."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from forensics.tui.path_search import PathSearch

PATHS = sorted(
    [
        "/etc/cron.d/job",
        "/usr/lib/.x/kworker",
        "/usr/lib/kworker.d/readme",
        "/usr/share/k/w/o/r/k/e/r",
        "/opt/KWORKER-old",
        "/tmp/\x1b[31mred",
        "/bin/sh",
    ]
)


def test_the_name_comes_before_the_folder_and_the_run_before_the_letters() -> None:
    assert PathSearch(PATHS).find("kworker", 10) == [
        "/usr/lib/.x/kworker",
        "/opt/KWORKER-old",
        "/usr/lib/kworker.d/readme",
        "/usr/share/k/w/o/r/k/e/r",
    ]


def test_a_path_can_be_typed_with_its_slashes_and_with_letters_left_out() -> None:
    search = PathSearch(PATHS)
    assert search.find("x/kw", 10) == ["/usr/lib/.x/kworker"]
    assert search.find("etcjob", 10) == ["/etc/cron.d/job"]


def test_what_the_screen_shows_of_a_hostile_name_finds_it() -> None:
    assert PathSearch(PATHS).find("\\x1b[31m", 10) == ["/tmp/\x1b[31mred"]


def test_nothing_typed_finds_nothing_and_a_path_is_found_once() -> None:
    assert PathSearch(PATHS).find("  ", 10) == []
    assert PathSearch(["/a", "/a", "/b"]).find("a", 10) == ["/a"]
    assert len(PathSearch([f"/x{number}" for number in range(50)]).find("x", 7)) == 7


def test_an_unwanted_search_ends_at_once() -> None:
    assert PathSearch(PATHS).find("kworker", 10, lambda: True) == []


def test_sixty_thousand_paths_are_searched_while_somebody_types() -> None:
    paths = [
        f"/usr/lib/python3/dist-packages/package{number % 700}/module{number}.py" for number in range(60_000)
    ]
    search = PathSearch(paths)
    begun = time.perf_counter()
    assert search.find("module59999", 100) == ["/usr/lib/python3/dist-packages/package499/module59999.py"]
    assert time.perf_counter() - begun < 2.0


@given(
    st.lists(st.text(alphabet="abc/", min_size=1, max_size=8)),
    st.text(alphabet="abc/", min_size=1, max_size=4),
)
def test_whatever_holds_the_text_is_found(paths: list[str], wanted: str) -> None:
    found = PathSearch(paths).find(wanted, 1000)
    assert {path for path in paths if wanted.strip() in path} <= set(found)
    assert len(found) == len(set(found))
