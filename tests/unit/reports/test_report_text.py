"""The last look at text: what counts as unprintable, and that escaping keeps the meaning."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from forensics.model.issues import Issue
from forensics.printable import printable
from forensics.reports._text import escape_json, has_control_escape, has_unprintable, printable_record


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")))
def test_escaped_json_is_printable_and_means_the_same(text: str) -> None:
    escaped = escape_json(json.dumps(text, ensure_ascii=False))
    assert escaped.isprintable()
    assert json.loads(escaped) == text


@given(st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32)))
def test_unprintable_is_what_python_calls_unprintable(text: str) -> None:
    assert has_unprintable(text) is not text.isprintable()


def test_escapes_are_told_from_escaped_backslashes() -> None:
    assert has_control_escape(r'"\u001b"')
    assert has_control_escape(r'"\\\b"')
    assert not has_control_escape(r'"\\u001b \\train \n \" \/"')


def test_every_text_of_a_record_is_made_printable_line_by_line() -> None:
    issue = Issue(stage="layer", code="a\x1b", subject="\udcff", message="one\ntwo\x9b", lost_bytes=3)
    shown = printable_record(issue)
    assert shown == Issue(
        stage="layer", code=printable("a\x1b"), subject="\\xff", message="one\ntwo\\x9b", lost_bytes=3
    )
