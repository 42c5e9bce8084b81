"""Text as it goes to the screen: printable, cut and padded to exact cells, never markup."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from forensics.tui.widgets import plain, to_content
from forensics.tui.widgets.styled import crop, fit, segments_of

NULL = Style.null()


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def test_every_form_of_text_is_made_printable() -> None:
    hostile = "[/foo]\x1b[2J\udcff\u202e"
    shown = "[/foo]\\x1b[2J\\xff\\u202e"
    for styled in (hostile, Text(hostile), [hostile], [(hostile, "critical")]):
        assert plain(styled) == shown
        assert to_content(styled).plain == shown
        assert text_of(segments_of(styled, NULL, lambda tone: NULL, Console())) == shown


def test_the_styles_of_a_rich_text_are_kept() -> None:
    text = Text("one ")
    text.append("two", "bold")
    segments = segments_of(text, NULL, lambda tone: NULL, Console())
    assert [(segment.text, bool(segment.style and segment.style.bold)) for segment in segments] == [
        ("one ", False),
        ("two", True),
    ]


def test_fitting_gives_exactly_the_width_and_shows_what_it_cut() -> None:
    segments = [Segment("abc"), Segment("漢字"), Segment("def")]
    for width in range(1, 20):
        for align in ("left", "right"):
            for shift in range(12):
                fitted = fit(segments, width, NULL, align, shift)
                assert cell_len(text_of(fitted)) == width, (width, align, shift)
    assert text_of(fit(segments, 5, NULL)) == "abc …"
    assert text_of(fit(segments, 12, NULL, "right")) == "  abc漢字def"
    assert text_of(fit(segments, 6, NULL, shift=5)) == "… def "
    assert fit(segments, 0, NULL) == []


def test_a_wide_character_cut_in_half_becomes_a_space() -> None:
    assert text_of(crop([Segment("漢字")], 1, 2)) == "  "
    assert text_of(crop([Segment("ab"), Segment("cd")], 1, 2)) == "bc"


def test_markup_in_a_static_text_stays_text() -> None:
    assert to_content("[red]x[/red] [@click=app.quit]y[/]").plain == "[red]x[/red] [@click=app.quit]y[/]"
