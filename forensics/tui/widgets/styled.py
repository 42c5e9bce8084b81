"""Text for the screen: plain words, tones instead of colours, and nothing a terminal would obey."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.content import Content

from forensics.printable import printable

Part = str | tuple[str, str]
"""A piece of text, plain or with the name of a tone."""

Styled = str | Text | Sequence[Part]
"""What models hand to widgets: a text, a rich `Text`, or parts with tones."""

TONES: Final[dict[str, tuple[str, str]]] = {
    "muted": ("$text-muted", ""),
    "strong": ("", "bold"),
    "accent": ("$text-accent", ""),
    "primary": ("$text-primary", ""),
    "success": ("$text-success", ""),
    "warning": ("$text-warning", ""),
    "error": ("$text-error", ""),
    "critical": ("$text-error", "bold"),
    "high": ("$text-error", ""),
    "medium": ("$text-warning", ""),
    "low": ("$text-primary", ""),
    "info": ("$text-muted", ""),
    "added": ("$text-success", ""),
    "modified": ("$text-warning", ""),
    "deleted": ("$text-error", ""),
    "unchanged": ("$text-muted", ""),
    "folder": ("$text-primary", ""),
    "link": ("$text-accent", ""),
    "heading": ("$text-primary", "bold"),
    "keyword": ("$text-primary", "bold"),
    "string": ("$text-success", ""),
    "comment": ("$text-muted", "italic"),
    "number": ("$text-accent", ""),
    "variable": ("$text-warning", ""),
    "address": ("$text-accent", "underline"),
    "match": ("$text-warning", "bold reverse"),
    "evidence": ("$text-error", "bold underline"),
}
"""Tone -> (theme colour, text style). A tone is never the only signal: words and signs carry the meaning."""


def tone_style(tone: str, variables: Mapping[str, str], background: Color) -> Style:
    """A tone in the colours `variables` of a theme, on `background`; no style for what is no tone.

    Worked out here and not by style rules: thirty rules more for every widget would be matched anew whenever
    it is made or gets the keys.
    """
    color, text_style = TONES.get(tone, ("", ""))
    style = Style.parse(text_style) if text_style else Style.null()
    if not color:
        return style
    value = variables[color.removeprefix("$")]
    if value.startswith("auto"):
        share = float(value.removeprefix("auto").strip().removesuffix("%") or 100) / 100
        shown = background.get_contrast_text(share)
    else:
        shown = Color.parse(value)
    return style + Style.from_color((background + shown).rich_color)


def parts_of(styled: Styled) -> list[tuple[str, str]]:
    """`styled` as (printable text, tone) pairs; the styles of a rich `Text` are left out."""
    if isinstance(styled, str):
        return [(printable(styled), "")]
    if isinstance(styled, Text):
        return [(printable(styled.plain), "")]
    return [
        (printable(part), "") if isinstance(part, str) else (printable(part[0]), part[1]) for part in styled
    ]


def plain(styled: Styled) -> str:
    """`styled` as printable text without any style."""
    return "".join(text for text, _ in parts_of(styled))


def to_content(styled: Styled) -> Content:
    """`styled` for widgets that take a Textual `Content` (Static, Label): never read as markup."""
    pieces = []
    for text, tone in parts_of(styled):
        color, text_style = TONES.get(tone, ("", ""))
        pieces.append(Content.styled(text, f"{text_style} {color}".strip()))
    return Content("").join(pieces)


def segments_of(
    styled: Styled, base: Style, tone_style: Callable[[str], Style], console: Console
) -> list[Segment]:
    """`styled` as segments on `base`, every text printable."""
    if isinstance(styled, Text):
        flat = styled.copy()
        flat.end = ""
        return [
            Segment(printable(segment.text), base + segment.style if segment.style else base)
            for segment in flat.render(console)
            if segment.text
        ]
    return [
        Segment(text, base + tone_style(tone) if tone else base) for text, tone in parts_of(styled) if text
    ]


def width_of(segments: Iterable[Segment]) -> int:
    """Cells that `segments` take."""
    return sum(cell_len(segment.text) for segment in segments)


def crop(segments: Sequence[Segment], start: int, width: int) -> list[Segment]:
    """The cells `start` … `start + width` of `segments`; a character cut in half becomes a space."""
    result: list[Segment] = []
    skip, left = start, width
    for segment in segments:
        cells = cell_len(segment.text)
        if skip >= cells:
            skip -= cells
            continue
        if skip:
            segment = segment.split_cells(skip)[1]
            cells -= skip
            skip = 0
        if cells > left:
            segment = segment.split_cells(left)[0]
            cells = left
        if left <= 0:
            break
        result.append(segment)
        left -= cells
    return result


def fit(
    segments: Sequence[Segment], width: int, base: Style, align: str = "left", shift: int = 0
) -> list[Segment]:
    """`segments` in exactly `width` cells: padded by `align`, or cut with `…` where text is hidden.

    `shift` cells are scrolled out on the left, which a `…` at the left edge shows.
    """
    if width <= 0:
        return []
    total = width_of(segments)
    if shift:
        hidden = min(shift, total)
        segments = crop(segments, hidden, max(0, total - hidden))
        total -= hidden
        if hidden and total:
            style = segments[0].style if segments else base
            segments = [Segment("…", style), *crop(segments, 1, total)]
    if total > width:
        kept = crop(segments, 0, width - 1)
        style = kept[-1].style if kept else base
        return [*kept, Segment("…", style)]
    padding = Segment(" " * (width - total), base)
    if total == width:
        return list(segments)
    return [padding, *segments] if align == "right" else [*segments, padding]
