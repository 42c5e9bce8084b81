"""Layers made to crash, to hang, to fill the memory or to hide: nothing raises, each lost byte is said."""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Iterator

import pytest

from forensics.layers import ImageView, pack_index, unpack_index
from forensics.limits import MIB, Limits
from forensics.model.files import FileKind, FileState, LayerIndex
from tests.layer_bytes import (
    END,
    Bench,
    base256,
    bench,
    folder,
    hard_link,
    header,
    member,
    octal,
    padded,
    pax,
    record,
    symlink,
)

SECONDS = 20
"""Generous for a loaded machine, yet hours short of what quadratic work on these inputs would take."""


@pytest.fixture
def layers() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def in_time() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS


def sample() -> bytes:
    """A tar with one of everything."""
    sparse = ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.realsize", b"5000"))
    mapped = b"2\n10\n3\n4000\n2\n".ljust(512, b"\0") + b"abcde"
    return b"".join(
        [
            pax((b"comment", b"made by hand"), flag=b"g"),
            folder(b"usr/"),
            member(b"usr/file", bytes(range(1, 250)) * 7),
            member(b"././@LongLink", b"usr/" + b"long" * 40 + b"\0", b"L"),
            member(b"usr/longlong", b"x" * 513),
            pax((b"path", b"usr/caf\xe9"), (b"SCHILY.xattr.user.a", b"\1\n=\2")),
            member(b"usr/cafe", b"y" * 511),
            pax(*sparse),
            member(b"usr/sparse", mapped),
            symlink(b"usr/link", b"file"),
            hard_link(b"usr/hard", b"usr/file"),
            member(b"usr/.wh.gone"),
            member(b"usr/zeros", bytes(1000)),
            END,
        ]
    )


def check(index: LayerIndex) -> ImageView:
    """What must hold for any layer whatsoever: it can be sent, overlaid and read."""
    assert unpack_index(pack_index(index), index.blob.fd) == index
    view = ImageView([index])
    for version in view.all_versions():
        assert version.path.startswith("/")
        if version.content is not None and version.content.size < 100 * MIB:
            assert len(view.read(version)) <= version.content.size
        view.resolve(version.path)
        view.canonical(version.path)
    for issue in (*index.issues, *view.issues):
        assert issue.lost_bytes >= 0
        assert issue.subject.isprintable()
        assert issue.message.isprintable()
    return view


def lost(index: LayerIndex) -> int:
    return sum(issue.lost_bytes for issue in index.issues)


class TestCuts:
    def test_at_every_block_and_at_random_bytes(self, layers: Bench) -> None:
        data = sample()
        whole = layers.index(data).entries
        chance = random.Random(7)
        for cut in [*range(0, len(data), 512), *(chance.randrange(len(data)) for _ in range(120))]:
            index = layers.index(data[:cut])
            check(index)
            complete = [
                entry for entry in whole if self.end_of(entry.data_offset, entry.size, entry.kind) <= cut
            ]
            assert list(index.entries[: len(complete)]) == complete
            covered = max(
                [1024 if cut >= 600 else 0, *(entry.data_offset + entry.stored for entry in index.entries)]
            )
            if data[covered:cut].strip(b"\0"):
                assert lost(index) > 0
            elif cut < len(data) - 1024:
                assert index.issues

    def end_of(self, start: int, size: int, kind: FileKind) -> int:
        stored = 5 if size == 5000 else size
        return start + (stored if kind is FileKind.REGULAR else 0)

    def test_of_a_compressed_layer(self, layers: Bench) -> None:
        stored = gzip.compress(sample())
        for cut in range(3, len(stored), 7):
            index = layers.index(stored[:cut])
            check(index)
            assert lost(index) > 0

    def test_damage_at_every_header_byte(self, layers: Bench) -> None:
        data = sample()
        for position in range(2048, 2560):
            for value in (0, 0x41, 0x80, 0xFF):
                damaged = bytearray(data)
                damaged[position] = value
                check(layers.index(bytes(damaged)))
                layers.close()

    def test_damage_with_a_checksum_that_agrees(self, layers: Bench) -> None:
        chance = random.Random(8)
        for _ in range(400):
            fields = bytearray(header(b"name", 0, b"0", prefix=b"p"))
            for _ in range(3):
                fields[
                    chance.choice([*range(100, 148), *range(156, 160), *range(257, 265), *range(329, 512)])
                ] = chance.randrange(256)
            fields[148:156] = b" " * 8
            fields[148:156] = b"%06o\0 " % sum(fields)
            check(layers.index(member(b"a", b"x") + bytes(fields) + member(b"b", b"y") + END))
            layers.close()


class TestLies:
    @pytest.mark.parametrize("flag", [b"0", b"S", b"x", b"g", b"L", b"K", b"Z"])
    @pytest.mark.parametrize("size", [(1 << 63) - 1, -1, -(1 << 63), 8**11 - 1], ids=hex)
    def test_sizes_beyond_everything(self, flag: bytes, size: int, layers: Bench) -> None:
        told = octal(size, 12) if 0 <= size < 8**11 else base256(size, 12)
        index = layers.index(member(b"first", b"1") + header(b"liar", told, flag) + b"x" * 700)
        check(index)
        assert index.entries[0].path == "/first"
        assert lost(index) > 0

    @pytest.mark.parametrize(
        "keyword", [b"size", b"GNU.sparse.size", b"GNU.sparse.realsize", b"uid", b"mtime"]
    )
    @pytest.mark.parametrize(
        "value", [b"9" * 19, b"9" * 4000, b"-1", b"1e400", b"nan", b"\xff", b"0x10", b" 5"]
    )
    def test_pax_numbers_beyond_everything(self, keyword: bytes, value: bytes, layers: Bench) -> None:
        records = ((keyword, value), (b"GNU.sparse.map", b"0,1"), (b"GNU.sparse.numblocks", b"1"))
        check(layers.index(pax(*records) + member(b"a", b"12345") + END))

    def test_a_sparse_map_that_points_into_other_members(self, layers: Bench) -> None:
        secret = member(b"secret", b"s" * 512)
        records = ((b"GNU.sparse.size", b"4096"), (b"GNU.sparse.map", b"0,4096"))
        index = layers.index(pax(*records) + member(b"a", b"x") + secret + END)
        view = check(index)
        found = view.visible("/a")
        assert found is not None
        assert view.read(found) == b"x"

    def test_a_sparse_map_without_end(self, layers: Bench) -> None:
        prefix = bytes(41) + bytes(96) + b"\x01" + octal(100, 12)
        first = header(b"a", 0, b"S", magic=b"ustar  \0", prefix=prefix[:155], trailer=prefix[155:])
        endless = (octal(0, 12) * 42 + b"\x01").ljust(512, b"\0")
        check(layers.index(first + endless * 3000 + END, limits=Limits(header_bytes=MIB)))
        check(layers.index(first + endless * 3000))

    def test_names_that_attack_a_terminal(self, layers: Bench) -> None:
        names = [
            b"\x1b]52;c;cm0gLXJm\x07",
            b"a\nb",
            b"[/foo]",
            b"\xe2\x80\xaegpj",
            b"\xc2\x9b31m",
            b"\xff\xfe",
        ]
        data = b"".join(member(b"../" + name) + hard_link(name + b"2", b"gone" + name) for name in names)
        index = layers.index(data + END, digest="\x1b[2J")
        view = check(index)
        assert len(index.entries) == 12
        assert len(view.issues) == 6

    def test_names_with_a_nul_are_kept_exactly(self, layers: Bench) -> None:
        index = layers.index(pax((b"path", b"a\0b")) + member(b"x", b"1") + END)
        assert index.entries[0].path == "/a\0b"
        check(index)

    def test_data_that_hides_behind_the_end_or_in_markers_is_counted(self, layers: Bench) -> None:
        hidden = member(b"evil", b"payload")
        data = member(b".wh.x", b"1234") + member(b"odd", b"56", b"Z") + END + hidden
        index = layers.index(data)
        assert lost(index) == 0
        assert sum(one.content.size for one in index.hidden) == 4 + 2 + 512 + len(b"payload")


@pytest.mark.usefixtures("in_time")
class TestMasses:
    def test_many_members_keep_their_order_and_number(self, layers: Bench) -> None:
        data = b"".join(member(b"d%d/f%d" % (number % 100, number), b"x") for number in range(20_000)) + END
        index = layers.index(data)
        view = ImageView([unpack_index(pack_index(index), index.blob.fd)])
        assert sum(1 for _ in view.merged()) == 20_000
        assert sum(1 for _ in view.under("/d7")) == 200
        assert lost(layers.index(data, limits=Limits(members=5000))) == len(data) - 5000 * 1024

    def test_a_giant_extended_header(self, layers: Bench) -> None:
        attributes = b"".join(record(b"SCHILY.xattr.user.%d" % number, b"v") for number in range(200_000))
        assert len(attributes) > 4 * MIB
        giant = header(b"x", len(attributes), b"x") + padded(attributes)
        index = layers.index(giant + member(b"a", b"1") + END)
        assert [entry.path for entry in index.entries] == ["/a"]
        assert len(index.entries[0].xattrs) < 10_000
        assert lost(index) > 100_000
        too_big = header(b"x", 9 * MIB, b"x") + bytes(9 * MIB)
        index = layers.index(too_big + member(b"a", b"1") + END)
        assert [(issue.code, issue.lost_bytes) for issue in index.issues] == [("limit", 9 * MIB)]

    def test_a_giant_global_header_is_not_paid_for_with_every_member(self, layers: Bench) -> None:
        records = b"".join(record(b"key.%d" % number, b"v") for number in range(200_000))
        records += record(b"path", b"p" * MIB) + record(b"uname", b"u" * MIB) + record(b"gname", b"g")
        data = header(b"x", len(records), b"g") + padded(records) + member(b"a", b"1") * 5000
        index = layers.index(data + END)
        assert {(entry.path, entry.user, entry.group) for entry in index.entries} == {("/a", "", "")}
        assert [issue.code for issue in index.issues] == ["global-header"]

    def test_extended_headers_without_end(self, layers: Bench) -> None:
        data = pax((b"path", b"n")) * 20_000 + member(b"a", b"1") + END
        index = layers.index(data)
        assert [entry.path for entry in index.entries] == ["/n"]
        assert len(index.issues) <= 202

    def test_one_path_again_and_again(self, layers: Bench) -> None:
        index = layers.index(member(b"a", b"1") * 20_000 + END)
        view = ImageView([index])
        assert len(view.versions("/a")) == 20_000
        assert [version.entry.header_offset for version in view.merged()] == [19_999 * 1024]

    def test_one_file_that_is_a_folder_again_and_again(self, layers: Bench) -> None:
        turn = member(b"a/b/c", b"1") + member(b"a", b"2")
        view = check(layers.index(turn * 4000 + END))
        assert [version.path for version in view.merged()] == ["/a"]

    def test_deep_paths(self, layers: Bench) -> None:
        deep = ["d" * (1 + number % 3) for number in range(2000)]
        names = ["/".join(deep[:length]).encode() for length in range(1, 2001)]
        data = b"".join(pax((b"path", name)) + folder(b"x") for name in names)
        data += pax((b"path", names[-1] + b"/f"), (b"mtime", b"1")) + member(b"x", b"deep")
        data += pax((b"path", names[-1][: len(names[-1]) // 2].rpartition(b"/")[0] + b"/l")) + symlink(
            b"x", b"/"
        )
        index = layers.index(data + END)
        view = check(index)
        found = view.visible("/" + names[-1].decode() + "/f")
        assert found is not None
        assert view.read(found) == b"deep"
        assert sum(1 for _ in view.under("/d")) == 2001
        gone = ImageView([index, layers.index(member(b".wh.d") + END, 1)])
        assert list(gone.merged()) == []

    def test_names_of_many_folders_do_not_fill_the_memory(self, layers: Bench) -> None:
        names = [b"%d/" % number + b"d/" * 4000 + b"f" for number in range(60)]
        data = b"".join(pax((b"path", name)) + member(b"x", b"1") for name in names) + END
        view = ImageView([layers.index(data)], Limits(members=100_000))
        assert [issue.code for issue in view.issues] == ["limit"] * 36
        assert sum(1 for _ in view.merged()) == 24

    def test_whiteouts_of_the_same_tree_in_many_layers(self, layers: Bench) -> None:
        tree = b"".join(member(b"a/%d/f" % number) for number in range(3000))
        nested = b"".join(
            member(b"a/%d/.wh.f" % number) + member(b"a/.wh.%d" % number) for number in range(3000)
        )
        indexes = [
            layers.index((tree if number == 0 else nested) + member(b".wh.a") + END, number)
            for number in range(8)
        ]
        view = ImageView(indexes)
        assert list(view.merged()) == []
        assert [len(view.removed_by(number)) for number in range(8)] == [0, 3000, *[0] * 6]

    def test_a_chain_of_hard_links_to_nothing(self, layers: Bench) -> None:
        chain = b"".join(hard_link(b"l%d" % number, b"l%d" % (number + 1)) for number in range(20_000))
        view = check(layers.index(chain + END))
        assert all(version.content is None for version in view.all_versions())
        assert len(view.issues) == 101

    def test_a_chain_of_hard_links_to_a_file_at_its_end(self, layers: Bench) -> None:
        chain = b"".join(hard_link(b"l%d" % number, b"l%d" % (number + 1)) for number in range(20_000))
        view = ImageView([layers.index(chain + member(b"l20000", b"found") + END)])
        assert {version.sha256 for version in view.all_versions()} == {view.versions("/l20000")[0].sha256}

    def test_members_below_links_that_go_round(self, layers: Bench) -> None:
        long = b"/".join([b"a"] * 2000)
        data = pax((b"linkpath", long)) + symlink(b"a", b"x")
        data += b"".join(member(b"a/%d" % number, b"1") for number in range(2000))
        view = check(layers.index(data + END))
        assert sum(1 for _ in view.merged()) == 2000

    def test_links_to_links_that_double(self, layers: Bench) -> None:
        bomb = [symlink(b"l0", b"x")]
        bomb += [
            symlink(b"l%d" % number, b"l%d/../l%d" % (number - 1, number - 1)) for number in range(1, 60)
        ]
        view = check(layers.index(b"".join(bomb) + END))
        assert view.resolve("/l59") is None
        assert view.canonical("/l59/x") == "/l59/x"

    def test_many_runs_of_a_sparse_file(self, layers: Bench) -> None:
        runs = b",".join(b"%d,1" % (2 * number) for number in range(100_000))
        data = (
            pax((b"GNU.sparse.size", b"200000"), (b"GNU.sparse.map", runs))
            + member(b"a", b"x" * 100_000)
            + END
        )
        view = ImageView([layers.index(data)])
        found = view.visible("/a")
        assert found is not None
        assert view.read(found) == b"x\0" * 100_000
        assert b"".join(view.pieces(found, 4096)) == b"x\0" * 100_000

    def test_zeros_without_end(self, layers: Bench) -> None:
        index = layers.index(gzip.compress(member(b"a", b"1") + bytes(100 * MIB), 1))
        assert index.issues == ()
        assert index.size == 100 * MIB + 1024

    def test_a_layer_that_grows_without_measure(self, layers: Bench) -> None:
        limits = Limits(ratio_free_bytes=MIB, compression_ratio=50)
        index = layers.index(gzip.compress(member(b"a", bytes(80 * MIB)) + END), limits=limits)
        assert index.size < 10 * MIB
        assert [issue.code for issue in index.issues][:2] == ["limit", "truncated"]
        assert index.entries[0].size == 80 * MIB

    def test_every_layer_removes_what_the_one_below_brought(self, layers: Bench) -> None:
        indexes = [
            layers.index(
                b"".join(member(b"d/%d-%d" % (number, file)) for file in range(200))
                + member(b"d/.wh..wh..opq")
                + END,
                number,
            )
            for number in range(40)
        ]
        view = ImageView(indexes)
        assert sum(1 for _ in view.merged()) == 200
        states = [version.state for version in view.all_versions()]
        assert states.count(FileState.DELETED) == 39 * 200
