"""Bytes of a tar that no reader shows, each found at its offset; what tools write by themselves is none."""

from __future__ import annotations

import pytest

from forensics.parsers import _tar_slack
from forensics.parsers.tar import TarWalk
from tests.layer_bytes import END, base256, header, member, octal, padded, pax, record

SECRET = b"a secret message"


def runs(data: bytes) -> list[tuple[str, int, bytes]]:
    walked = TarWalk(data)
    list(walked)
    return [(run.kind, run.offset, data[run.offset : run.offset + run.size]) for run in walked.slack.runs]


def filled(data: bytes) -> bytes:
    return data + SECRET + bytes(-len(data + SECRET) % 512)


def sealed(block: bytes) -> bytes:
    """The header block with the checksum that its bytes have now."""
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


def with_bytes(block: bytes, offset: int, more: bytes) -> bytes:
    return sealed(block[:offset] + more + block[offset + len(more) :])


PLAIN = header(b"etc/motd")
GNU = header(b"etc/motd", magic=b"ustar  \0")
V7 = header(b"etc/motd", magic=bytes(8))


@pytest.mark.parametrize(
    "block", [PLAIN, GNU, V7, header(b"n" * 100, user=b"root", group=b"root")], ids=range(4)
)
def test_headers_as_they_are_written_have_no_slack(block: bytes) -> None:
    assert runs(block + member(b"x", b"data") + END) == []


@pytest.mark.parametrize(
    "block",
    [
        header(b"n" * 100, prefix=b"p" * 155),
        header(b"x", prefix=b"p" * 131 + b"15012345671 15012345671 ", trailer=b"tar\0"),
        with_bytes(PLAIN, 345, b"p" * 130 + b"\0" + b"15012345671 15012345671\0"),
        with_bytes(PLAIN, 508, b"tar\0"),
        with_bytes(GNU, 345, b"15012345671\0" * 2),
        with_bytes(GNU, 345, base256(1 << 40, 12) * 2),
        header(b"x", uid=base256(1 << 40, 8), mtime=base256(-5, 12)),
        header(b"x", uid=b"     0 \0", mtime=b"1501234567\0 "),
        header(b"x", device=(octal(0, 8), octal(0, 8))),
    ],
    ids=range(9),
)
def test_what_star_node_and_gnu_write_is_no_slack(block: bytes) -> None:
    assert runs(block + END) == []


@pytest.mark.parametrize(
    ("block", "offset"),
    [
        (PLAIN, 40),
        (PLAIN, 120),
        (PLAIN, 170),
        (PLAIN, 270),
        (PLAIN, 310),
        (PLAIN, 330),
        (PLAIN, 360),
        (PLAIN, 480),
        (PLAIN, 500),
        (GNU, 390),
        (GNU, 500),
        (V7, 258),
        (V7, 400),
        (V7, 500),
        (header(b"x", prefix=b"p" * 140), 345 + 141),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else value[257:265].hex(),
)
def test_bytes_in_unused_parts_of_a_header(block: bytes, offset: int) -> None:
    width = min(len(SECRET), 512 - offset)
    where = {120: 4, 330: 7, 486: 12}.get(offset, width)
    more = b"hidden!!hidden!!"[:where]
    (found,) = runs(with_bytes(block, offset, more) + END)
    assert (found[0], found[1]) == ("header", offset)
    assert found[2].startswith(more)


def test_padding_behind_data_and_behind_extended_headers() -> None:
    data = header(b"a", 4) + filled(b"data") + header(b"x", 9, b"x") + filled(b"9 uid=12\n")
    assert runs(data + member(b"b") + END) == [("padding", 516, SECRET), ("padding", 1536 + 9, SECRET)]


def test_data_behind_the_end_and_under_unknown_types() -> None:
    data = member(b"a", SECRET, b"Z") + END
    assert runs(data + bytes(100) + SECRET + bytes(30)) == [
        ("unknown-type", 512, SECRET),
        ("behind-end", len(data) + 100, SECRET),
    ]


def test_long_names_and_records_that_nobody_reads() -> None:
    long_name = member(b"././@LongLink", b"name\0" + SECRET, b"L") + member(b"x") + END
    assert runs(long_name) == [("record", 517, SECRET)]
    value = b"v" * 300
    assert runs(pax((b"my.notes", value)) + member(b"x") + END) == [
        ("record", 512, record(b"my.notes", value))
    ]
    assert runs(pax((b"my.notes", b"short"), (b"SCHILY.xattr.user.x", value)) + member(b"x") + END) == []


def test_what_a_sparse_map_does_not_use() -> None:
    told = b"1\n0\n4\n"
    map_block = told + SECRET + bytes(512 - len(told + SECRET))
    records = ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.realsize", b"9"))
    data = pax(*records) + header(b"x", 516) + map_block + padded(b"data") + END
    assert runs(data) == [("map", 1536 + len(told), SECRET)]


def test_behind_damage_the_next_header_is_found_wherever_it_is() -> None:
    before, after = member(b"a", b"x"), member(b"b", b"kept") + END
    (damaged, behind) = runs(before + b"garbage" * 99 + after)
    assert damaged == ("damaged", 1024, b"garbage" * 99)
    assert (behind[0], behind[1]) == ("behind-damage", 1024 + 693)
    assert behind[2] == member(b"b", b"kept")[:516]
    assert [run[0] for run in runs(before + b"garbage" * 99)] == ["damaged"]


def test_runs_too_many_to_keep_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tar_slack, "_MOST_RUNS", 2)
    walked = TarWalk(b"".join(header(b"a", 4) + filled(b"data") for _ in range(5)) + END)
    assert len(list(walked)) == 5
    assert len(walked.slack.runs) == 2
    assert [(note.code, note.lost) for note in walked.notes] == [("limit", 3 * len(SECRET))]
