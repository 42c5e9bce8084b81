"""What layers do to each other: whiteouts, opaque markers, type changes, duplicates, links, changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import Change, FileState, FileVersion
from tests.layer_bytes import END, Bench, bench, folder, hard_link, member, octal, pax, symlink

VISIBLE, OVERWRITTEN, DELETED = FileState.VISIBLE, FileState.OVERWRITTEN, FileState.DELETED


@pytest.fixture
def layers() -> Iterator[Bench]:
    with bench() as made:
        yield made


def fates(view: ImageView, path: str) -> list[tuple[int, str, int | None]]:
    return [(version.layer, str(version.state), version.changed_by_layer) for version in view.versions(path)]


def paths(view: ImageView, top: int | None = None) -> list[str]:
    return [version.path for version in view.merged(top)]


def content(view: ImageView, path: str, top: int | None = None) -> bytes:
    found = view.visible(path, top)
    assert found is not None
    return view.read(found)


def codes(view: ImageView) -> list[tuple[str, str]]:
    return [(issue.code, issue.subject) for issue in view.issues]


class TestWhiteouts:
    def test_a_file(self, layers: Bench) -> None:
        view = layers.view([member(b"a"), member(b"ab")], [member(b".wh.a")])
        assert paths(view) == ["/ab"]
        assert paths(view, 0) == ["/a", "/ab"]
        assert fates(view, "/a") == [(0, "deleted", 1)]
        assert [version.path for version in view.removed_by(1)] == ["/a"]

    def test_a_directory_goes_with_all_that_is_in_it(self, layers: Bench) -> None:
        view = layers.view(
            [folder(b"d"), member(b"d/a"), member(b"d/e/f"), member(b"d.x")], [member(b".wh.d")]
        )
        assert paths(view) == ["/d.x"]
        assert [version.path for version in view.removed_by(1)] == ["/d", "/d/a", "/d/e/f"]

    def test_a_directory_that_no_member_tells_of(self, layers: Bench) -> None:
        view = layers.view([member(b"d/a")], [member(b".wh.d")])
        assert paths(view) == []

    @pytest.mark.parametrize("first", [True, False])
    def test_never_the_own_layer(self, first: bool, layers: Bench) -> None:
        own = [member(b".wh.a"), member(b"a", b"new")]
        view = layers.view([member(b"a", b"old")], own if first else own[::-1])
        assert content(view, "/a") == b"new"
        assert fates(view, "/a") == [(0, "overwritten", 1), (1, "visible", None)]
        assert view.removed_by(1) == ()

    def test_of_nothing(self, layers: Bench) -> None:
        view = layers.view([member(b"a")], [member(b".wh.b"), member(b"c/.wh.d"), member(b"a/.wh.x")])
        assert paths(view) == ["/a"]

    def test_only_what_is_there_now_is_deleted_by_this_layer(self, layers: Bench) -> None:
        view = layers.view([member(b"d/a")], [member(b".wh.d")], [member(b"d/b")], [member(b".wh.d")])
        assert fates(view, "/d/a") == [(0, "deleted", 1)]
        assert fates(view, "/d/b") == [(2, "deleted", 3)]

    def test_a_path_can_come_back(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"1")], [member(b".wh.a")], [member(b"a", b"3")])
        assert fates(view, "/a") == [(0, "deleted", 1), (2, "visible", None)]
        assert view.versions("/a")[1].change is Change.ADDED
        assert [view.visible("/a", top) is not None for top in range(3)] == [True, False, True]


class TestOpaqueMarkers:
    @pytest.mark.parametrize("first", [True, False])
    def test_lower_children_go_wherever_the_marker_stands(self, first: bool, layers: Bench) -> None:
        marker, own = member(b"d/.wh..wh..opq"), [folder(b"d"), member(b"d/new"), member(b"d/both", b"2")]
        lower = [folder(b"d"), member(b"d/old"), member(b"d/both", b"1"), member(b"d/e/f")]
        view = layers.view(lower, [marker, *own] if first else [*own, marker])
        assert paths(view) == ["/d", "/d/both", "/d/new"]
        assert fates(view, "/d/old") == [(0, "deleted", 1)]
        assert fates(view, "/d/both") == [(0, "overwritten", 1), (1, "visible", None)]
        assert [version.path for version in view.removed_by(1)] == ["/d/e/f", "/d/old"]

    def test_of_the_root(self, layers: Bench) -> None:
        view = layers.view(
            [folder(b"."), member(b"a"), member(b"b/c")], [member(b".wh..wh..opq"), member(b"n")]
        )
        assert paths(view) == ["/", "/n"]


class TestTypeChanges:
    def test_a_file_over_a_directory_deletes_what_was_in_it(self, layers: Bench) -> None:
        view = layers.view([folder(b"d"), member(b"d/a"), member(b"d/e/f")], [member(b"d", b"file")])
        assert paths(view) == ["/d"]
        assert fates(view, "/d") == [(0, "overwritten", 1), (1, "visible", None)]
        assert fates(view, "/d/e/f") == [(0, "deleted", 1)]

    def test_a_link_over_a_directory(self, layers: Bench) -> None:
        view = layers.view([member(b"lib/a"), member(b"usr/lib/b")], [symlink(b"lib", b"usr/lib")])
        assert paths(view) == ["/lib", "/usr/lib/b"]
        assert fates(view, "/lib/a") == [(0, "deleted", 1)]

    def test_a_directory_over_a_directory_keeps_what_is_in_it(self, layers: Bench) -> None:
        view = layers.view([folder(b"d"), member(b"d/a")], [folder(b"d")])
        assert paths(view) == ["/d", "/d/a"]
        assert fates(view, "/d") == [(0, "overwritten", 1), (1, "visible", None)]

    def test_a_directory_over_a_file(self, layers: Bench) -> None:
        view = layers.view([member(b"d", b"file")], [folder(b"d"), member(b"d/a")])
        assert paths(view) == ["/d", "/d/a"]
        assert view.versions("/d")[1].change is Change.MODIFIED

    def test_a_member_below_a_link_of_a_lower_layer_hides_the_link(self, layers: Bench) -> None:
        view = layers.view([symlink(b"bin", b"usr/bin"), member(b"usr/bin/sh")], [member(b"bin/ls")])
        assert paths(view) == ["/bin/ls", "/usr/bin/sh"]
        assert fates(view, "/bin") == [(0, "deleted", 1)]
        assert codes(view) == [("implied-folder", "layer 1:/bin")]

    def test_its_own_directory_entry_makes_it_overwritten(self, layers: Bench) -> None:
        for members in ([folder(b"bin"), member(b"bin/ls")], [member(b"bin/ls"), folder(b"bin")]):
            view = layers.view([symlink(b"bin", b"usr/bin")], members)
            assert paths(view) == ["/bin", "/bin/ls"]
            assert fates(view, "/bin") == [(0, "overwritten", 1), (1, "visible", None)]

    def test_a_member_below_a_file_of_the_same_layer(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"x"), member(b"a/b")])
        assert paths(view) == ["/a/b"]
        assert fates(view, "/a") == [(0, "deleted", 0)]
        assert codes(view) == [("implied-folder", "layer 0:/a")]


class TestOwnLinks:
    def test_members_land_where_a_link_of_the_same_layer_leads(self, layers: Bench) -> None:
        own = [symlink(b"lib", b"usr/lib"), member(b"lib/x/y", b"new")]
        view = layers.view([member(b"usr/lib/x/y", b"old"), member(b"usr/lib/z")], own)
        assert paths(view) == ["/lib", "/usr/lib/x/y", "/usr/lib/z"]
        landed = view.visible("/usr/lib/x/y")
        assert landed is not None
        assert (landed.entry.path, view.read(landed)) == ("/lib/x/y", b"new")
        assert fates(view, "/usr/lib/x/y") == [(0, "overwritten", 1), (1, "visible", None)]

    @pytest.mark.parametrize(
        ("link", "landed"),
        [(b"/t", "/t/f"), (b"../t", "/t/f"), (b"../../../t", "/t/f"), (b"t/../u", "/d/u/f"), (b".", "/d/f")],
    )
    def test_links_cannot_leave_the_root(self, link: bytes, landed: str, layers: Bench) -> None:
        view = layers.view([symlink(b"d/l", link), member(b"d/l/f")])
        assert landed in paths(view)

    def test_chains_and_loops_end(self, layers: Bench) -> None:
        view = layers.view([symlink(b"a", b"b"), symlink(b"b", b"c"), member(b"a/f")])
        assert paths(view) == ["/a", "/b", "/c/f"]
        view = layers.view([symlink(b"a", b"b"), symlink(b"b", b"a"), member(b"a/f")])
        assert len(paths(view)) == 2
        assert [code for code, _ in codes(view)] == ["implied-folder"]

    def test_a_directory_that_takes_the_place_of_the_link(self, layers: Bench) -> None:
        view = layers.view([symlink(b"l", b"t"), member(b"l/a"), folder(b"l"), member(b"l/b")])
        assert paths(view) == ["/l", "/l/b", "/t/a"]


class TestDuplicates:
    def test_the_last_counts(self, layers: Bench) -> None:
        view = layers.view(
            [member(b"a", b"0")], [member(b"a", b"1"), member(b"./a", b"2"), member(b"/a", b"3")]
        )
        assert content(view, "/a") == b"3"
        assert fates(view, "/a") == [
            (0, "overwritten", 1),
            (1, "overwritten", 1),
            (1, "overwritten", 1),
            (1, "visible", None),
        ]
        assert [version.change for version in view.versions("/a")][1:] == [Change.MODIFIED] * 3
        assert len({version.key for version in view.versions("/a")}) == 4

    def test_a_duplicate_is_never_seen(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"1"), member(b"a", b"2")], [member(b".wh.a")])
        assert fates(view, "/a") == [(0, "overwritten", 0), (0, "deleted", 1)]
        assert content(view, "/a", 0) == b"2"

    def test_a_file_in_place_of_an_own_directory(self, layers: Bench) -> None:
        view = layers.view([member(b"d/a"), folder(b"d"), member(b"d", b"x")])
        assert paths(view) == ["/d"]
        assert fates(view, "/d/a") == [(0, "deleted", 0)]
        assert view.removed_by(0) == ()


class TestHardLinks:
    def test_a_target_in_the_same_layer(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"data"), hard_link(b"b", b"a"), hard_link(b"c", b"./b")])
        for path in ("/b", "/c"):
            assert content(view, path) == b"data"
        versions = [view.versions(path)[0] for path in ("/a", "/b", "/c")]
        assert len({version.content for version in versions}) == 1
        assert codes(view) == []

    def test_the_target_as_it_was_when_the_link_came(self, layers: Bench) -> None:
        view = layers.view(
            [member(b"a", b"1"), hard_link(b"b", b"a"), member(b"a", b"2"), hard_link(b"c", b"a")]
        )
        assert (content(view, "/b"), content(view, "/c")) == (b"1", b"2")

    def test_a_target_that_comes_later(self, layers: Bench) -> None:
        view = layers.view([hard_link(b"c", b"b"), hard_link(b"b", b"a"), member(b"a", b"data")])
        assert (content(view, "/b"), content(view, "/c")) == (b"data", b"data")

    def test_a_target_in_a_lower_layer(self, layers: Bench) -> None:
        view = layers.view(
            [member(b"a", b"0")], [member(b"a", b"1")], [hard_link(b"b", b"a")], [member(b"a", b"3")]
        )
        assert content(view, "/b") == b"1"
        assert view.versions("/b")[0].content == view.versions("/a")[1].content

    def test_a_target_behind_a_link_to_its_directory(self, layers: Bench) -> None:
        lower = [symlink(b"bin", b"usr/bin"), member(b"usr/bin/sh", b"sh")]
        assert content(layers.view(lower, [hard_link(b"x", b"bin/sh")]), "/x") == b"sh"
        assert content(layers.view([*lower, hard_link(b"x", b"bin/sh")]), "/x") == b"sh"

    def test_a_target_that_this_layer_deletes_is_not_there(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"0")], [member(b".wh.a"), hard_link(b"b", b"a")])
        assert view.versions("/b")[0].content is None
        assert codes(view) == [("hard-link-without-target", "layer 1:/b")]

    @pytest.mark.parametrize(
        "members",
        [
            [hard_link(b"b", b"gone")],
            [hard_link(b"b", b"b")],
            [hard_link(b"b", b"c"), hard_link(b"c", b"b")],
            [folder(b"d"), hard_link(b"b", b"d")],
        ],
        ids=["missing", "itself", "loop", "directory"],
    )
    def test_no_target(self, members: list[bytes], layers: Bench) -> None:
        view = layers.view(members)
        version = view.visible("/b")
        assert version is not None
        assert (version.content, view.read(version)) == (None, b"")
        assert ("hard-link-without-target", "layer 0:/b") in codes(view)

    def test_a_link_to_a_symbolic_link_or_device_has_no_content_and_is_no_issue(self, layers: Bench) -> None:
        view = layers.view(
            [symlink(b"s", b"x"), hard_link(b"a", b"s"), member(b"n", flag=b"6"), hard_link(b"b", b"n")]
        )
        assert [view.versions(path)[0].content for path in ("/a", "/b")] == [None, None]
        assert codes(view) == []

    def test_targets_that_aufs_keeps_aside(self, layers: Bench) -> None:
        view = layers.view(
            [
                folder(b".wh..wh.plnk"),
                member(b".wh..wh.plnk/1.2", b"data"),
                hard_link(b"a", b".wh..wh.plnk/1.2"),
                member(b".wh..wh.aufs"),
            ]
        )
        assert paths(view) == ["/a"]
        assert content(view, "/a") == b"data"
        assert view.versions("/a")[0].sha256 != ""

    def test_a_link_to_what_the_archive_does_not_hold_anymore(self, layers: Bench) -> None:
        view = layers.view([member(b"d/a", b"x"), hard_link(b"b", b"d/a"), member(b"d", b"file")])
        assert content(view, "/b") == b"x"


class TestChanges:
    def change(self, layers: Bench, old: list[bytes], new: list[bytes]) -> Change:
        view = layers.view(old, new)
        version = view.visible("/a")
        assert isinstance(version, FileVersion)
        return version.change

    def test_new_is_added(self, layers: Bench) -> None:
        assert self.change(layers, [member(b"b")], [member(b"a")]) is Change.ADDED

    def test_the_same_again_is_unchanged_whatever_its_times(self, layers: Bench) -> None:
        later = member(b"a", b"x", mtime=octal(5, 12), user=b"root")
        assert self.change(layers, [member(b"a", b"x")], [later]) is Change.UNCHANGED
        assert self.change(layers, [symlink(b"a", b"x")], [symlink(b"a", b"x")]) is Change.UNCHANGED
        assert self.change(layers, [folder(b"a")], [folder(b"a")]) is Change.UNCHANGED

    @pytest.mark.parametrize(
        "new",
        [
            member(b"a", b"y"),
            member(b"a", b"xx"),
            member(b"a", b"x", mode=b"0004755\0"),
            member(b"a", b"x", uid=octal(1, 8)),
            member(b"a", b"x", gid=octal(1, 8)),
            pax((b"SCHILY.xattr.security.capability", b"\1")) + member(b"a", b"x"),
            symlink(b"a", b"x"),
            folder(b"a"),
        ],
        ids=["content", "size", "mode", "uid", "gid", "capability", "link", "directory"],
    )
    def test_anything_else_is_modified(self, new: bytes, layers: Bench) -> None:
        assert self.change(layers, [member(b"a", b"x")], [new]) is Change.MODIFIED

    def test_a_changed_link_target_is_modified(self, layers: Bench) -> None:
        assert self.change(layers, [symlink(b"a", b"x")], [symlink(b"a", b"y")]) is Change.MODIFIED

    def test_a_hard_link_is_the_file_it_stands_for(self, layers: Bench) -> None:
        old = [member(b"b", b"x"), hard_link(b"a", b"b")]
        assert self.change(layers, old, [member(b"a", b"x")]) is Change.UNCHANGED
        assert self.change(layers, [member(b"a", b"x")], old) is Change.UNCHANGED
        assert self.change(layers, old, [member(b"a", b"y")]) is Change.MODIFIED

    def test_below_an_opaque_marker_too(self, layers: Bench) -> None:
        new = [folder(b"."), member(b".wh..wh..opq"), member(b"a", b"x")]
        assert self.change(layers, [member(b"a", b"x")], new) is Change.UNCHANGED

    def test_compared_with_what_was_seen_not_with_a_duplicate(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"x")], [member(b"a", b"y"), member(b"a", b"x")])
        assert [version.change for version in view.versions("/a")] == [
            Change.ADDED,
            Change.MODIFIED,
            Change.UNCHANGED,
        ]


class TestBounds:
    def test_more_places_than_allowed_are_left_out_and_said_so(self, layers: Bench) -> None:
        index = layers.index(member(b"a/b/c/d/e", b"12345") + member(b"f", b"x") + END)
        view = ImageView([index], Limits(members=3))
        assert paths(view) == []
        assert [(issue.code, issue.lost_bytes) for issue in view.issues] == [("limit", 5), ("limit", 1)]

    def test_places_that_went_can_be_used_again(self, layers: Bench) -> None:
        turns = [[member(b".wh.d"), member(b"d/%d" % turn), member(b"d/x")] for turn in range(20)]
        indexes = [layers.index(b"".join(members) + END, number) for number, members in enumerate(turns)]
        view = ImageView(indexes, Limits(members=3))
        assert view.issues == ()
        assert paths(view) == ["/d/19", "/d/x"]
