"""/etc/ld.so.preload and the loader's search path."""

from __future__ import annotations

from forensics.detectors.preload import DETECTOR
from tests.scenes import File, debian, elf, judge, said, symlink

RULE = "persistence/ld-preload-file"


def test_an_unowned_library_is_critical_and_the_evidence_points_at_the_line() -> None:
    text = b"# hello\n/usr/lib/libx.so /usr/lib/gone.so\n"
    (found,) = judge(DETECTOR, debian(), {"/etc/ld.so.preload": text, "/usr/lib/libx.so": File(elf(), 0o755)})
    assert (found.rule_id, str(found.severity)) == (RULE, "critical")
    shown = found.evidence[0]
    assert shown.offset is not None
    assert shown.length is not None
    assert text[shown.offset : shown.offset + shown.length] == b"/usr/lib/libx.so"
    assert any("gone.so is not in the finished image" in one.text for one in found.evidence)


def test_an_owned_library_is_medium_and_an_empty_file_context() -> None:
    owned = debian(library=elf(b"jemalloc"))
    assert [
        str(one.severity) for one in judge(DETECTOR, owned, {"/etc/ld.so.preload": b"/usr/bin/library\n"})
    ] == ["medium"]
    assert [str(one.severity) for one in judge(DETECTOR, owned, {"/etc/ld.so.preload": b"# none\n"})] == [
        "info"
    ]


def test_a_link_is_followed() -> None:
    layer = {"/etc/ld.so.preload": symlink("../opt/list"), "/opt/list": b"/opt/x.so\n"}
    assert said(judge(DETECTOR, debian(), layer)) == [(RULE, "critical", "/etc/ld.so.preload")]


def test_a_removed_file_is_high() -> None:
    found = judge(DETECTOR, debian(), {"/etc/ld.so.preload": b"/opt/x.so"}, {"/etc/ld.so.preload": None})
    assert [str(one.severity) for one in found] == ["high"]


def test_search_path() -> None:
    layer = {
        "/etc/ld.so.conf.d/a.conf": b"/usr/local/lib\n/tmp/lib\n",
        "/etc/ld.so.conf": b"include /etc/ld.so.conf.d/*.conf\n",
    }
    assert said(judge(DETECTOR, debian(), layer)) == [
        ("persistence/library-search-path", "high", "/etc/ld.so.conf.d/a.conf")
    ]


def test_nothing_without_the_file() -> None:
    assert judge(DETECTOR, debian()) == []
