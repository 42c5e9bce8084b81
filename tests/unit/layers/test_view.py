"""Questions to the whole image: versions, the merged file system at any layer, links, bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from forensics.layers import ImageView
from forensics.limits import Limits
from forensics.model.files import Content, Segment
from tests.layer_bytes import END, Bench, bench, folder, hard_link, header, member, pax, symlink


@pytest.fixture
def layers() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def view(layers: Bench) -> ImageView:
    """Three layers with a merged /usr, a file that changes twice and one that comes and goes."""
    return layers.view(
        [
            folder(b"."),
            folder(b"usr"),
            folder(b"usr/bin"),
            member(b"usr/bin/sh", b"shell"),
            symlink(b"bin", b"usr/bin"),
            member(b"etc/conf", b"0"),
            member(b"etc-old", b"x"),
            member(b"tmp/key", b"secret"),
        ],
        [member(b"etc/conf", b"1"), member(b"tmp/.wh.key"), symlink(b"etc/link", b"../bin/sh")],
        [member(b"etc/conf", b"2"), hard_link(b"usr/bin/ash", b"usr/bin/sh")],
    )


class TestVersions:
    def test_all_of_a_path_oldest_first(self, view: ImageView) -> None:
        assert [(found.layer, view.read(found)) for found in view.versions("/etc/conf")] == [
            (0, b"0"),
            (1, b"1"),
            (2, b"2"),
        ]
        assert view.versions("/nowhere") == ()
        assert view.versions("/tmp/.wh.key") == ()

    def test_the_one_seen_at_any_layer(self, view: ImageView) -> None:
        seen = [view.visible("/etc/conf", top) for top in (0, 1, 2, None)]
        assert [found.layer if found else None for found in seen] == [0, 1, 2, 2]
        assert [view.visible("/tmp/key", top) is not None for top in (0, 1, 2, None)] == [
            True,
            False,
            False,
            False,
        ]
        assert view.visible("/etc/link", 0) is None

    def test_of_a_layer_in_path_order(self, view: ImageView) -> None:
        assert [found.path for found in view.in_layer(1)] == ["/etc/conf", "/etc/link"]
        assert [found.path for found in view.in_layer(2)] == ["/etc/conf", "/usr/bin/ash"]
        assert view.in_layer(9) == ()

    def test_removed_by_a_layer(self, view: ImageView) -> None:
        assert [found.path for found in view.removed_by(1)] == ["/tmp/key"]
        assert view.removed_by(0) == view.removed_by(2) == ()

    def test_everything_in_layer_then_path_order(self, view: ImageView) -> None:
        everything = list(view.all_versions())
        assert len(everything) == 8 + 2 + 2
        assert [(found.layer, found.path) for found in everything] == sorted(
            (found.layer, found.path) for found in everything
        )

    def test_by_key(self, view: ImageView) -> None:
        for found in view.all_versions():
            assert view.by_key(found.key) is found
        assert view.by_key((0, 1)) is None
        assert view.by_key((7, 0)) is None

    def test_layers_may_come_in_any_order(self, layers: Bench) -> None:
        first = layers.index(member(b"a", b"0") + END, 0)
        second = layers.index(member(b"a", b"1") + END, 1)
        view = ImageView([second, first])
        assert view.image_layers == (first, second)
        assert [found.layer for found in view.versions("/a")] == [0, 1]

    def test_an_image_without_layers(self) -> None:
        view = ImageView(())
        assert list(view.merged()) == []
        assert list(view.under("/")) == []
        assert view.resolve("/") is None
        assert view.issues == ()


class TestMerged:
    def test_in_path_order(self, view: ImageView) -> None:
        assert [found.path for found in view.merged()] == [
            "/",
            "/bin",
            "/etc-old",
            "/etc/conf",
            "/etc/link",
            "/usr",
            "/usr/bin",
            "/usr/bin/ash",
            "/usr/bin/sh",
        ]
        assert "/tmp/key" in [found.path for found in view.merged(0)]
        assert [found.layer for found in view.merged(1) if found.path == "/etc/conf"] == [1]

    def test_under_a_directory(self, view: ImageView) -> None:
        assert [found.path for found in view.under("/etc")] == ["/etc/conf", "/etc/link"]
        assert [found.path for found in view.under("/etc/")] == ["/etc/conf", "/etc/link"]
        assert [found.path for found in view.under("/etc", 0)] == ["/etc/conf"]
        assert [found.path for found in view.under("/usr")] == ["/usr/bin", "/usr/bin/ash", "/usr/bin/sh"]
        assert list(view.under("/tmp")) == []
        assert [found.path for found in view.under("/tmp", 0)] == ["/tmp/key"]

    def test_under_the_root_is_all_but_the_root(self, view: ImageView) -> None:
        assert [found.path for found in view.under("/")] == [found.path for found in view.merged()][1:]

    def test_under_does_not_follow_links(self, view: ImageView) -> None:
        assert list(view.under("/bin")) == []


class TestLinks:
    @pytest.mark.parametrize(
        ("path", "leads_to"),
        [
            ("/usr/bin/sh", "/usr/bin/sh"),
            ("/bin/sh", "/usr/bin/sh"),
            ("/bin", "/usr/bin"),
            ("/etc/link", "/usr/bin/sh"),
            ("/", "/"),
            ("/bin/../bin/sh", "/usr/bin/sh"),
            ("/bin/..", "/usr"),
            ("//bin/./sh", "/usr/bin/sh"),
            ("/../../bin/sh", "/usr/bin/sh"),
        ],
    )
    def test_resolve(self, path: str, leads_to: str, view: ImageView) -> None:
        found = view.resolve(path)
        assert found is not None
        assert found.path == leads_to

    @pytest.mark.parametrize("path", ["/nowhere", "/bin/nothing", "/etc/conf/x", "/tmp/key"])
    def test_resolve_to_nothing(self, path: str, view: ImageView) -> None:
        assert view.resolve(path) is None

    def test_resolve_at_a_layer(self, view: ImageView) -> None:
        assert view.resolve("/etc/link", 0) is None
        assert view.resolve("/tmp/key", 0) is not None

    @pytest.mark.parametrize(
        ("path", "canonical"),
        [
            ("/bin/sh", "/usr/bin/sh"),
            ("/bin", "/bin"),
            ("/etc/link", "/etc/link"),
            ("/bin/not/there", "/usr/bin/not/there"),
            ("/nowhere/x", "/nowhere/x"),
            ("/", "/"),
        ],
    )
    def test_canonical_keeps_the_last_component(self, path: str, canonical: str, view: ImageView) -> None:
        assert view.canonical(path) == canonical

    def test_a_link_that_a_layer_brings_holds_from_there_on(self, layers: Bench) -> None:
        view = layers.view([member(b"lib/a")], [member(b".wh.lib"), symlink(b"lib", b"usr/lib")])
        assert view.canonical("/lib/a", 0) == "/lib/a"
        assert view.canonical("/lib/a") == "/usr/lib/a"
        assert view.canonical("/lib/a", 0) == "/lib/a"

    def test_links_are_resolved_one_after_the_other(self, layers: Bench) -> None:
        view = layers.view(
            [
                symlink(b"a", b"x/b"),
                symlink(b"x", b"/y"),
                symlink(b"y/b", b"../z/./c/"),
                folder(b"z/c"),
                member(b"z/c/f", b"found"),
            ]
        )
        found = view.resolve("/a/f")
        assert found is not None
        assert found.path == "/z/c/f"
        assert view.canonical("/a/f") == "/z/c/f"

    def test_dots_go_up_from_where_a_link_led(self, layers: Bench) -> None:
        view = layers.view([symlink(b"a", b"b/c"), folder(b"b/c"), member(b"b/f"), member(b"f")])
        found = view.resolve("/a/../f")
        assert found is not None
        assert found.path == "/b/f"

    def test_loops_end(self, layers: Bench) -> None:
        view = layers.view([symlink(b"a", b"b"), symlink(b"b", b"a"), symlink(b"c", b"c/d")])
        for path in ("/a", "/a/x", "/c", "/c/x"):
            assert view.resolve(path) is None
        assert view.canonical("/a/x") == "/a/x"
        assert view.canonical("/c/d/e") == "/c/d/e"

    def test_forty_links_are_followed_and_no_more(self, layers: Bench) -> None:
        chain = [symlink(b"l%d" % number, b"l%d" % (number + 1)) for number in range(50)]
        view = layers.view([*chain, member(b"l50", b"x")])
        assert view.resolve("/l10") is not None
        assert view.resolve("/l9") is None

    def test_a_chain_through_directories_counts_too(self, layers: Bench) -> None:
        chain = [symlink(b"d%d/l" % number, b"../d%d" % (number + 1)) for number in range(50)]
        view = layers.view([*chain, member(b"d41/x", b"x")])
        path = "/d0" + "/l" * 41 + "/x"
        assert view.resolve(path) is None
        assert view.resolve("/d1" + "/l" * 40 + "/x") is not None

    def test_the_limit_can_be_set(self, layers: Bench) -> None:
        view = layers.view(
            [symlink(b"a", b"b"), symlink(b"b", b"c"), member(b"c")], limits=Limits(link_hops=1)
        )
        assert view.resolve("/b") is not None
        assert view.resolve("/a") is None

    def test_links_longer_than_linux_follows_lead_nowhere(self, layers: Bench) -> None:
        long = b"./" * 3000 + b"f"
        view = layers.view([pax((b"linkpath", long)) + symlink(b"a", b"x"), member(b"f")])
        assert view.resolve("/a") is None


class TestBytes:
    def test_read_and_its_bounds(self, layers: Bench) -> None:
        view = layers.view([member(b"a", b"0123456789"), member(b"b", b"behind")])
        found = view.visible("/a")
        assert found is not None
        assert found.content is not None
        assert view.read(found) == view.read(found.content) == b"0123456789"
        assert view.read(found, 3, 4) == b"3456"
        assert view.read(found, 8, 100) == b"89"
        assert (
            view.read(found, 0, 0)
            == view.read(found, 10)
            == view.read(found, 99, 5)
            == view.read(found, -1)
            == b""
        )

    def test_what_has_no_content_has_no_bytes(self, view: ImageView) -> None:
        for path in ("/bin", "/usr"):
            found = view.visible(path)
            assert found is not None
            assert view.read(found) == b""
            assert list(view.pieces(found)) == []

    def test_a_compressed_layer_is_read_from_its_spool(self, layers: Bench) -> None:
        import gzip

        data = os.urandom(100_000)
        view = ImageView([layers.index(gzip.compress(member(b"a", data) + END), lead=b"lead")])
        found = view.visible("/a")
        assert found is not None
        assert view.read(found) == data
        assert view.read(found, 99_990, 100) == data[-10:]

    def test_a_file_that_ends_early_is_read_as_far_as_it_goes(self, layers: Bench) -> None:
        view = ImageView([layers.index(header(b"a", 1000) + b"x" * 600)])
        found = view.visible("/a")
        assert found is not None
        assert view.read(found) == b"x" * 600
        assert view.read(found, 590, 100) == b"x" * 10
        assert view.read(found, 700, 100) == b""

    def test_sparse_files(self, layers: Bench) -> None:
        records = ((b"GNU.sparse.size", b"5000"), (b"GNU.sparse.map", b"10,300,1000,700,4000,1"))
        stored = bytes(range(1, 251)) * 4 + b"\x07"
        view = layers.view([pax(*records) + member(b"a", stored)])
        logical = bytearray(5000)
        logical[10:310], logical[1000:1700], logical[4000:4001] = (
            stored[:300],
            stored[300:1000],
            stored[1000:],
        )
        found = view.visible("/a")
        assert found is not None
        assert view.read(found) == logical
        for offset, length in (
            (0, 5),
            (0, 20),
            (5, 10),
            (300, 800),
            (310, 690),
            (1699, 3),
            (2000, 50),
            (4990, 99),
        ):
            assert view.read(found, offset, length) == logical[offset : offset + length]
        assert b"".join(view.pieces(found, 77)) == logical

    def test_a_sparse_file_that_ends_early(self, layers: Bench) -> None:
        records = ((b"GNU.sparse.size", b"2000"), (b"GNU.sparse.map", b"10,300,1000,700"))
        whole = pax(*records) + member(b"a", b"x" * 1000)
        view = ImageView([layers.index(whole[: 1536 + 400])])
        found = view.visible("/a")
        assert found is not None
        assert view.read(found) == bytes(10) + b"x" * 300 + bytes(690) + b"x" * 100

    def test_a_file_that_is_one_endless_hole_does_not_fill_the_memory(self, layers: Bench) -> None:
        view = layers.view([member(b"x")], limits=Limits(scan_bytes=1000))
        content = Content(0, 512, 1 << 62, (Segment(0, 512, 0),), "")
        assert view.read(content) == bytes(1000)
        assert view.read(content, 1 << 61, 10) == bytes(10)

    def test_pieces_of_a_large_file(self, layers: Bench) -> None:
        data = os.urandom(3_000_000)
        view = layers.view([member(b"a", data)])
        found = view.visible("/a")
        assert found is not None
        pieces = list(view.pieces(found))
        assert (len(pieces), b"".join(pieces)) == (3, data)
