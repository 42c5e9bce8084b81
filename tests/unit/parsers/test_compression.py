"""Decompression of whole, damaged, endless and lying streams, against the standard library."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import os
import random
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator

import pytest
import zstandard

from forensics.cancellation import Cancellation
from forensics.errors import Cancelled, ForensicsError
from forensics.limits import MIB, Limits
from forensics.model.image import Blob
from forensics.parsers import compression
from forensics.parsers.compression import Decompressed, decompress, detect_compression

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
MARK = b"GNUlInUx"
SECRET = b"a secret message"
every_form = pytest.mark.parametrize("form", FORMS)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def skippable(content: bytes) -> bytes:
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


def some_data(size: int) -> bytes:
    """Text-like data that compresses to about a third."""
    chance = random.Random(size)
    words = [chance.randbytes(chance.randint(2, 9)) for _ in range(300)]
    made = bytearray()
    while len(made) < size:
        made += chance.choice(words) + chance.randbytes(1)
    return bytes(made[:size])


class Files:
    def __init__(self) -> None:
        self._open: list[int] = []

    def new(self, data: bytes = b"") -> int:
        with tempfile.TemporaryFile() as made:
            made.write(data)
            made.flush()
            self._open.append(os.dup(made.fileno()))
        os.lseek(self._open[-1], 0, os.SEEK_SET)
        return self._open[-1]

    def close(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)

    def run(
        self, stored: bytes, limits: Limits | None = None, lead: bytes = b""
    ) -> tuple[Decompressed, bytes]:
        """Decompress `stored`, which lies behind `lead` other bytes; the record and what came out."""
        blob = Blob(self.new(lead + stored), len(lead), len(stored))
        out = self.new()
        result = decompress(blob, out, limits=limits or Limits())
        output = os.pread(out, 1 << 30, 0)
        assert result.size == len(output)
        assert result.digest == sha256(output)
        assert result.compressed_digest == sha256(stored)
        beside = sum(run.size for run in result.hidden if run.kind == "behind-compression")
        assert result.consumed + result.lost + beside >= len(stored)
        return result, output


@pytest.fixture
def files() -> Iterator[Files]:
    made = Files()
    yield made
    made.close()


class TestDetection:
    @every_form
    def test_by_the_first_bytes(self, form: str) -> None:
        assert detect_compression(FORMS[form](b"x")[:6]) == form

    def test_a_skippable_frame_is_zstd(self) -> None:
        assert detect_compression(b"\x5f\x2a\x4d\x18\0\0") == "zstd"

    @pytest.mark.parametrize("head", [b"", b"\x1f", b"\x1f\x8b", b"usr/bin", b"BZhx", b"\xfd7zXZ", bytes(6)])
    def test_nothing_else_is(self, head: bytes) -> None:
        assert detect_compression(head) == ""

    @pytest.mark.parametrize("told", [b"\x18\x5b\0\x27", b"\x04\x5b\x97", b"\xff\xff\xff\x7f", b""])
    def test_a_skippable_frame_longer_than_the_file_is_cut(self, files: Files, told: bytes) -> None:
        found, _ = files.run(b"\x50\x2a\x4d\x18" + told)
        assert (found.code, found.consumed, found.lost) == ("truncated", 0, 4 + len(told))

    def test_what_is_not_compressed_is_refused(self, files: Files) -> None:
        with pytest.raises(ForensicsError, match="not compressed"):
            files.run(b"plain text")


class TestWholeStreams:
    @every_form
    @pytest.mark.parametrize("size", [0, 1, 70_000, MIB + 1])
    def test_everything_comes_out(self, form: str, size: int, files: Files) -> None:
        data = some_data(size)
        result, output = files.run(FORMS[form](data), lead=b"in front")
        assert output == data
        assert (result.compression, result.code, result.lost, result.error) == (form, "", 0, "")

    @every_form
    def test_several_streams_are_one(self, form: str, files: Files) -> None:
        data = some_data(400_000)
        pack = FORMS[form]
        stored = pack(data) + pack(b"") + pack(b"end")
        result, output = files.run(stored)
        assert output == data + b"end"
        assert (result.code, result.consumed) == ("", len(stored))

    @every_form
    def test_many_small_streams(self, form: str, files: Files) -> None:
        stored = b"".join(FORMS[form](b"%d" % number) for number in range(1000))
        result, output = files.run(stored)
        assert output == b"".join(b"%d" % number for number in range(1000))
        assert result.code == ""

    @every_form
    def test_zeros_behind_the_stream_are_padding(self, form: str, files: Files) -> None:
        result, output = files.run(FORMS[form](b"data") + bytes(3 * MIB))
        assert output == b"data"
        assert (result.code, result.lost) == ("", 0)

    def test_skippable_zstd_frames_as_in_zstd_chunked(self, files: Files) -> None:
        frame = b"\x50\x2a\x4d\x18" + (2 * MIB).to_bytes(4, "little") + b"\x01" * (2 * MIB)
        pack = FORMS["zstd"]
        result, output = files.run(frame + pack(b"one") + frame + pack(b"two") + frame)
        assert output == b"onetwo"
        assert (result.code, result.lost) == ("", 0)
        assert [(run.kind, run.size) for run in result.hidden] == [("compression-header", 2 * MIB)] * 3

    @pytest.mark.parametrize("parts", [2, 1], ids=["with tar-split", "older"])
    def test_frames_that_the_footer_of_zstd_chunked_names_are_its_index(
        self, files: Files, parts: int
    ) -> None:
        data = FORMS["zstd"](b"one")
        payload = skippable(b"p" * 1000)
        texts = [
            json.dumps(dict.fromkeys(map(str, random.Random(n).sample(range(10**6), 999)))) for n in (1, 2)
        ]
        told, stored = [], data
        for text in texts[:parts]:
            packed = FORMS["zstd"](text.encode())
            told += [len(stored) + 8, len(packed), len(text), 1]
            stored += skippable(packed)
        footer = skippable(struct.pack(f"<{4 * parts - (parts - 1)}Q", *told[: 4 * parts - parts + 1]) + MARK)
        result, output = files.run(stored + footer)
        assert output == b"one"
        assert [(run.kind, run.offset, run.size) for run in result.hidden] == [
            ("chunk-index", told[4 * part], told[4 * part + 1]) for part in range(parts)
        ]
        shifted = struct.pack(f"<{4 * parts - (parts - 1)}Q", told[0] + 1, *told[1 : 4 * parts - parts + 1])
        wrong, _ = files.run(stored + skippable(shifted + MARK))
        assert {run.kind for run in wrong.hidden} == {"compression-header"}
        beside, _ = files.run(stored + payload + footer)
        assert [run.size for run in beside.hidden if run.kind == "compression-header"] == [1000]

    def test_the_mark_of_zstd_chunked_alone_makes_no_index(self, files: Files) -> None:
        result, _ = files.run(FORMS["zstd"](b"one") + skippable(b"p" * 1000 + MARK))
        assert [(run.kind, run.size) for run in result.hidden] == [("compression-header", 1008)]

    def test_a_payload_is_no_index_by_being_named(self, files: Files) -> None:
        data = FORMS["zstd"](b"one")
        for payload in (b"p" * 1000, FORMS["zstd"](random.Random(1).randbytes(1000))):
            footer = struct.pack("<4Q", len(data) + 8, len(payload), 1000, 1) + MARK
            result, _ = files.run(data + skippable(payload) + skippable(footer))
            first = result.hidden[0]
            assert (first.kind, first.offset) == ("compression-header", len(data) + 8)

    def test_short_notes_of_many_streams_are_told_together(self, files: Files) -> None:
        packed = FORMS["gzip"](b"one")
        note = b"%03d" * 60
        named = [
            packed[:3] + b"\x10" + packed[4:10] + note % ((n,) * 60) + b"\0" + packed[10:] for n in range(9)
        ]
        result, output = files.run(b"".join(named))
        assert output == b"one" * 9
        assert [(run.kind, run.size) for run in result.hidden] == [("compression-header", 181)] * 9
        assert files.run(named[0] + packed * 8)[0].hidden == ()
        frames = [FORMS["zstd"](b"one") + skippable(b"n" * 100) for _ in range(4)]
        assert [run.size for run in files.run(b"".join(frames))[0].hidden] == [100] * 4
        assert files.run(b"".join(frames[:2]))[0].hidden == ()

    def test_what_tools_write_into_each_of_many_streams_is_no_note(self, files: Files) -> None:
        packed = FORMS["gzip"](b"one")
        for extra in (b"BC\2\0\x20\0", b"IG\4\0\x20\0\0\0", b"SG\x16\0" + b"%016x" % 77 + b"STARGZ"):
            told = packed[:3] + b"\4" + packed[4:10] + len(extra).to_bytes(2, "little") + extra + packed[10:]
            result, output = files.run(told * 200)
            assert (output, result.hidden) == (b"one" * 200, ()), extra
        frame = FORMS["zstd"](b"one")
        sized = skippable(len(frame).to_bytes(4, "little")) + frame
        assert files.run(sized * 200)[0].hidden == ()
        assert len(files.run((skippable(b"abcd") + frame) * 200)[0].hidden) == 200

    def test_notes_too_many_to_keep_are_counted(self, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compression, "_MOST_RUNS", 3)
        for size in (300, 200):
            frames = (FORMS["zstd"](b"one") + skippable(b"n" * size)) * 5
            result, _ = files.run(frames)
            assert (len(result.hidden), result.left_out) == (3, 2 * size)

    def test_frames_of_zeros_hide_nothing(self, files: Files) -> None:
        frame = b"\x50\x2a\x4d\x18" + (1000).to_bytes(4, "little") + bytes(1000)
        result, _ = files.run(frame + FORMS["zstd"](b"one"))
        assert result.hidden == ()

    def test_long_notes_in_gzip_headers_are_told_and_short_ones_are_not(self, files: Files) -> None:
        packed = FORMS["gzip"](b"one")
        extra = len(b"e" * 300).to_bytes(2, "little") + b"e" * 300
        long = packed[:3] + b"\x0c" + packed[4:10] + extra + b"n" * 400 + b"\0" + packed[10:]
        short = packed[:3] + b"\x08" + packed[4:10] + b"layer.tar\0" + packed[10:]
        result, output = files.run(short + long)
        assert output == b"oneone"
        start = len(short)
        assert [(run.kind, run.offset, run.size) for run in result.hidden] == [
            ("compression-header", start + 12, 300),
            ("compression-header", start + 312, 401),
        ]

    def test_gzip_headers_with_every_optional_field(self, files: Files) -> None:
        deflate = zlib.compressobj(wbits=-15)
        body = deflate.compress(b"hello") + deflate.flush()
        head = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\0abc" + b"name\0" + b"comment\0"
        head += (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little")
        stored = head + body + zlib.crc32(b"hello").to_bytes(4, "little") + (5).to_bytes(4, "little")
        result, output = files.run(stored)
        assert (output, result.code) == (b"hello", "")

    def test_another_algorithm_for_the_compressed_side(self, files: Files) -> None:
        stored = gzip.compress(b"data")
        blob = Blob(files.new(stored), 0, len(stored))
        result = decompress(blob, files.new(), algorithm="sha512")
        assert result.compressed_digest == "sha512:" + hashlib.sha512(stored).hexdigest()

    def test_progress_grows_up_to_the_whole(self, files: Files) -> None:
        stored = gzip.compress(random.Random(1).randbytes(5 * MIB), 1)
        seen: list[tuple[int, int]] = []
        blob = Blob(files.new(stored), 0, len(stored))
        decompress(blob, files.new(), on_progress=lambda done, total: seen.append((done, total)))
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert seen[-1] == (len(stored), len(stored))
        assert len(seen) >= 5

    def test_cancelling_raises(self, files: Files) -> None:
        stored = gzip.compress(b"data")
        cancel = Cancellation()
        cancel.cancel()
        with pytest.raises(Cancelled):
            decompress(Blob(files.new(stored), 0, len(stored)), files.new(), cancel=cancel)


class TestDamage:
    @every_form
    def test_data_behind_the_stream_is_counted(self, form: str, files: Files) -> None:
        result, output = files.run(FORMS[form](b"data") + bytes(10) + b"something else")
        assert output == b"data"
        assert (result.code, result.lost) == ("trailing-data", 0)
        (hidden,) = result.hidden
        assert (hidden.kind, hidden.size) == ("behind-compression", len(b"something else"))
        assert hidden.offset == len(FORMS[form](b"data")) + 10

    @every_form
    def test_another_compression_behind_the_stream_is_not_decoded(self, form: str, files: Files) -> None:
        other = FORMS["xz" if form != "xz" else "gzip"](b"hidden")
        result, output = files.run(FORMS[form](b"data") + other)
        assert output == b"data"
        assert (result.code, result.lost) == ("trailing-data", 0)
        assert [(run.offset, run.size) for run in result.hidden] == [(result.consumed, len(other))]

    @every_form
    def test_a_cut_stream_gives_what_was_there(self, form: str, files: Files) -> None:
        data = some_data(MIB)
        stored = FORMS[form](data)
        for share in (0.1, 0.5, 0.9, 0.999):
            cut = stored[: int(len(stored) * share)]
            result, output = files.run(cut)
            assert data.startswith(output)
            assert result.code == "truncated"
            assert result.lost >= 1
            assert len(output) + 12 * result.lost >= 0.8 * share * len(data) - 2**18

    @pytest.mark.parametrize("form", ["gzip", "xz"])
    def test_a_cut_at_every_byte_of_a_small_stream(self, form: str, files: Files) -> None:
        stored = FORMS[form](b"hello hello hello")
        for length in range(7, len(stored)):
            result, output = files.run(stored[:length])
            assert b"hello hello hello".startswith(output)
            assert (result.code, result.lost >= 1) == ("truncated", True)

    def test_a_wrong_checksum_loses_no_output(self, files: Files) -> None:
        for size in (5, 100_000, 2 * MIB):
            data = some_data(size)
            stored = bytearray(gzip.compress(data))
            stored[-6] ^= 1
            result, output = files.run(bytes(stored))
            assert output == data
            assert (result.code, result.lost >= 1) == ("corrupt", True)
            assert "damaged" in result.error

    @every_form
    def test_damage_part_way_keeps_what_came_before(self, form: str, files: Files) -> None:
        data = random.Random(2).randbytes(2 * MIB)
        stored = bytearray(FORMS[form](data))
        middle = len(stored) // 2
        stored[middle : middle + 64] = bytes(64)
        result, output = files.run(bytes(stored))
        assert result.code == "corrupt"
        assert result.lost >= 1
        same = next(
            (at for at, (one, other) in enumerate(zip(output, data, strict=False)) if one != other),
            len(output),
        )
        block = 900_000 if form == "bzip2" else 132_000
        assert same >= MIB - block - 70_000

    def test_damage_in_the_second_stream_keeps_the_first(self, files: Files) -> None:
        second = bytearray(gzip.compress(b"second" * 100))
        second[12] ^= 0xFF
        result, output = files.run(gzip.compress(b"first") + bytes(second))
        assert output.startswith(b"first")
        assert result.code == "corrupt"

    def test_what_stands_from_the_damage_on_is_hidden(self, files: Files) -> None:
        bad = zstandard.compress(b"x" * 100) + b"\x28\xb5\x2f\xfd" + b"\x00\x58\x07"
        stored = bad + SECRET * 50
        result, _ = files.run(stored)
        (hidden,) = result.hidden
        assert (result.code, hidden.kind, hidden.offset) == ("corrupt", "damaged", result.consumed)
        assert hidden.size == len(stored) - hidden.offset >= 49 * len(SECRET)
        again = gzip.compress(b"first")
        whole = again + again[:-6] + b"!" + again[-5:] + gzip.compress(SECRET)
        result, _ = files.run(whole)
        (hidden,) = result.hidden
        assert (result.code, hidden.kind) == ("corrupt", "damaged")
        assert hidden.offset + hidden.size == len(whole)

    def test_zeros_from_the_damage_on_hide_nothing(self, files: Files) -> None:
        result, _ = files.run(gzip.compress(b"first") + b"\x1f\x8b\x08" + bytes(5007))
        assert (result.code, result.hidden) == ("corrupt", ())

    def test_input_that_shrank_is_cut(self, files: Files) -> None:
        stored = gzip.compress(some_data(300_000))
        short = files.new(stored[:1000])
        result = decompress(Blob(short, 0, len(stored)), files.new())
        assert (result.code, result.compressed_digest) == ("truncated", sha256(stored[:1000]))
        assert result.lost >= len(stored) - 1000

    def test_an_output_that_cannot_be_written_is_an_error_with_a_hint(self, files: Files) -> None:
        stored = gzip.compress(b"data")
        reading = os.open("/dev/null", os.O_RDONLY)
        try:
            with pytest.raises(ForensicsError) as caught:
                decompress(Blob(files.new(stored), 0, len(stored)), reading)
        finally:
            os.close(reading)
        assert "FORENSICS_TMPDIR" in caught.value.hint

    def test_a_full_disk_says_so(self, files: Files) -> None:
        stored = gzip.compress(b"data")
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            with pytest.raises(ForensicsError, match="no room"):
                decompress(Blob(files.new(stored), 0, len(stored)), full)
        finally:
            os.close(full)


class TestLimits:
    @every_form
    def test_size(self, form: str, files: Files) -> None:
        data = some_data(2 * MIB)
        stored = FORMS[form](data)
        result, output = files.run(stored, Limits(layer_bytes=1_000_000))
        assert output == data[:1_000_000]
        assert (result.code, result.lost > 0) == ("limit", True)

    @every_form
    def test_exactly_the_size_is_allowed(self, form: str, files: Files) -> None:
        data = some_data(MIB)
        result, output = files.run(FORMS[form](data), Limits(layer_bytes=MIB))
        assert (output == data, result.code) == (True, "")

    @every_form
    def test_ratio(self, form: str, files: Files) -> None:
        bomb = FORMS[form](bytes(64 * MIB)) * 4
        limits = Limits(ratio_free_bytes=4 * MIB, compression_ratio=100)
        result, output = files.run(bomb, limits)
        assert result.code == "limit"
        assert len(output) < 70 * MIB
        assert result.lost > 0

    @every_form
    def test_no_ratio_below_the_free_size(self, form: str, files: Files) -> None:
        limits = Limits(ratio_free_bytes=4 * MIB, compression_ratio=100)
        result, output = files.run(FORMS[form](bytes(4 * MIB)), limits)
        assert (len(output), result.code) == (4 * MIB, "")

    def test_a_zstd_bomb_does_not_fill_the_memory(self, files: Files) -> None:
        """A block of four bytes stands for 128 KiB: a megabyte of them for 32 GiB."""
        block = ((128 * 1024) << 3 | 1 << 1).to_bytes(3, "little") + b"A"
        frame = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x58" + block * (MIB // 4)
        limits = Limits(ratio_free_bytes=32 * MIB, compression_ratio=200)
        result, output = files.run(frame, limits)
        assert result.code == "limit"
        assert len(output) < 200 * MIB

    def test_windows_that_need_too_much_memory_are_refused(self, files: Files) -> None:
        frame = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\xff" + b"\x01\0\0"
        result, output = files.run(frame)
        assert (result.code, output) == ("corrupt", b"")
