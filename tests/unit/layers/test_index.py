"""Indexing one layer: verification, compression by bytes, names, whiteouts, content digests, damage."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
from collections.abc import Iterator

import pytest
import zstandard

from forensics.cancellation import Cancellation
from forensics.errors import Cancelled
from forensics.layers import ImageView, index_layer
from forensics.limits import KIB, MIB, Limits
from forensics.model.files import Content, Entry, FileKind, LayerIndex
from forensics.model.image import Blob, LayerSource
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
    pax,
    symlink,
)

PACKERS = {
    "": lambda data: data,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


@pytest.fixture
def layers() -> Iterator[Bench]:
    with bench() as made:
        yield made


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def codes(index: LayerIndex) -> list[tuple[str, str, int]]:
    return [(issue.code, issue.subject, issue.lost_bytes) for issue in index.issues]


def one(layers: Bench, data: bytes) -> Entry:
    index = layers.index(data + END)
    assert index.issues == ()
    assert len(index.entries) == 1
    return index.entries[0]


class TestVerification:
    @pytest.mark.parametrize("form", PACKERS)
    def test_digests_of_what_is_stored_and_of_the_tar(self, form: str, layers: Bench) -> None:
        tar = folder(b"a") + member(b"a/b", b"content" * 1000) + END
        stored = PACKERS[form](tar)
        digest, diff_id = f"sha256:{sha256(stored)}", f"sha256:{sha256(tar)}"
        index = layers.index(stored, 3, digest=digest, diff_id=diff_id, lead=b"x" * 4660)
        assert (index.index, index.compression) == (3, form)
        assert (index.digest, index.diff_id) == (digest, diff_id)
        assert (index.digest_agrees, index.diff_id_agrees) == (True, True)
        assert (index.compressed_size, index.size) == (len(stored), len(tar))
        assert os.pread(index.blob.fd, index.blob.size, index.blob.offset) == tar
        assert [entry.path for entry in index.entries] == ["/a", "/a/b"]
        assert index.issues == ()

    def test_a_raw_layer_is_not_copied(self, layers: Bench) -> None:
        data = layers.file(b"lead" + member(b"a") + END)
        spool = layers.file()
        index = index_layer(LayerSource(index=0, name="x", blob=Blob(data, 4, 1536)), spool)
        assert index.blob == Blob(data, 4, 1536)
        assert os.fstat(spool).st_size == 0

    def test_digests_that_do_not_agree(self, layers: Bench) -> None:
        wrong = "sha256:" + "0" * 64
        index = layers.index(gzip.compress(member(b"a") + END), digest=wrong, diff_id=wrong)
        assert (index.digest_agrees, index.diff_id_agrees) == (False, False)
        assert codes(index) == [("digest-mismatch", "layer 0", 0), ("diff-id-mismatch", "layer 0", 0)]
        assert wrong in index.issues[0].message
        assert index.digest in index.issues[0].message

    def test_nothing_declared_is_nothing_to_agree_with(self, layers: Bench) -> None:
        index = layers.index(member(b"a") + END)
        assert (index.digest_agrees, index.diff_id_agrees) == (None, None)
        assert index.digest == index.diff_id == "sha256:" + sha256(member(b"a") + END)

    @pytest.mark.parametrize("pack", [PACKERS[""], PACKERS["gzip"]])
    def test_other_algorithms_are_verified_too(self, pack: object, layers: Bench) -> None:
        tar = member(b"a", b"x") + END
        stored = pack(tar)  # type: ignore[operator]
        digest = "sha512:" + hashlib.sha512(stored).hexdigest()
        diff_id = "sha384:" + hashlib.sha384(tar).hexdigest()
        index = layers.index(stored, digest=digest, diff_id=diff_id)
        assert (index.digest, index.diff_id) == (digest, diff_id)
        assert (index.digest_agrees, index.diff_id_agrees) == (True, True)

    def test_a_digest_of_no_known_form_never_agrees(self, layers: Bench) -> None:
        index = layers.index(member(b"a") + END, digest="md5:\x1b[31m")
        assert index.digest_agrees is False
        assert codes(index) == [("digest-unknown", "layer 0", 0)]
        assert "\x1b" not in index.issues[0].message

    def test_a_layer_that_is_not_there(self, layers: Bench) -> None:
        index = index_layer(LayerSource(index=2, name="gone"), layers.file())
        assert (index.entries, index.digest, index.size) == ((), "", 0)
        assert codes(index) == [("layer-missing", "layer 2", 0)]

    def test_an_empty_tar_and_an_empty_blob(self, layers: Bench) -> None:
        assert layers.index(END).issues == ()
        index = layers.index(b"")
        assert index.diff_id == "sha256:" + sha256(b"")
        assert codes(index) == [("empty-layer", "layer 0", 0)]

    @pytest.mark.parametrize("name", [b"BZh9.txt", b"\xfd7zXZ"])
    def test_a_tar_whose_first_name_looks_like_compression(self, name: bytes, layers: Bench) -> None:
        index = layers.index(member(name, b"x") + END)
        assert (index.compression, len(index.entries)) == ("", 1)
        assert codes(index) == [("ambiguous-layer", "layer 0", 0)]

    def test_what_is_gzip_and_a_tar_is_taken_as_runtimes_take_it(self, layers: Bench) -> None:
        inner = gzip.compress(member(b"inside", b"x") + END)
        field = 512 - 12
        start = inner[:3] + b"\x04" + inner[4:10] + field.to_bytes(2, "little")
        block = bytearray((start + bytes(512))[:512])
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        index = layers.index(bytes(block) + inner[10:])
        assert index.compression == "gzip"
        assert [entry.path for entry in index.entries] == ["/inside"]
        assert codes(index) == [("ambiguous-layer", "layer 0", 0)]

    def test_a_spool_that_was_used_before_is_emptied(self, layers: Bench) -> None:
        tar = member(b"a", b"x") + END
        spool = layers.file(b"old" * 100_000)
        stored = gzip.compress(tar)
        index = index_layer(
            LayerSource(index=0, name="x", blob=Blob(layers.file(stored), 0, len(stored))), spool
        )
        assert os.pread(spool, 1 << 20, 0) == tar
        assert index.blob == Blob(spool, 0, len(tar))


class TestNames:
    @pytest.mark.parametrize(
        ("name", "path", "raw_name"),
        [
            (b"usr/bin/env", "/usr/bin/env", ""),
            (b"./usr/bin/env", "/usr/bin/env", ""),
            (b"/usr/bin/env", "/usr/bin/env", ""),
            (b"usr/bin/", "/usr/bin", ""),
            (b"./usr/bin/", "/usr/bin", ""),
            (b".bashrc", "/.bashrc", ""),
            (b"etc/..rc", "/etc/..rc", ""),
            (b"usr//bin", "/usr/bin", "usr//bin"),
            (b"usr/./bin", "/usr/bin", "usr/./bin"),
            (b"usr/lib/../bin", "/usr/bin", "usr/lib/../bin"),
            (b"//usr", "/usr", ""),
            (b"caf\xe9", "/caf\udce9", ""),
            (b"a\nb\x1b[0m", "/a\nb\x1b[0m", ""),
        ],
    )
    def test_paths_are_absolute_and_plain(self, name: bytes, path: str, raw_name: str, layers: Bench) -> None:
        entry = one(layers, member(name))
        assert (entry.path, entry.raw_name) == (path, raw_name)

    @pytest.mark.parametrize("name", [b".", b"./", b"/", b""])
    def test_the_root(self, name: bytes, layers: Bench) -> None:
        entry = one(layers, folder(name))
        assert (entry.path, entry.kind, entry.raw_name) == ("/", FileKind.DIRECTORY, "")

    @pytest.mark.parametrize(
        ("name", "path"),
        [(b"../etc/passwd", "/etc/passwd"), (b"a/../../b", "/b"), (b"/../..", "/"), (b"../../.", "/")],
    )
    def test_names_that_climb_stay_inside_and_are_reported(
        self, name: bytes, path: str, layers: Bench
    ) -> None:
        index = layers.index(folder(name) + END)
        assert (index.entries[0].path, index.entries[0].raw_name) == (path, name.decode())
        assert codes(index) == [("unsafe-name", f"layer 0:{path}", 0)]

    def test_a_file_with_the_name_of_the_root_is_no_file(self, layers: Bench) -> None:
        index = layers.index(member(b"./", b"data") + END)
        assert index.entries[0].kind is FileKind.OTHER
        assert codes(index) == [("unsafe-name", "layer 0:/", 0)]
        assert [(hidden.kind, hidden.head) for hidden in index.hidden] == [("marker", b"data")]

    def test_links(self, layers: Bench) -> None:
        data = (
            symlink(b"a", b"../x//y/") + hard_link(b"b", b"./usr/../bin/sh") + hard_link(b"c", b"../../etc/x")
        )
        index = layers.index(data + END)
        assert [entry.link for entry in index.entries] == ["../x//y/", "/bin/sh", "/etc/x"]
        assert codes(index) == [("unsafe-name", "layer 0:/c", 0)]

    def test_what_is_shown_of_a_name_is_harmless(self, layers: Bench) -> None:
        index = layers.index(member(b"../\x1b]52;c;x\x07") + END)
        assert index.issues[0].subject == "layer 0:/\\x1b]52;c;x\\x07"

    def test_depth_is_bounded(self, layers: Bench) -> None:
        deep = b"/".join([b"d"] * 5000)
        index = layers.index(pax((b"path", deep)) + member(b"x") + END)
        assert index.entries[0].path == "/" + "/".join("d" * 4096)
        assert [code for code, _, _ in codes(index)] == ["limit"]
        allowed = b"/".join([b"d"] * 4096)
        assert layers.index(pax((b"path", allowed)) + member(b"x") + END).issues == ()


class TestMarkers:
    @pytest.mark.parametrize(
        ("name", "kind", "path"),
        [
            (b".wh.a", FileKind.WHITEOUT, "/a"),
            (b"etc/.wh.passwd", FileKind.WHITEOUT, "/etc/passwd"),
            (b"./etc/.wh..hidden", FileKind.WHITEOUT, "/etc/.hidden"),
            (b"etc/.wh..wh..opq", FileKind.OPAQUE, "/etc"),
            (b".wh..wh..opq", FileKind.OPAQUE, "/"),
            (b".wh..wh.aufs", FileKind.OTHER, "/.wh..wh.aufs"),
            (b".wh..wh.plnk/1.2", FileKind.OTHER, "/.wh..wh.plnk/1.2"),
            (b".wh.a/b", FileKind.REGULAR, "/.wh.a/b"),
            (b"a.wh.b", FileKind.REGULAR, "/a.wh.b"),
        ],
    )
    def test_meaning_of_a_name(self, name: bytes, kind: FileKind, path: str, layers: Bench) -> None:
        entry = one(layers, member(name))
        assert (entry.kind, entry.path) == (kind, path)
        marker = kind in {FileKind.WHITEOUT, FileKind.OPAQUE}
        assert entry.raw_name == (name.decode() if marker else "")

    @pytest.mark.parametrize("name", [b"a/.wh.", b"a/.wh..", b"a/.wh..."])
    def test_a_whiteout_of_nothing_or_of_its_own_directory_is_not_obeyed(
        self, name: bytes, layers: Bench
    ) -> None:
        index = layers.index(member(name) + END)
        assert index.entries[0].kind is FileKind.OTHER
        assert [code for code, _, _ in codes(index)] == ["bad-whiteout"]

    def test_data_in_a_whiteout_is_hidden_and_said_so(self, layers: Bench) -> None:
        index = layers.index(member(b"a/.wh.b", b"payload") + END)
        assert codes(index) == [("hidden-data", "layer 0:/a/b", 0)]
        assert index.entries[0].sha256 == ""
        (hidden,) = index.hidden
        assert (hidden.kind, hidden.name, hidden.member) == ("marker", "!slack@0x200", "/a/.wh.b")
        assert hidden.content == Content(0, 512, 7, (), sha256(b"payload"))

    def test_aufs_keeps_the_targets_of_hard_links_beside_the_files(self, layers: Bench) -> None:
        entry = one(layers, member(b".wh..wh.plnk/1.2", b"data"))
        assert entry.sha256 == sha256(b"data")

    def test_what_aufs_keeps_and_no_link_leads_to_is_hidden(self, layers: Bench) -> None:
        kept = member(b".wh..wh.plnk/1.2", b"data")
        assert layers.index(kept + hard_link(b"x", b".wh..wh.plnk/1.2") + END).hidden == ()
        assert [hidden.head for hidden in layers.index(kept + END).hidden] == [b"data"]


class TestContents:
    def test_every_regular_file_is_hashed(self, layers: Bench) -> None:
        big = os.urandom(9 * MIB + 17)
        data = (
            member(b"empty")
            + member(b"small", b"x")
            + member(b"big", big)
            + symlink(b"l", b"x")
            + folder(b"d")
        )
        index = layers.index(data + END)
        assert [entry.sha256 for entry in index.entries] == [sha256(b""), sha256(b"x"), sha256(big), "", ""]

    def test_the_logical_content_of_sparse_files_is_hashed(self, layers: Bench) -> None:
        records = ((b"GNU.sparse.size", b"200000"), (b"GNU.sparse.map", b"10,3,150000,2"))
        entry = one(layers, pax(*records) + member(b"a", b"abcde"))
        logical = bytes(10) + b"abc" + bytes(150_000 - 13) + b"de" + bytes(200_000 - 150_002)
        assert (entry.size, entry.stored, entry.sha256) == (200_000, 5, sha256(logical))

    def test_holes_cost_no_time_without_end(self, layers: Bench) -> None:
        hole = pax((b"GNU.sparse.size", b"%d" % (1 << 62)), (b"GNU.sparse.map", b"0,3"))
        index = layers.index(hole + member(b"a", b"abc") + END)
        assert (index.entries[0].size, index.entries[0].sha256) == (1 << 62, "")
        assert codes(index) == [("limit", "layer 0:/a", 3)]

    def test_many_holes_cost_no_time_without_end(self, layers: Bench) -> None:
        hole = pax((b"GNU.sparse.size", b"%d" % MIB), (b"GNU.sparse.map", b"0,3")) + member(b"a", b"abc")
        index = layers.index(hole * 20 + END, limits=Limits(scan_bytes=MIB))
        assert [bool(entry.sha256) for entry in index.entries] == [True] * 8 + [False] * 12

    def test_a_file_that_ends_early_is_hashed_as_far_as_it_goes(self, layers: Bench) -> None:
        index = layers.index(header(b"a", 1000) + b"x" * 600)
        assert (index.entries[0].size, index.entries[0].stored) == (1000, 600)
        assert index.entries[0].sha256 == sha256(b"x" * 600)
        assert codes(index) == [("truncated", "layer 0:/a", 400), ("no-end-mark", "layer 0", 0)]

    def test_a_sparse_file_that_ends_early_is_hashed_as_far_as_it_goes(self, layers: Bench) -> None:
        records = ((b"GNU.sparse.size", b"2000"), (b"GNU.sparse.map", b"10,300,1000,700"))
        index = layers.index((pax(*records) + member(b"a", b"x" * 1000))[:1536] + b"y" * 400)
        assert index.entries[0].sha256 == sha256(bytes(10) + b"y" * 300 + bytes(690) + b"y" * 100)

    def test_all_fields(self, layers: Bench) -> None:
        entry = one(
            layers,
            pax((b"SCHILY.xattr.user.x", b"\xff"))
            + member(
                b"dev/x",
                flag=b"4",
                mode=octal(0o60660, 8),
                uid=octal(1, 8),
                gid=octal(6, 8),
                user=b"daemon",
                group=b"disk",
                mtime=base256(-5, 12),
                device=(octal(8, 8), octal(17, 8)),
            ),
        )
        assert (entry.kind, entry.mode, entry.uid, entry.gid) == (FileKind.BLOCK_DEVICE, 0o660, 1, 6)
        assert (entry.user, entry.group, entry.mtime, entry.device) == ("daemon", "disk", -5.0, (8, 17))
        assert entry.xattrs == (("user.x", b"\xff"),)
        assert (entry.header_offset, entry.data_offset) == (0, 1536)


class TestDamage:
    def test_garbage_is_no_tar(self, layers: Bench) -> None:
        index = layers.index(b"not a tar at all " * 100)
        assert (index.entries, index.size) == ((), 1700)
        assert codes(index) == [("not-a-tar", "layer 0", 1700)]

    def test_a_tar_compressed_twice_is_no_tar(self, layers: Bench) -> None:
        inner = gzip.compress(member(b"a") + END)
        index = layers.index(gzip.compress(inner))
        assert codes(index) == [("not-a-tar", "layer 0", len(inner))]

    def test_a_blob_behind_the_end_of_its_file(self, layers: Bench) -> None:
        data = member(b"a", b"x" * 1000)
        source = LayerSource(index=0, name="x", blob=Blob(layers.file(data[:1200]), 0, len(data) + 1024))
        index = index_layer(source, layers.file())
        assert index.blob.size == 1200
        assert codes(index) == [
            ("truncated", "layer 0", len(data) + 1024 - 1200),
            ("truncated", "layer 0:/a", 312),
            ("no-end-mark", "layer 0", 0),
        ]

    def test_a_cut_gzip_layer_keeps_its_first_members(self, layers: Bench) -> None:
        tar = b"".join(member(b"f%d" % number, os.urandom(4096)) for number in range(100)) + END
        stored = gzip.compress(tar)
        index = layers.index(stored[: len(stored) // 2])
        assert 40 <= len(index.entries) <= 60
        assert index.issues[0].code == "truncated"
        assert all(issue.lost_bytes for issue in index.issues if issue.code == "truncated")

    def test_data_behind_a_gzip_layer(self, layers: Bench) -> None:
        stored = gzip.compress(member(b"a") + END)
        index = layers.index(stored + b"hidden")
        assert codes(index) == [("trailing-data", "layer 0", 0)]
        (hidden,) = index.hidden
        assert (hidden.offset, hidden.subject) == (
            len(stored),
            f"layer 0!behind-compression@{len(stored):#x}",
        )
        assert ImageView([index]).read(hidden.content) == b"hidden"
        assert index.size == 512 + len(END)

    def test_what_stands_in_headers_of_the_compression(self, layers: Bench) -> None:
        packed = gzip.compress(member(b"a") + END)
        commented = packed[:3] + b"\x10" + packed[4:10] + b"c" * 300 + b"\0" + packed[10:]
        (hidden,) = layers.index(commented).hidden
        assert (hidden.kind, hidden.offset) == ("compression-header", 10)
        assert ImageView([layers.index(commented)]).read(hidden.content) == b"c" * 300 + b"\0"

    def test_short_notes_of_many_streams_are_read_as_one(self, layers: Bench) -> None:
        packed, empty = gzip.compress(member(b"a") + END), gzip.compress(b"")
        pieces = [b"piece %03d, " % number * 9 for number in range(300)]
        noted = [empty[:3] + b"\x10" + empty[4:10] + piece + b"\0" + empty[10:] for piece in pieces]
        index = layers.index(packed + b"".join(noted))
        (hidden,) = index.hidden
        assert (hidden.kind, len(hidden.runs)) == ("compression-header", 300)
        assert hidden.runs[1] == (len(packed) + len(noted[0]) + 10, len(pieces[1]) + 1)
        assert ImageView([index]).read(hidden.content) == b"".join(piece + b"\0" for piece in pieces)

    def test_compressed_data_behind_its_damage(self, layers: Bench) -> None:
        packed = gzip.compress(member(b"a") + END)
        stored = packed + packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:] + b"hidden" * 9
        index = layers.index(stored)
        (hidden,) = [one for one in index.hidden if one.content.layer != 0]
        assert (hidden.kind, hidden.name) == ("damaged", f"!damaged@{hidden.offset:#x}")
        assert ImageView([index]).read(hidden.content).endswith(b"hidden" * 9)

    def test_runs_with_little_room_are_read_as_one(self, layers: Bench) -> None:
        one = header(b"a", 1) + b"x" + b"first" + bytes(506)
        two = header(b"b", 1) + b"x" + b"second" + bytes(505)
        index = layers.index(one + two + END)
        (hidden,) = index.hidden
        assert hidden.runs == ((513, 5), (1537, 6))
        assert (hidden.kind, hidden.head) == ("padding", b"firstsecond")
        assert ImageView([index]).read(hidden.content) == b"firstsecond"
        assert hidden.content.sha256 == sha256(b"firstsecond")

    def test_issues_of_one_kind_are_summed_up(self, layers: Bench) -> None:
        index = layers.index(b"".join(member(b"../%d" % number) for number in range(250)) + END)
        assert len(index.entries) == 250
        assert len(index.issues) == 101
        assert index.issues[-1].message == "150 more of the same"

    def test_the_sum_of_issues_keeps_the_bytes(self, layers: Bench) -> None:
        bad = b"".join(header(b"a%d" % number, b"9" * 11 + b"\0") for number in range(1))
        index = layers.index(b"".join(member(b".wh.%d" % number, b"abc") for number in range(250)) + bad)
        assert sum(issue.lost_bytes for issue in index.issues) == 512

    def test_a_mass_of_hidden_runs_is_kept_whole(self, layers: Bench) -> None:
        index = layers.index(b"".join(member(b".wh.%d" % number, b"abc") for number in range(300)) + END)
        assert sum(hidden.content.size for hidden in index.hidden) == 900
        assert len(index.hidden) == 257


class TestConduct:
    @pytest.mark.parametrize("form", ["", "gzip"])
    def test_progress_never_goes_back_and_ends_at_the_whole(self, form: str, layers: Bench) -> None:
        tar = b"".join(member(b"%d" % number, os.urandom(256 * KIB)) for number in range(40)) + END
        stored = PACKERS[form](tar)
        seen: list[tuple[int, int]] = []
        source = LayerSource(index=0, name="x", blob=Blob(layers.file(stored), 0, len(stored)))
        index_layer(source, layers.file(), on_progress=lambda done, total: seen.append((done, total)))
        done = [at for at, _ in seen]
        assert done == sorted(done)
        assert seen[-1] == (len(stored), len(stored))
        assert len(set(done)) >= 3

    @pytest.mark.parametrize("form", ["", "gzip"])
    def test_cancelling(self, form: str, layers: Bench) -> None:
        stored = PACKERS[form](member(b"a", bytes(6 * MIB)) + member(b"b") + END)
        cancel = Cancellation()
        cancel.cancel()
        source = LayerSource(index=0, name="x", blob=Blob(layers.file(stored), 0, len(stored)))
        with pytest.raises(Cancelled):
            index_layer(source, layers.file(), cancel=cancel)

    def test_two_runs_are_equal(self, layers: Bench) -> None:
        data = folder(b"a") + member(b"a/../../b", b"x") + member(b".wh.c", b"d")
        first, second = layers.index(data + END), layers.index(data + END)
        assert first.entries == second.entries
        assert first.issues == second.issues
