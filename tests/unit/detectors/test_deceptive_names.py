"""Names that deceive, and the many that only look unusual."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.detectors.deceptive_names import DETECTOR
from forensics.model.image import HistoryEntry
from tests.scenes import build, config, judge, layer_tar, said, symlink

TERMINAL, DIRECTION, INVISIBLE = "names/terminal-control", "names/reversed-text", "names/invisible"


@pytest.mark.parametrize(
    ("name", "rule", "severity"),
    [
        ("a\x1b[31mb", TERMINAL, "high"),
        ("a\x1b]52;c;eA==\x07b", TERMINAL, "high"),
        ("a\u009b31mb", TERMINAL, "high"),
        ("a\x08b", TERMINAL, "high"),
        ("a\nb", TERMINAL, "medium"),
        ("a\x7fb", TERMINAL, "medium"),
        ("invoice\u202efdp.sh", DIRECTION, "high"),
        ("a\u2066b", DIRECTION, "high"),
        ("...", INVISIBLE, "high"),
        (" ", INVISIBLE, "high"),
        (".. ", INVISIBLE, "high"),
        (".\u00a0", INVISIBLE, "high"),
        ("passwd ", INVISIBLE, "medium"),
        (" x", INVISIBLE, "medium"),
        ("adm\u200bin", INVISIBLE, "medium"),
        ("a\ufeffb", INVISIBLE, "medium"),
        ("نمی\u200cخواهم", INVISIBLE, "low"),
        ("раssword", "names/lookalike-letters", "medium"),
        ("[bold red]x", "names/markup", "low"),
        ("[@click=app.quit]x", "names/markup", "low"),
    ],
)
def test_deceptive_names(name: str, rule: str, severity: str) -> None:
    found = judge(DETECTOR, {f"/srv/{name}": b""})
    assert [(one[0], one[1]) for one in said(found)] == [(rule, severity)]
    assert found[0].path is not None
    assert found[0].path.isprintable()
    assert all(one.text.isprintable() for one in found[0].evidence)


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a.b-c_d+e@f,g:h~i%20",
        ".hidden",
        "..a",
        "a..b",
        "[id].js",
        "[...slug].tsx",
        "[",
        "naïve",
        "日本語",
        "файл.txt",
        "μm.dat",
        "a\\x2db.service",
        "$x",
        "(a)",
        "#a#",
        "Ω",
    ],
)
def test_ordinary_names(name: str) -> None:
    assert judge(DETECTOR, {f"/srv/{name}": b""}) == []


def test_lookalikes_among_commands_are_high() -> None:
    assert [one[1] for one in said(judge(DETECTOR, {"/usr/bin/ѕudo": b""}))] == ["high"]


def test_names_that_are_no_text() -> None:
    tar = layer_tar({"/srv/aXb": b""}).replace(b"srv/aXb", b"srv/a\xffb")
    header = bytearray(tar)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    (found,) = judge(DETECTOR, bytes(header))
    assert (found.rule_id, found.path, found.path_base64) == (
        "names/not-text",
        "/srv/a\\xffb",
        "L3Nydi9h/2I=",
    )


def test_a_folder_is_told_once() -> None:
    layer = {f"/srv/.../{n}": b"" for n in range(5)}
    assert said(judge(DETECTOR, layer)) == [(INVISIBLE, "high", "/srv/.../0")]


def test_link_targets() -> None:
    found = judge(DETECTOR, {"/srv/x": symlink("a\x1b[2Jb")})
    assert said(found) == [(TERMINAL, "high", "/srv/x")]


def test_texts_of_the_configuration() -> None:
    values = config(
        env=("PS1=\x1b]0;x\x07",),
        labels={"a": "b\u202ec"},
        history=(HistoryEntry(created_by="RUN a\n\tb # c\x1b[8m"),),
    )
    found = list(DETECTOR.detect(build([], config=values)))
    assert [(one.rule_id, str(one.severity), one.title.rpartition(": ")[2]) for one in found] == [
        (TERMINAL, "medium", "Env"),
        (TERMINAL, "medium", "Label"),
        (TERMINAL, "medium", "History"),
    ]


def test_a_flood_is_cut_and_counted() -> None:
    found = judge(DETECTOR, {f"/srv/{n}\x1b": b"" for n in range(250)})
    assert len(found) == 201
    assert found[-1].title.endswith("50 more names")


@given(
    st.lists(
        st.text(min_size=1, max_size=12).filter(lambda name: "/" not in name and "\0" not in name), max_size=4
    )
)
def test_any_names(names: list[str]) -> None:
    clean = [name.encode("utf-8", "replace").decode() for name in names]
    for found in judge(DETECTOR, [(f"/s/{name}", b"") for name in clean]):
        assert found.title.isprintable()
        assert all(one.text.isprintable() for one in found.evidence)
