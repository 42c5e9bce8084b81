from __future__ import annotations

import json

import pytest

from forensics.errors import ParseError
from forensics.sources._document import Document, clean_text, decode_json
from forensics.sources._issues import IssueLog


@pytest.fixture
def issues() -> IssueLog:
    return IssueLog()


def codes(issues: IssueLog) -> list[str]:
    return [issue.code for issue in issues.collected()]


def test_members_by_type(issues):
    document = Document(
        {"t": "x", "n": 5, "b": True, "l": ["a", "b"], "m": {"b": "2", "a": "1"}, "s": {"z": {}, "y": {}},
         "o": {"t": "inner"}, "os": [{"t": "1"}, {"t": "2"}]},
        "config", issues,
    )  # fmt: skip
    assert document.text("t") == "x"
    assert document.number("n") == 5
    assert document.flag("b") is True
    assert document.texts("l") == ("a", "b")
    assert document.texts("t") == ("x",)
    assert list(document.mapping("m").items()) == [("a", "1"), ("b", "2")]
    assert document.keys("s") == ("y", "z")
    assert document.keys("l") == ("a", "b")
    assert document.child("o").text("t") == "inner"
    assert [child.text("t") for child in document.children("os")] == ["1", "2"]
    assert codes(issues) == []


def test_absent_and_null_are_empty_and_no_issue(issues):
    for value in ({}, {"k": None}, None):
        document = Document(value, "config", issues)
        assert document.text("k") == ""
        assert document.number("k") == 0
        assert document.flag("k") is False
        assert document.texts("k") == ()
        assert document.keys("k") == ()
        assert document.mapping("k") == {}
        assert document.children("k") == ()
        assert not document.child("k")
    assert codes(issues) == []


@pytest.mark.parametrize("value", [1, 1.5, True, "x", [], {}, [1], {"a": 1}, -1, 1 << 70])
def test_another_type_is_empty_and_an_issue(issues, value):
    document = Document({"k": value}, "config", issues)
    assert document.text("k") in ("", "x")
    assert document.number("k") in (0, 1)
    assert document.flag("k") in (False, True)
    assert document.texts("k") in ((), ("x",))
    assert document.keys("k") in ((), ("x",), ("a",))
    assert document.mapping("k") == {}
    assert document.children("k") == ()
    assert document.child("k").text("a") == ""
    assert set(codes(issues)) == {"malformed-document"}


def test_keys_are_found_in_any_case_the_exact_one_first(issues):
    document = Document({"CONFIG": "upper", "layers": ["a"]}, "manifest.json", issues)
    assert document.text("Config") == "upper"
    assert document.texts("Layers") == ("a",)
    assert codes(issues) == []
    document = Document({"CONFIG": "upper", "Config": "exact"}, "manifest.json", issues)
    assert document.text("Config") == "exact"
    assert codes(issues) == ["ambiguous-document"]


def test_what_is_not_strict_json_is_read_leniently(issues):
    assert decode_json(b'{"a":1}', "x", issues) == {"a": 1}
    assert codes(issues) == []
    assert decode_json(b'\xef\xbb\xbf{"a":1}', "x", issues) == {"a": 1}
    assert Document(decode_json(b'{"a":"\xff\xfe"}', "x", issues), "x", issues).text("a") == "\\xff\\xfe"
    assert Document(decode_json(b'{"a":"\\ud800"}', "x", issues), "x", issues).text("a") == "\\ud800"
    assert set(codes(issues)) == {"lenient-json"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\0" * 100, b"[" * 500_000, b'{"a":' * 200_000, b"nonsense", b"1" * 10_000, b"\xff\xfe{"],
)
def test_what_is_not_json_is_refused(issues, content):
    with pytest.raises(ParseError):
        decode_json(content, "config", issues)


def test_texts_can_always_be_encoded(issues):
    hostile = "".join(map(chr, range(0xD700, 0xE100))) + "\x1b[31m\u202e"
    assert clean_text(hostile).encode()
    document = Document({hostile: {hostile: hostile}, "l": [hostile]}, hostile, issues)
    for texts in (document.mapping(hostile), document.texts("l")):
        json.dumps(list(texts)).encode()
    document.number("l")
    for issue in issues.collected():
        assert issue.subject.isprintable()
        assert issue.message.isprintable()


def test_issues_are_said_once_and_bounded(issues):
    for _ in range(3):
        issues.add("a", "s", "m", 1)
    assert len(issues.collected()) == 1
    for number in range(2000):
        issues.add("a", f"s{number}", "m", 1)
    collected = issues.collected()
    assert len(collected) == 501
    assert sum(issue.lost_bytes for issue in collected) == 2001
    assert "1501 more" in collected[-1].message


def test_a_list_of_very_many_objects_is_cut(issues):
    document = Document({"layers": [{}] * 70_000}, "manifest", issues)
    assert len(document.children("layers")) == 65_536
    assert codes(issues) == ["limit"]
