"""Links that lead over many others, each through thousands of folders: time grows with the image alone."""

from __future__ import annotations

import time

from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import Entry, FileKind, LayerIndex
from forensics.model.image import Blob

MEMBERS = 4000
LONG = "d/../" * 810
CHAIN = 40
ENOUGH = 8
"""CPU seconds on a slow machine; walked anew for every member the chain took minutes."""


def _chain() -> list[Entry]:
    """`/l0` leads to `/l1` and so on to the folder `/t`, each link by way of 1,620 components."""
    folders = [Entry(path=path, kind=FileKind.DIRECTORY) for path in ("/d", "/t")]
    names = [f"l{number}" for number in range(CHAIN)]
    return folders + [
        Entry(path=f"/{name}", kind=FileKind.SYMLINK, link=f"/{LONG}{after}")
        for name, after in zip(names, [*names[1:], "t"], strict=True)
    ]


def _view(entries: list[Entry]) -> ImageView:
    placed = tuple(
        Entry(path=entry.path, kind=entry.kind, link=entry.link, header_offset=512 * number)
        for number, entry in enumerate(entries)
    )
    return ImageView([LayerIndex(index=0, blob=Blob(-1, 0, 0), entries=placed)], Limits())


def test_hard_links_through_a_chain() -> None:
    begin = time.process_time()
    links = [Entry(path=f"/h{n}", kind=FileKind.HARDLINK, link="/l0/x") for n in range(MEMBERS)]
    view = _view(_chain() + links)
    assert time.process_time() - begin < ENOUGH
    assert len(list(view.all_versions())) == 2 + CHAIN + MEMBERS
    assert any(issue.code == "limit" and "links lead" in issue.message for issue in view.issues)


def test_members_below_a_chain_that_has_to_be_walked_again() -> None:
    begin = time.process_time()
    entries = _chain()
    for number in range(MEMBERS // 2):
        entries.append(Entry(path="/s", kind=FileKind.SYMLINK, link="a"))
        entries.append(Entry(path=f"/l0/f{number}", kind=FileKind.REGULAR))
    view = _view(entries)
    assert time.process_time() - begin < ENOUGH
    assert any(issue.code == "limit" and "links lead" in issue.message for issue in view.issues)


def test_asking_where_many_links_lead() -> None:
    links = [Entry(path=f"/k{n}", kind=FileKind.SYMLINK, link="/l1/x") for n in range(MEMBERS)]
    view = _view([*_chain(), *links, Entry(path="/t/x", kind=FileKind.REGULAR)])
    begin = time.process_time()
    for number in range(MEMBERS):
        found = view.resolve(f"/k{number}")
        assert found is not None
        assert found.path == "/t/x"
    assert time.process_time() - begin < ENOUGH
    assert view.issues == ()


def test_a_chain_of_very_many_links_is_too_long_from_its_start_and_not_from_its_end() -> None:
    count = 3000
    links = [Entry(path=f"/{n}", kind=FileKind.SYMLINK, link=f"{n + 1}") for n in range(count)]
    view = _view([*links, Entry(path=f"/{count}", kind=FileKind.REGULAR)])
    for start, leads in ((0, False), (count - 41, False), (count - 40, True), (count - 1, True)):
        assert (view.resolve(f"/{start}") is not None) is leads
