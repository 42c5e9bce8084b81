"""Colours for lines: what they fall on, and that no line can make them slow."""

from __future__ import annotations

import pytest

from forensics.tui.widgets.syntax import LINE_BYTES, knows, language_of, tokens
from tests.widget_host import quickest


def coloured(line: str, language: str) -> list[tuple[str, str]]:
    content = line.encode()
    return [(content[start:end].decode(), tone) for start, end, tone in tokens(content, language)]


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        ("sh", "if x; then # y", [("if", "keyword"), ("then", "keyword"), ("# y", "comment")]),
        (
            "sh",
            'echo a#b "$HOME" $1 ${X}',
            [("echo", "keyword"), ('"$HOME"', "string"), ("$1", "variable"), ("${X}", "variable")],
        ),
        ("python", "import os  # why", [("import", "keyword"), ("# why", "comment")]),
        ("python", "x = 'it\\'s' + 0x1f", [("'it\\'s'", "string"), ("0x1f", "number")]),
        ("perl", "my $x = 1;", [("my", "keyword"), ("$x", "variable"), ("1", "number")]),
        ("js", "const a = `b` // c", [("const", "keyword"), ("`b`", "string"), ("// c", "comment")]),
        ("json", '{"a": true}', [('"a"', "string"), ("true", "keyword")]),
        ("yaml", "name: on", [("name", "variable"), ("on", "keyword")]),
        ("sh", 'echo "open', [("echo", "keyword"), ('"open', "string")]),
        ("", "at 10.0.0.1:80 and 1.2.3.4.5", [("10.0.0.1:80", "address")]),
    ],
)
def test_words_of_a_language(language: str, line: str, expected: list[tuple[str, str]]) -> None:
    assert coloured(line, language) == expected


def test_an_address_inside_a_string_stands_out_and_the_string_goes_on() -> None:
    assert coloured("curl 'http://a.invalid/x' -o y", "sh") == [
        ("'", "string"),
        ("http://a.invalid/x", "address"),
        ("'", "string"),
    ]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("/a/run.sh", "sh"),
        ("/a/b.PY", "py"),
        ("/a/Dockerfile", "dockerfile"),
        ("/etc/my.cnf", "cnf"),
        ("/bin/thing", ""),
        ("/a.py/thing", ""),
    ],
)
def test_the_language_a_name_suggests(path: str, language: str) -> None:
    assert language_of(path) == language
    assert knows(language) == bool(language)


@pytest.mark.parametrize(
    "pattern",
    [
        b'"',
        b"\\",
        b'\\"',
        b"'\\",
        b"`",
        b"${",
        b"1.",
        b"1.1.1.1",
        b"a://",
        b"a.a-",
        b"<a<",
        b"</",
        b" #",
        b"\xff",
        b"@a.",
        b"0x",
        b"= :",
        b"\t",
    ],
)
@pytest.mark.parametrize(
    "language", ["sh", "python", "perl", "ruby", "php", "js", "lua", "c", "json", "yaml", "dockerfile", "xml"]
)
def test_no_line_makes_it_slow(language: str, pattern: bytes) -> None:
    line = (pattern * LINE_BYTES)[:LINE_BYTES]
    assert quickest(lambda: tokens(line, language), 3) < 0.05
