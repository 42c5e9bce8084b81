"""What is remembered between runs, and what becomes of it when the folder is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.tui.notebook import Notebook
from forensics.tui.state_folder import Marks, RecentImage, StateFolder


def test_the_latest_image_stands_first_and_once(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "new" / "folder")
    for name in ("a.tar", "b.tar", "a.tar"):
        state.remember(RecentImage(name, f"{name}.json"))
    assert [image.reference for image in StateFolder(tmp_path / "new" / "folder").recent()] == [
        "a.tar",
        "b.tar",
    ]
    assert state.recent()[0].sbom == "a.tar.json"


def test_the_list_of_recent_images_is_bounded(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    for number in range(50):
        state.remember(RecentImage(f"{number}.tar"))
    assert [image.reference for image in state.recent()] == [f"{number}.tar" for number in range(49, 29, -1)]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff\xfe", b"[1,2]", b'{"images":[{"reference":7}]}', b'{"images":"no"}', b"null"]
)
def test_a_damaged_document_counts_as_empty_and_is_written_again(tmp_path: Path, damage: bytes) -> None:
    state = StateFolder(tmp_path)
    (tmp_path / "recent.json").write_bytes(damage)
    assert state.recent() == ()
    state.remember(RecentImage("a.tar"))
    assert state.recent() == (RecentImage("a.tar"),)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    state = StateFolder(tmp_path / "file" / "below")
    state.remember(RecentImage("a.tar"))
    state.keep_marks("sha256:x", Marks(("f",), ()))
    assert state.recent() == ()
    assert state.marks("sha256:x") == Marks()


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_STATE_DIR", str(tmp_path / "here"))
    StateFolder().remember(RecentImage("a.tar"))
    assert (tmp_path / "here" / "recent.json").is_file()


def test_the_documents_are_for_their_owner_alone(tmp_path: Path) -> None:
    StateFolder(tmp_path).remember(RecentImage("a.tar"))
    assert (tmp_path / "recent.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["recent.json"]


def test_notes_are_kept_by_image(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    notes = Notebook(state)
    notes.about("sha256:one")
    assert notes.toggle_reviewed("f1")
    assert notes.toggle_bookmark(2, "/usr/lib/.x/kworker:odd")
    other = Notebook(state)
    other.about("sha256:two")
    assert not other.is_reviewed("f1")
    again = Notebook(state)
    again.about("sha256:one")
    assert again.is_reviewed("f1")
    assert again.bookmarks == ((2, "/usr/lib/.x/kworker:odd"),)
    assert not again.toggle_reviewed("f1")
    assert again.reviewed == frozenset()


def test_notes_taken_before_the_image_is_known_are_kept_with_the_earlier_ones(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.keep_marks("sha256:one", Marks(("old",), ("0:/a",)))
    notes = Notebook(state)
    notes.toggle_reviewed("new")
    notes.about("sha256:one")
    notes.toggle_bookmark(1, "/b")
    assert state.marks("sha256:one") == Marks(("old", "new"), ("0:/a", "1:/b"))


def test_a_bookmark_that_is_none_is_passed_over(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.keep_marks("sha256:one", Marks((), ("nonsense", "x:/a", "3:/b")))
    notes = Notebook(state)
    notes.about("sha256:one")
    assert notes.bookmarks == ((3, "/b"),)
