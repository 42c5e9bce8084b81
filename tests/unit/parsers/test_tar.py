"""The tar walker against headers made by hand, one behaviour a test."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.limits import Limits
from forensics.model.files import FileKind, Segment
from forensics.parsers.tar import Member, TarWalk, is_tar_header
from tests.layer_bytes import END, base256, folder, hard_link, header, member, octal, pax, record, symlink

MOST = (1 << 63) - 1


def walk(data: bytes, limits: Limits | None = None) -> tuple[list[Member], TarWalk]:
    walked = TarWalk(data, limits or Limits())
    return list(walked), walked


def only(data: bytes) -> Member:
    members, walked = walk(data + END)
    assert walked.notes == []
    assert len(members) == 1
    return members[0]


def codes(walked: TarWalk) -> list[tuple[str, int]]:
    return [(note.code, note.lost) for note in walked.notes]


def runs(walked: TarWalk) -> list[tuple[str, int, int]]:
    return [(run.kind, run.offset, run.size) for run in walked.slack.runs]


class TestKinds:
    @pytest.mark.parametrize(
        ("flag", "kind"),
        [
            (b"0", FileKind.REGULAR),
            (b"\0", FileKind.REGULAR),
            (b"7", FileKind.REGULAR),
            (b"1", FileKind.HARDLINK),
            (b"2", FileKind.SYMLINK),
            (b"3", FileKind.CHAR_DEVICE),
            (b"4", FileKind.BLOCK_DEVICE),
            (b"5", FileKind.DIRECTORY),
            (b"6", FileKind.FIFO),
        ],
    )
    def test_every_type_flag_of_posix(self, flag: bytes, kind: FileKind) -> None:
        assert only(member(b"a", flag=flag)).kind is kind

    def test_v7_says_directory_by_a_trailing_slash(self) -> None:
        assert only(member(b"a/", flag=b"\0", magic=bytes(8))).kind is FileKind.DIRECTORY
        assert only(member(b"a/", flag=b"0")).kind is FileKind.REGULAR

    def test_a_folder_by_its_name_has_no_data_in_which_members_could_hide(self) -> None:
        inner = member(b"usr/bin/evil", b"EVIL")
        members, walked = walk(header(b"opt/", len(inner), b"\0") + inner + END)
        assert [(found.name, found.kind) for found in members] == [
            (b"opt/", FileKind.DIRECTORY),
            (b"usr/bin/evil", FileKind.REGULAR),
        ]
        assert codes(walked) == [("folder-with-data", 0)]

    def test_an_unknown_type_is_kept_and_its_data_told(self) -> None:
        members, walked = walk(member(b"a", b"12345", b"Z") + member(b"b", b"x") + END)
        assert [(found.name, found.kind) for found in members] == [
            (b"a", FileKind.OTHER),
            (b"b", FileKind.REGULAR),
        ]
        assert codes(walked) == [("unknown-type", 0)]
        assert runs(walked) == [("unknown-type", 512, 5)]
        assert walked.notes[0].name == b"a"

    def test_device_numbers(self) -> None:
        found = only(member(b"null", flag=b"3", device=(octal(1, 8), octal(3, 8))))
        assert found.device == (1, 3)
        assert only(member(b"a", device=(octal(1, 8), octal(3, 8)))).device is None


class TestFields:
    def test_a_plain_member(self) -> None:
        data = member(
            b"usr/bin/env",
            b"hello",
            mode=b"0104755\0",
            uid=octal(1000, 8),
            gid=octal(100, 8),
            mtime=octal(1_700_000_000, 12),
            user=b"root",
            group=b"users",
        )
        assert only(folder(b"x")).data_offset == 512
        members, _ = walk(folder(b"x") + data + END)
        found = members[1]
        assert (found.name, found.size, found.stored) == (b"usr/bin/env", 5, 5)
        assert (found.mode, found.uid, found.gid) == (0o4755, 1000, 100)
        assert (found.user, found.group, found.mtime) == ("root", "users", 1_700_000_000.0)
        assert (found.header_offset, found.data_offset) == (512, 1024)

    def test_a_name_of_100_bytes_has_no_nul(self) -> None:
        assert only(member(b"n" * 100)).name == b"n" * 100

    def test_prefix_of_ustar(self) -> None:
        assert only(member(b"name", prefix=b"some/where")).name == b"some/where/name"

    def test_prefix_of_star_is_shorter_because_times_follow_it(self) -> None:
        prefix = b"p" * 131 + octal(1, 12) + octal(2, 12)
        assert only(member(b"name", prefix=prefix, trailer=b"tar\0")).name == b"p" * 131 + b"/name"

    def test_gnu_headers_have_times_where_ustar_has_the_prefix(self) -> None:
        prefix = octal(1_700_000_000, 12) + octal(1_700_000_001, 12)
        assert only(member(b"name", magic=b"ustar  \0", prefix=prefix)).name == b"name"

    def test_a_prefix_in_a_gnu_header_is_one_where_go_sees_one(self) -> None:
        gnu = b"ustar  \0"
        assert only(member(b"evil", magic=gnu, prefix=b"7 d")).name == b"7 d/evil"
        assert only(member(b"evil", magic=gnu, prefix="\u00e9x/usr/bin".encode())).name == b"evil"
        assert only(member(b"evil", magic=gnu, prefix=b" 17\0")).name == b"evil"

    def test_gnu_headers_of_old_go_writers_have_a_prefix_nevertheless(self) -> None:
        found = only(member(b"name", magic=b"ustar  \0", prefix=b"long/path/of/a/go/program"))
        assert found.name == b"long/path/of/a/go/program/name"

    def test_v7_has_neither_prefix_nor_owners(self) -> None:
        found = only(member(b"name", magic=bytes(8), prefix=b"p", user=b"root"))
        assert (found.name, found.user) == (b"name", "")

    def test_names_that_are_not_utf8_stay_exact(self) -> None:
        found = only(member(b"caf\xe9", user=b"\xff"))
        assert found.name == b"caf\xe9"
        assert found.user == "\udcff"

    def test_numbers_padded_with_spaces(self) -> None:
        found = only(member(b"a", mode=b"   755 \0", uid=b"     7 \0", gid=b"      10"))
        assert (found.mode, found.uid, found.gid) == (0o755, 7, 8)

    @pytest.mark.parametrize("value", [0, 1, 8**11, MOST, -1, -MOST - 1])
    def test_base256_times(self, value: int) -> None:
        assert only(member(b"a", mtime=base256(value, 12))).mtime == float(value)

    @pytest.mark.parametrize("value", [0, 2**21, 2**31, 2**55 - 1, -2])
    def test_base256_owners(self, value: int) -> None:
        assert only(member(b"a", uid=base256(value, 8))).uid == value

    def test_base256_size(self) -> None:
        found = only(header(b"a", base256(5, 12)) + b"12345".ljust(512, b"\0"))
        assert (found.size, found.stored) == (5, 5)

    @pytest.mark.parametrize("bad", [b"0000_1\0\0", b"zzzzzzz\0", b"-000001\0", b"0x00001\0", b"0000008\0"])
    def test_a_number_that_is_none_counts_as_zero_and_is_noted(self, bad: bytes) -> None:
        members, walked = walk(member(b"a", uid=bad, gid=octal(5, 8)) + END)
        assert [(found.uid, found.gid) for found in members] == [(0, 5)]
        assert codes(walked) == [("bad-number", 0)]


class TestChecksums:
    def test_the_sum_of_signed_bytes_is_accepted(self) -> None:
        def signed(block: bytes) -> bytes:
            return b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in block)

        assert only(member(b"caf\xe9" * 9, checksum=signed)).name == b"caf\xe9" * 9

    def test_any_other_sum_is_not(self) -> None:
        for wrong in (1, -1, 65521, 256):
            bad = member(b"a", checksum=lambda block, wrong=wrong: b"%06o\0 " % abs(sum(block) + wrong))
            members, walked = walk(folder(b"x") + bad + END)
            assert len(members) == 1
            assert codes(walked) == [("bad-header", len(bad + END))]

    def test_a_header_of_all_ones_has_an_exact_sum(self) -> None:
        block = header(
            b"\xff" * 100, link=b"\xff" * 100, user=b"\xff" * 32, group=b"\xff" * 32, prefix=b"\xff" * 155
        )
        assert is_tar_header(block)
        assert not is_tar_header(block[:511])
        assert not is_tar_header(bytes(512))
        assert not is_tar_header(block[:-1] + b"\x01")


class TestExtendedHeaders:
    def test_gnu_long_name_and_link(self) -> None:
        long, target = b"d/" * 200 + b"name", b"t/" * 200 + b"target"
        data = member(b"././@LongLink", long + b"\0", b"L") + member(b"././@LongLink", target + b"\0", b"K")
        members, walked = walk(folder(b"x") + data + symlink(b"cut", b"cut") + END)
        assert (members[1].name, members[1].link) == (long, target)
        assert members[1].header_offset == 512
        assert walked.notes == []

    def test_pax_records(self) -> None:
        found = only(
            pax(
                (b"path", "ü/n".encode()),
                (b"linkpath", b"to"),
                (b"uid", b"3000000000"),
                (b"gid", b"4000000000"),
                (b"uname", "ä".encode()),
                (b"gname", b"g"),
                (b"mtime", b"1700000000.25"),
                (b"comment", b"ignored"),
            )
            + symlink(b"short", b"cut")
        )
        assert (found.name, found.link) == ("ü/n".encode(), b"to")
        assert (found.uid, found.gid, found.user, found.group) == (3_000_000_000, 4_000_000_000, "ä", "g")
        assert found.mtime == 1_700_000_000.25

    def test_pax_size_wins_over_the_header(self) -> None:
        data = pax((b"size", b"600")) + header(b"a", 0) + bytes(1024) + member(b"b", b"x") + END
        members, walked = walk(data)
        assert [(found.name, found.size) for found in members] == [(b"a", 600), (b"b", 1)]
        assert walked.notes == []

    def test_pax_times_before_the_epoch(self) -> None:
        assert only(pax((b"mtime", b"-1.5")) + member(b"a")).mtime == -1.5

    def test_a_pax_value_may_hold_equals_signs_and_newlines(self) -> None:
        assert only(pax((b"path", b"a=b\nc")) + member(b"x")).name == b"a=b\nc"

    def test_hdrcharset_binary_keeps_the_bytes(self) -> None:
        found = only(pax((b"hdrcharset", b"BINARY"), (b"path", b"caf\xe9")) + member(b"x"))
        assert found.name == b"caf\xe9"

    def test_extended_attributes_of_star_and_libarchive(self) -> None:
        capability = bytes.fromhex("0100000200040000000000000000000000000000")
        found = only(
            pax(
                (b"SCHILY.xattr.security.capability", capability),
                (b"LIBARCHIVE.xattr.user.%c3%bc", b"aGk"),
                (b"LIBARCHIVE.xattr.security.capability", b"AAAA"),
                (b"SCHILY.xattr.user.empty", b""),
            )
            + member(b"ping")
        )
        assert found.xattrs == (("security.capability", capability), ("user.empty", b""), ("user.ü", b"hi"))

    def test_a_global_header_is_told_of_and_not_obeyed_as_in_container_runtimes(self) -> None:
        swallowed = member(b"usr/bin/evil", b"EVIL")
        data = (
            pax((b"size", b"%d" % (512 + len(swallowed))), (b"path", b"usr/share/doc/x"), flag=b"g")
            + member(b"a", b"1")
            + swallowed
            + END
        )
        members, walked = walk(data)
        assert [(found.name, found.size) for found in members] == [(b"a", 1), (b"usr/bin/evil", 4)]
        assert codes(walked) == [("global-header", 0)]
        assert "path, size" in walked.notes[0].message

    def test_a_global_header_parts_an_extended_header_from_its_member_as_in_go(self) -> None:
        data = pax((b"path", b"other")) + pax((b"comment", b"c"), flag=b"g") + member(b"x") + END
        members, walked = walk(data)
        assert [found.name for found in members] == [b"x"]
        assert codes(walked) == [("orphan-header", 0)]
        assert runs(walked) == [("record", 512, 14)]

    def test_a_global_comment_as_git_writes_it_is_not_odd(self) -> None:
        data = pax((b"comment", b"1" * 40), flag=b"g") + member(b"a") + END
        members, walked = walk(data)
        assert [found.header_offset for found in members] == [1024]
        assert walked.notes == []

    def test_the_last_of_two_extended_headers_counts_as_in_go(self) -> None:
        data = pax((b"path", b"one"), (b"uname", b"u")) + pax((b"path", b"two")) + member(b"x") + END
        members, walked = walk(data)
        assert [(found.name, found.user) for found in members] == [(b"two", "")]
        assert codes(walked) == [("repeated-header", 0)]
        assert runs(walked) == [("record", 512, 23)]

    def test_a_sparse_name_counts_only_for_a_sparse_member(self) -> None:
        assert (
            only(pax((b"GNU.sparse.name", b"usr/share/doc/x")) + member(b"usr/bin/evil")).name
            == b"usr/bin/evil"
        )
        sparse = pax(
            (b"GNU.sparse.size", b"8"), (b"GNU.sparse.name", b"usr/bin/evil"), (b"GNU.sparse.map", b"0,4")
        )
        long_name = member(b"././@LongLink", b"usr/share/doc/x\0", b"L")
        assert only(long_name + sparse + member(b"b", b"data")).name == b"usr/bin/evil"

    def test_gnu_names_win_over_pax_names(self) -> None:
        data = member(b"././@LongLink", b"gnu\0", b"L") + pax((b"path", b"pax")) + member(b"x")
        assert only(data).name == b"gnu"

    @pytest.mark.parametrize(
        "tail",
        [
            b"999 path=x\n",
            b"path=x\n",
            b"5 a=b",
            b"12 nothing.\n",
            b"-7 a=b\n",
            b"6 =bc\n",
            b"3 =\n",
            b"0 a=b\n",
        ],
    )
    def test_what_is_no_record_is_told_and_what_came_before_holds(self, tail: bytes) -> None:
        good = record(b"uname", b"me")
        data = member(b"x", good + tail, b"x") + member(b"a") + END
        members, walked = walk(data)
        assert [(found.name, found.user) for found in members] == [(b"a", "me")]
        assert codes(walked) == [("bad-pax-header", 0)]
        assert runs(walked) == [("record", 512, len(good + tail))]

    def test_numbers_that_are_none_leave_the_plain_header_in_force(self) -> None:
        bad = pax((b"uid", b"-1"), (b"gid", b"1_0"), (b"mtime", b"nan"), (b"size", str(MOST + 1).encode()))
        members, walked = walk(
            bad + member(b"a", b"xy", uid=octal(1, 8), gid=octal(2, 8), mtime=octal(3, 12)) + END
        )
        found = members[0]
        assert (found.uid, found.gid, found.mtime, found.size) == (1, 2, 3.0, 2)
        assert codes(walked) == [("bad-number", 0)] * 4

    def test_an_extended_header_without_a_member(self) -> None:
        members, walked = walk(member(b"a") + pax((b"path", b"gone")) + END)
        assert len(members) == 1
        assert codes(walked) == [("orphan-header", len(record(b"path", b"gone")))]
        assert runs(walked) == [("record", 1024, len(record(b"path", b"gone")))]


class TestSparse:
    def pairs(self, *numbers: int) -> bytes:
        return b"".join(octal(number, 12) for number in numbers)

    def old_gnu(self, first: bytes, more: int, real: int, size: int) -> bytes:
        prefix = bytes(41) + first.ljust(96, b"\0") + bytes([more]) + octal(real, 12)
        return header(b"sparse", size, b"S", magic=b"ustar  \0", prefix=prefix[:155], trailer=prefix[155:])

    def test_old_gnu_map_in_the_header(self) -> None:
        data = self.old_gnu(self.pairs(512, 3, 2048, 2, 4096, 0), 0, 4096, 5) + b"abcde".ljust(512, b"\0")
        found = only(data)
        assert (found.kind, found.size, found.stored) == (FileKind.REGULAR, 4096, 5)
        assert found.segments == (Segment(512, 512, 3), Segment(2048, 515, 2))

    def test_old_gnu_map_that_goes_on_in_further_blocks(self) -> None:
        runs = [(1000 * number, 1) for number in range(30)]
        flat = [number for run in runs for number in run]
        first, second, third = flat[:8], flat[8:50], flat[50:]
        data = self.old_gnu(self.pairs(*first), 1, 40000, 30)
        data += (self.pairs(*second) + b"\x01").ljust(512, b"\0") + self.pairs(*third).ljust(512, b"\0")
        data += bytes(range(30)).ljust(512, b"\0")
        found = only(data)
        assert found.data_offset == 3 * 512
        assert [(run.logical_offset, run.data_offset, run.size) for run in found.segments] == [
            (offset, 3 * 512 + at, 1) for at, (offset, _) in enumerate(runs)
        ]

    def test_an_old_gnu_map_of_a_file_with_less_than_no_bytes_is_none(self) -> None:
        prefix = bytes(41) + bytes(97) + base256(-5, 12)
        head = header(b"sparse", 0, b"S", magic=b"ustar  \0", prefix=prefix[:155], trailer=prefix[155:])
        (found,), walked = walk(head + END)
        assert (found.size, found.segments) == (0, ())
        assert codes(walked) == [("bad-sparse-map", 0)]

    def test_an_old_gnu_map_of_very_many_blocks_is_read_in_time_with_its_length(self) -> None:
        blocks = 16_000
        data = (
            self.old_gnu(b"", 1, 40000, 0) + (self.pairs(*(0, 0) * 21) + b"\x01").ljust(512, b"\0") * blocks
        )
        begin = time.process_time()
        walk(data + bytes(512) + END)
        assert time.process_time() - begin < 4

    def test_pax_0_0(self) -> None:
        data = pax(
            (b"GNU.sparse.size", b"100"),
            (b"GNU.sparse.numblocks", b"2"),
            (b"GNU.sparse.offset", b"10"),
            (b"GNU.sparse.numbytes", b"3"),
            (b"GNU.sparse.offset", b"50"),
            (b"GNU.sparse.numbytes", b"2"),
        ) + member(b"a", b"abcde")
        found = only(data)
        assert (found.size, found.stored) == (100, 5)
        assert found.segments == (Segment(10, 1536, 3), Segment(50, 1539, 2))

    def test_pax_0_1(self) -> None:
        data = pax(
            (b"GNU.sparse.size", b"100"),
            (b"GNU.sparse.numblocks", b"2"),
            (b"GNU.sparse.map", b"10,3,50,2"),
            (b"GNU.sparse.name", b"real/name"),
            (b"path", b"GNUSparseFile.1/name"),
        ) + member(b"a", b"abcde")
        found = only(data)
        assert found.name == b"real/name"
        assert found.segments == (Segment(10, 1536, 3), Segment(50, 1539, 2))

    def test_pax_1_0_has_its_map_in_front_of_the_data(self) -> None:
        mapped = b"2\n10\n3\n50\n2\n".ljust(512, b"\0") + b"abcde"
        data = pax(
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", b"real"),
            (b"GNU.sparse.realsize", b"100"),
        ) + member(b"a", mapped)
        found = only(data)
        assert (found.name, found.size, found.stored, found.data_offset) == (b"real", 100, 5, 2048)
        assert found.segments == (Segment(10, 2048, 3), Segment(50, 2051, 2))

    def test_a_file_that_is_one_hole_is_still_told_from_a_dense_one(self) -> None:
        data = pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", b"100,0")) + member(b"a")
        found = only(data)
        assert (found.size, found.stored) == (100, 0)
        assert found.segments == (Segment(0, 1536, 0),)

    @pytest.mark.parametrize(
        "mapped",
        [b"10,3,12,2", b"50,2,10,3", b"98,3,101,2", b"10,3,50,9", b"10,3,50", b"10,x,50,2", b"10,-3"],
        ids=["overlap", "disorder", "behind the end", "more than stored", "odd", "no number", "negative"],
    )
    def test_a_map_that_is_none_leaves_the_data_as_it_is_stored(self, mapped: bytes) -> None:
        data = pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", mapped)) + member(b"a", b"abcde") + END
        members, walked = walk(data)
        assert (members[0].size, members[0].segments) == (5, ())
        assert codes(walked) == [("bad-sparse-map", 0)]

    def test_data_that_no_run_uses_is_told(self) -> None:
        data = pax((b"GNU.sparse.size", b"100"), (b"GNU.sparse.map", b"10,3")) + member(b"a", b"abcde") + END
        members, walked = walk(data)
        assert (members[0].stored, members[0].segments) == (3, (Segment(10, 1536, 3),))
        assert codes(walked) == [("bad-sparse-map", 0)]
        assert runs(walked) == [("map", 1539, 2)]

    @pytest.mark.service
    @pytest.mark.parametrize("arguments", ["gnu", "posix 0.0", "posix 0.1", "posix 1.0"])
    def test_what_gnu_tar_writes(self, arguments: str, tmp_path: Path, tool: Callable[[str], str]) -> None:
        form, _, version = arguments.partition(" ")
        sparse = tmp_path / "sparse"
        with sparse.open("wb") as made:
            for block in range(0, 60, 2):
                made.seek(block * 65536)
                made.write(bytes([block + 1]) * 5000)
            made.truncate(64 * 65536)
        command = [
            tool("tar"),
            f"--format={form}",
            "--sparse",
            "-C",
            str(tmp_path),
            "-cf",
            str(tmp_path / "t"),
        ]
        subprocess.run(
            [*command, *([f"--sparse-version={version}"] if version else []), "sparse"], check=True
        )
        data = (tmp_path / "t").read_bytes()
        members, walked = walk(data)
        assert walked.notes == []
        [found] = members
        assert found.name == b"sparse"
        content = bytearray(found.size)
        for run in found.segments:
            content[run.logical_offset : run.logical_offset + run.size] = data[run.data_offset :][: run.size]
        assert content == sparse.read_bytes()
        assert len(found.segments) >= 30
        assert found.stored < found.size


class TestEnds:
    def test_one_zero_block_is_an_end(self) -> None:
        members, walked = walk(member(b"a") + bytes(512))
        assert len(members) == 1
        assert walked.notes == []

    def test_no_zero_block_is_noted(self) -> None:
        members, walked = walk(member(b"a", b"x"))
        assert len(members) == 1
        assert codes(walked) == [("no-end-mark", 0)]

    def test_zeros_behind_the_end_are_nothing(self) -> None:
        data = member(b"a") + END + bytes(3 * 10240 + 7)
        _, walked = walk(data)
        assert walked.notes == []
        assert walked.end == len(data)

    def test_data_behind_the_end_is_told_from_its_first_byte_to_its_last(self) -> None:
        hidden = b"\0" * 700 + member(b"hidden", b"data")
        members, walked = walk(member(b"a") + END + hidden)
        assert len(members) == 1
        assert codes(walked) == [("trailing-data", 0)]
        assert walked.notes[0].offset == 512 + 1024 + 700
        assert runs(walked) == [("behind-end", 512 + 1024 + 700, 512 + 4)]

    def test_members_behind_a_lone_zero_block_are_trailing_data(self) -> None:
        hidden = member(b"b", b"x")
        members, walked = walk(member(b"a") + bytes(512) + hidden)
        assert len(members) == 1
        assert codes(walked) == [("trailing-data", 0)]
        assert runs(walked) == [("behind-end", 1024, 513)]
        assert walked.end == 1024

    def test_garbage_at_the_start_is_no_tar(self) -> None:
        members, walked = walk(b"garbage" * 200)
        assert members == []
        assert codes(walked) == [("not-a-tar", 1400)]
        assert codes(walk(b"short")[1]) == [("not-a-tar", 5)]

    def test_garbage_part_way_loses_what_follows(self) -> None:
        garbage = b"\x01" * 512 + member(b"b", b"x") + END
        members, walked = walk(member(b"a", b"x") + garbage)
        assert [found.name for found in members] == [b"a"]
        assert codes(walked) == [("bad-header", len(garbage))]

    def test_nothing_at_all(self) -> None:
        assert walk(b"")[0] == []
        assert walk(END)[1].notes == []

    def test_data_that_ends_early(self) -> None:
        whole = member(b"a", b"x" * 1000)
        members, walked = walk(whole[: 512 + 600])
        assert [(found.size, found.stored) for found in members] == [(1000, 600)]
        assert codes(walked) == [("truncated", 400), ("no-end-mark", 0)]

    def test_missing_padding_loses_nothing(self) -> None:
        whole = member(b"a", b"x" * 1000)
        members, walked = walk(whole[: 512 + 1000])
        assert [(found.size, found.stored) for found in members] == [(1000, 1000)]
        assert codes(walked) == [("no-end-mark", 0)]

    def test_a_cut_extended_header(self) -> None:
        data = member(b"a") + pax((b"path", b"x" * 600))
        members, walked = walk(data[: 512 + 512 + 300])
        assert len(members) == 1
        assert codes(walked) == [("truncated", 812)]

    def test_eight_exbibytes(self) -> None:
        for size in (base256(MOST, 12), octal(8**11 - 1, 12)):
            told = 8**11 - 1 if size[0] != 0x80 else MOST
            members, walked = walk(header(b"a", size) + b"abc")
            assert [(found.size, found.stored) for found in members] == [(told, 3)]
            assert codes(walked)[0] == ("truncated", told - 3)

    def test_sizes_that_are_none(self) -> None:
        for size in (base256(-1, 12), b"zz".ljust(12, b"\0"), b"\xbf" + b"\xff" * 11):
            rest = header(b"b", size) + bytes(512) + END
            members, walked = walk(member(b"a") + rest)
            assert [found.name for found in members] == [b"a"]
            assert codes(walked) == [("bad-header", len(rest))]

    def test_sizes_of_what_has_no_data_are_noted_and_not_skipped(self) -> None:
        for flag in (b"1", b"2", b"3", b"4", b"5", b"6"):
            members, walked = walk(header(b"a", 512, flag) + member(b"b", b"x") + END)
            assert [(found.name, found.size) for found in members] == [(b"a", 0), (b"b", 1)]
            assert codes(walked) == [("size-without-data", 0)]


class TestLimits:
    def test_members(self) -> None:
        rest = member(b"c", b"x") + END
        members, walked = walk(member(b"a") + member(b"b") + rest, Limits(members=2))
        assert [found.name for found in members] == [b"a", b"b"]
        assert codes(walked) == [("limit", len(rest))]

    def test_as_many_members_as_allowed_are_no_issue(self) -> None:
        assert walk(member(b"a") + member(b"b") + END, Limits(members=2))[1].notes == []

    def test_names(self) -> None:
        data = pax((b"path", b"n" * 300), (b"linkpath", b"l" * 250)) + symlink(b"a", b"b") + END
        members, walked = walk(data, Limits(name_bytes=200))
        assert (members[0].name, members[0].link) == (b"n" * 200, b"l" * 200)
        assert codes(walked) == [("limit", 150)]

    def test_header_bytes(self) -> None:
        data = pax((b"path", b"n" * 3000)) + member(b"plain", b"data") + member(b"next") + END
        members, walked = walk(data, Limits(header_bytes=1000))
        assert [found.name for found in members] == [b"plain", b"next"]
        assert codes(walked) == [("limit", len(record(b"path", b"n" * 3000)))]

    def test_attributes_beyond_what_linux_lists(self) -> None:
        pairs = [(b"SCHILY.xattr.user.%05d" % number + b"x" * 200, b"v" * 10) for number in range(400)]
        members, walked = walk(pax(*pairs) + member(b"a") + END)
        kept = len(members[0].xattrs)
        assert 300 < kept < 400
        assert codes(walked) == [("limit", 10 * (400 - kept))]


class TestAgainstTarfile:
    @pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_a_tree_of_this_machine(self, form: int) -> None:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=form) as archive:
            archive.add(Path(tarfile.__file__).parent / "email", "lib/python/email")
        made.seek(0)
        members, walked = walk(made.getvalue())
        assert walked.notes == []
        with tarfile.open(fileobj=made) as archive:
            infos = archive.getmembers()
        assert [
            (found.name.decode().rstrip("/"), found.size, found.mode, found.data_offset) for found in members
        ] == [(info.name, info.size, info.mode, info.offset_data) for info in infos]
        assert [found.mtime for found in members] == [float(info.mtime) for info in infos]
        assert len(members) > 20

    def test_a_memory_map_can_be_closed_after_the_walk(self, tmp_path: Path) -> None:
        import mmap

        (tmp_path / "t").write_bytes(member(b"a", b"x") + hard_link(b"b", b"a") + END)
        with (tmp_path / "t").open("rb") as opened:
            mapped = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
        members, _ = walk(mapped)  # type: ignore[arg-type]
        mapped.close()
        assert [found.link for found in members] == [b"", b"a"]
