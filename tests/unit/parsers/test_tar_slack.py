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


RECORDS_OF_TOOLS = [
    (b"SCHILY.xattr.security.capability", b"\1\0\0\2" + bytes(16)),
    (b"SCHILY.xattr.security.selinux", b"system_u:object_r:bin_t:s0:" + b"c1,c2," * 50),
    (b"SCHILY.xattr.system.posix_acl_access", b"\2\0\0\0" + b"\1\0\6\0\xff\xff\xff\xff" * 100),
    (b"SCHILY.xattr.security.ima", b"\3\2\4" + b"s" * 520),
    (b"SCHILY.xattr.user.x", b"short"),
    (b"LIBARCHIVE.xattr.user.x", b"c2hvcnQ"),
    (b"LIBARCHIVE.creationtime", b"1600000000.123456789"),
    (b"RHT.security.selinux", b"system_u:object_r:bin_t:s0\0"),
    (b"SCHILY.acl.access", b"user::rwx,group::r-x,other::r-x," + b"user:someone:rwx," * 40),
    (b"MSWINDOWS.rawsd", b"A" * 400),
    (b"MSWINDOWS.fileattr", b"32"),
    (b"path", b"p/" * 1000),
    (b"comment", b"0" * 40),
    (b"mtime", b"1600000000.123456789"),
]


def test_records_as_tools_write_them_hide_nothing() -> None:
    for one in RECORDS_OF_TOOLS:
        assert runs(pax(one) + member(b"x") + END) == [], one[0]
    assert runs(pax(*RECORDS_OF_TOOLS) + member(b"x") + END) == []
    old_sparse = [(b"GNU.sparse.size", b"900"), (b"GNU.sparse.numblocks", b"90")]
    old_sparse += [(b"GNU.sparse." + word, b"1") for _ in range(90) for word in (b"offset", b"numbytes")]
    assert "record" not in {kind for kind, _, _ in runs(pax(*old_sparse) + member(b"x") + END)}
    assert runs((pax((b"vendor.note", b"abc")) + member(b"x")) * 500 + END) == []


@pytest.mark.parametrize(
    ("keyword", "kind"),
    [
        (b"my.notes", "record"),
        (b"comment", "record"),
        (b"uname", "record"),
        (b"mtime", "record"),
        (b"SCHILY.note", "record"),
        (b"GNU.sparse.map", "record"),
        (b"LIBARCHIVE.note", "record"),
        (b"SCHILY.xattr.user.p", "attribute"),
        (b"SCHILY.xattr.security.capability", "attribute"),
        (b"LIBARCHIVE.xattr.user.p", "attribute"),
    ],
)
def test_a_long_value_is_found_under_whatever_keyword(keyword: bytes, kind: str) -> None:
    value = b"v" * 700
    data = pax((keyword, value)) + member(b"x") + END
    assert runs(data) == [(kind, data.index(value), value)]


def test_names_longer_than_any_path_and_keywords_that_are_the_content() -> None:
    value = b"v" * 5000
    for data in (pax((b"path", value)), member(b"././@LongLink", value + b"\0", b"L")):
        whole = data + member(b"x") + END
        assert runs(whole) == [("record", whole.index(value), value)]
    keyword = b"k" * 400
    data = pax((keyword, b"1")) + member(b"x") + END
    assert runs(data) == [("record", data.index(keyword), keyword + b"=1")]


def test_what_a_later_record_or_header_replaces_is_found() -> None:
    replaced = [(b"path", b"%03d" % number + b"r" * 100) for number in range(4)]
    data = pax(*replaced) + member(b"x") + END
    assert runs(data) == [("note", data.index(value), value) for _, value in replaced[:3]]
    names = member(b"././@LongLink", SECRET + b"\0", b"L") + member(b"././@LongLink", b"name\0", b"L")
    assert runs(names + member(b"x") + END) == [("record", 512, SECRET)]


def test_many_short_records_are_one_content_of_a_member_and_of_all() -> None:
    pieces = [b"%04d" % number * 40 for number in range(500)]
    named = [(b"x%d" % number, piece) for number, piece in enumerate(pieces)]
    for prefix in (b"", b"SCHILY.xattr.user."):
        found = runs(pax(*((prefix + key, piece) for key, piece in named)) + member(b"x") + END)
        assert {kind for kind, _, _ in found} == {"note"}
        assert [piece for _, _, piece in found] == pieces
    crowd = b"".join(record(b"x%d" % number, b"") for number in range(5000))
    assert runs(member(b"x", crowd, b"x") + member(b"x") + END) == [("record", 512, crowd)]
    spread = b"".join(pax(one) + member(b"x") for one in named) + END
    assert [piece for _, _, piece in runs(spread)] == pieces


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
