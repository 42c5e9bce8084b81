"""Where one is, as steps that can be clicked to go back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from forensics.tui.widgets.styled import Styled, fit, plain

SEPARATOR = " › "


class Breadcrumb(Widget):
    """One line of steps; the last is where one is. When it is too long, the first steps become `…`."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"breadcrumb--step", "breadcrumb--here"}
    DEFAULT_CSS = """
    Breadcrumb { height: 1; width: 1fr; color: $text-muted; }
    Breadcrumb > .breadcrumb--step { color: $text-muted; }
    Breadcrumb > .breadcrumb--here { color: $foreground; text-style: bold; }
    """

    class Selected(Message):
        """The person clicked the step `index`."""

        def __init__(self, breadcrumb: Breadcrumb, index: int) -> None:
            super().__init__()
            self.breadcrumb = breadcrumb
            self.index = index

        @property
        def control(self) -> Breadcrumb:
            """The breadcrumb that sent it."""
            return self.breadcrumb

    def __init__(
        self,
        steps: Sequence[Styled] = (),
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._steps = tuple(plain(step) for step in steps)

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps, printable."""
        return self._steps

    def set_steps(self, steps: Sequence[Styled]) -> None:
        """Show other steps."""
        self._steps = tuple(plain(step) for step in steps)
        self.refresh()

    def _shown(self, width: int) -> list[tuple[int, str]]:
        """(index, text) of the steps there is room for; `…` has the index of the last step it hides."""
        first = 0
        while first < len(self._steps) - 1 and self._needed(first) > width:
            first += 1
        shown = [(index, self._steps[index]) for index in range(first, len(self._steps))]
        return [(first - 1, "…"), *shown] if first else shown

    def _needed(self, first: int) -> int:
        """Cells for the steps from `first` on, with `…` in front of them when some are hidden."""
        texts = (["…"] if first else []) + list(self._steps[first:])
        return sum(map(cell_len, texts)) + cell_len(SEPARATOR) * (len(texts) - 1)

    def render_line(self, y: int) -> Strip:
        """The line (Textual's line API)."""
        width = self.size.width
        if y:
            return Strip.blank(width, self.rich_style)
        step = self.get_component_rich_style("breadcrumb--step")
        here = self.get_component_rich_style("breadcrumb--here")
        segments: list[Segment] = []
        for index, text in self._shown(width):
            if segments:
                segments.append(Segment(SEPARATOR, step))
            segments.append(Segment(text, here if index == len(self._steps) - 1 else step))
        return Strip(fit(segments, width, self.rich_style), width)

    def on_click(self, event: events.Click) -> None:
        """Tell which step was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        start = 0
        for index, text in self._shown(self.size.width):
            end = start + cell_len(text)
            if start <= offset.x < end:
                self.post_message(self.Selected(self, index))
                return
            start = end + cell_len(SEPARATOR)
