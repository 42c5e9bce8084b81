"""The base of all virtual widgets: rows, a cursor, keys and mouse; draws only what is on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from forensics.tui.widgets.styled import fit, tone_style

BAR = "▐"
"""What the scroll bar is drawn with."""

BAR_CELLS = 1
"""Cells the scroll bar takes at the right edge."""

WHEEL_ROWS = 3
"""Rows that one notch of the wheel moves."""


class RowsMessage(Message):
    """A message of one virtual widget; `@on(…, "#id")` selects by the widget that sent it."""

    def __init__(self, widget: Rows) -> None:
        super().__init__()
        self.widget = widget

    @property
    def control(self) -> Rows:
        """The widget that sent it."""
        return self.widget


@dataclass(frozen=True, slots=True)
class _Paper:
    """What the lines of a drawing have in common; `first` is the row at the top, `thumb` the bar's lines."""

    width: int
    base: Style
    cursor: Style
    header: Style
    first: int
    thumb: range
    bar: Segment
    track: Segment


class Rows(ScrollView, can_focus=True):
    """A scrolled list of `row_count` lines with a cursor row and `header_rows` lines that stay in place.

    It draws its own scroll bar, in a column that is always kept free: a number of rows that changes never
    makes Textual lay the whole screen out again.

    Subclasses give `row_count` and `render_row`, and call `rows_changed` when the number of rows changed.
    Textual calls the `on_…` handlers of every class in turn, the subclass's first.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"rows--cursor", "rows--cursor-blurred", "rows--header", "rows--bar"}
    DEFAULT_CSS = """
    Rows {
        overflow: hidden;
        background: $surface;
        color: $foreground;
    }
    Rows > .rows--cursor { background: $primary-muted; text-style: bold; }
    Rows > .rows--cursor-blurred { background: $surface-active; }
    Rows > .rows--header { color: $text-muted; background: $panel; text-style: bold; }
    Rows > .rows--bar { color: $scrollbar; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("left,h", "cursor_left", "Left", show=False),
        Binding("right,l", "cursor_right", "Right", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home,g", "cursor_first", "Start", show=False),
        Binding("end,G", "cursor_last", "End", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._cursor = 0
        self._tones: dict[str, Style] = {}
        self._tones_theme = ""
        self._drawn: dict[int, Strip] = {}
        self._drawn_on: tuple[int, Style] = (0, Style.null())
        self._center_wanted = False

    # -- what subclasses give ---------------------------------------------------------------------------

    @property
    def header_rows(self) -> int:
        """How many lines at the top stay in place."""
        return 0

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return 0

    def render_row(self, row: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """The segments of one row on the style `base`; cut or padded to `width` by the caller."""
        return ()

    def render_header(self, line: int, width: int, base: Style) -> Iterable[Segment]:  # noqa: ARG002
        """The segments of one line of the header."""
        return ()

    def row_highlighted(self, row: int) -> None:
        """The cursor came to `row`."""

    def row_opened(self, row: int) -> None:
        """The person pressed Enter on `row`, or clicked it twice."""

    def row_clicked(self, row: int, x: int) -> None:  # noqa: ARG002 - for subclasses with places to click
        """The person clicked `row` at the cell `x` of the content; moves the cursor there."""
        self.move_cursor(row)

    def header_clicked(self, x: int) -> None:
        """The person clicked the header at the cell `x`."""

    # -- the cursor -------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The row the cursor is on; 0 when there are none."""
        return self._cursor

    @property
    def row_width(self) -> int:
        """Cells of a row; the scroll bar's place is kept free, so that it never changes with the content."""
        return max(0, self.size.width - BAR_CELLS)

    @property
    def page_rows(self) -> int:
        """Rows that fit on the screen."""
        return max(1, self.size.height - self.header_rows)

    def move_cursor(self, row: int, *, notify: bool = True, center: bool = False) -> None:
        """Put the cursor on `row` (clamped) and scroll it into view; `center` puts it mid-screen."""
        row = max(0, min(row, self.row_count - 1))
        old, self._cursor = self._cursor, row
        self.show_row(row, center=center)
        if old != row:
            self.refresh_row(old)
            self.refresh_row(row)
        if notify and self.row_count and old != row:
            self.row_highlighted(row)

    def show_row(self, row: int, *, center: bool = False) -> None:
        """Scroll as little as needed to have `row` on the screen."""
        top, page = self.scroll_offset.y, self.page_rows
        if not self.size.height:
            self._center_wanted = center
            return
        if top <= row < top + page:
            return
        nearest = row if row < top else row - page + 1
        target = row - page // 2 if center else nearest
        self.scroll_to(y=max(0, target), animate=False, force=True)

    def rows_changed(self) -> None:
        """The number of rows or what they say changed: measure and draw again."""
        self._cursor = max(0, min(self._cursor, self.row_count - 1))
        needed = Size(self.row_width, self.row_count + self.header_rows)
        if self.styles.is_auto_height:
            self.virtual_size = needed
        else:
            self.set_reactive(Rows.virtual_size, needed)
            self.scroll_y = self.validate_scroll_y(self.scroll_y)
        self.refresh()

    def refresh_row(self, row: int) -> None:
        """Draw one row again, if it is on the screen."""
        if 0 <= row - self.scroll_offset.y < self.page_rows:
            self.refresh_line(row + self.header_rows)

    # -- drawing ----------------------------------------------------------------------------------------

    def tone(self, name: str) -> Style:
        """The style of a tone in the theme in force; a name that is no tone has no style."""
        if name not in self._tones:
            self._tones[name] = tone_style(name, self.app.theme_variables, self.background_colors[1])
        return self._tones[name]

    def notify_style_update(self) -> None:
        """The theme or a style sheet changed."""
        self._tones.clear()
        self._drawn.clear()
        super().notify_style_update()

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001 - Textual's
        """No rule of a style sheet asks whether it has the keys: nothing has to be matched again."""

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Textual's; forgets the lines that are to be drawn again."""
        if not regions:
            self._drawn.clear()
        for region in regions:
            for y in range(region.y, region.bottom):
                self._drawn.pop(y, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the screen (Textual's line API), of a widget that is nothing but rows without a detour.

        What Textual does for each line (border, padding, tint, opacity) costs more than the line itself.
        """
        if not self.is_attached:  # it was taken away between two drawings
            return [Strip.blank(crop.width)] * crop.height
        if self.gutter.totals != (0, 0) or self.opacity != 1:
            return super().render_lines(crop)
        paper = self._lay_paper()
        if (paper.width, paper.base) != self._drawn_on:
            self._drawn_on = (paper.width, paper.base)
            self._drawn.clear()
        strips = []
        for y in crop.line_range:
            strip = self._drawn.get(y)
            if strip is None:
                strip = self._drawn[y] = self._draw(y, paper)
            strips.append(strip)
        for each in self.get_line_filters():
            strips = [strip.apply_filter(each, self.background_colors[1]) for strip in strips]
        if crop.column_span != (0, paper.width + BAR_CELLS):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line of the screen (Textual's line API)."""
        return self._draw(y, self._lay_paper())

    def _lay_paper(self) -> _Paper:
        """What all lines of one drawing have in common."""
        if self._tones_theme != self.app.theme:
            self._tones_theme = self.app.theme
            self._tones.clear()
        base = self.rich_style
        first, page, count = self.scroll_offset.y, self.page_rows, self.row_count
        thumb = range(0)
        if count > page:
            length = max(1, page * page // count)
            top = first * (page - length) // (count - page)
            thumb = range(top, top + length)
        cursor = "rows--cursor" if self.has_focus else "rows--cursor-blurred"
        return _Paper(
            width=self.row_width,
            base=base,
            cursor=base + self.get_component_rich_style(cursor, partial=True),
            header=self.get_component_rich_style("rows--header"),
            first=first,
            thumb=thumb,
            bar=Segment(BAR, base + self.get_component_rich_style("rows--bar", partial=True)),
            track=Segment(" " * BAR_CELLS, base),
        )

    def _draw(self, y: int, paper: _Paper) -> Strip:
        """One line with its piece of the scroll bar."""
        width, line = paper.width, y - self.header_rows
        row = paper.first + line
        if line < 0:
            content = fit(list(self.render_header(y, width, paper.header)), width, paper.header)
        elif row >= self.row_count:
            content = [Segment(" " * width, paper.base)]
        else:
            style = paper.cursor if row == self._cursor else paper.base
            content = fit(list(self.render_row(row, width, style)), width, style)
        return Strip([*content, paper.bar if line in paper.thumb else paper.track], width + BAR_CELLS)

    def on_mount(self) -> None:
        """Measure for the first time."""
        self.rows_changed()

    def on_resize(self) -> None:
        """Keep the cursor on the screen when the screen changed."""
        self.rows_changed()
        center, self._center_wanted = self._center_wanted, False
        self.show_row(self._cursor, center=center)

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self.refresh_row(self._cursor)

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self.refresh_row(self._cursor)

    # -- keys and mouse ---------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.row_width:
            return
        if offset.y < self.header_rows:
            self.header_clicked(offset.x)
            return
        row = self.scroll_offset.y + offset.y - self.header_rows
        if row >= self.row_count:
            return
        if event.chain == 2:
            self.move_cursor(row)
            self.row_opened(row)
        else:
            self.row_clicked(row, offset.x)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """On the scroll bar: go there, and on as long as the button is held."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.x >= self.row_width:
            self.capture_mouse()
            self._drag_to(event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The scroll bar is dragged."""
        if self.app.mouse_captured is self:
            self._drag_to(event.y)

    def on_mouse_up(self) -> None:
        """The scroll bar is let go."""
        self.release_mouse()

    def _drag_to(self, y: int) -> None:
        """Have the scroll bar at the line `y` of the widget."""
        page = self.page_rows
        share = (y - self.header_rows) / max(1, page - 1)
        self.scroll_to(y=round(share * (self.row_count - page)), animate=False, force=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel, towards the end."""
        self._roll(event, WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel, towards the start."""
        self._roll(event, -WHEEL_ROWS)

    def _roll(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)

    def action_cursor_up(self) -> None:
        """One row up."""
        self.move_cursor(self._cursor - 1)

    def action_cursor_down(self) -> None:
        """One row down."""
        self.move_cursor(self._cursor + 1)

    def action_cursor_left(self) -> None:
        """To the left, where a widget has a left."""

    def action_cursor_right(self) -> None:
        """To the right, where a widget has a right."""

    def action_page_up(self) -> None:
        """One screen up."""
        self.move_cursor(self._cursor - self.page_rows)

    def action_page_down(self) -> None:
        """One screen down."""
        self.move_cursor(self._cursor + self.page_rows)

    def action_cursor_first(self) -> None:
        """To the first row."""
        self.move_cursor(0)

    def action_cursor_last(self) -> None:
        """To the last row."""
        self.move_cursor(self.row_count - 1)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.row_count:
            self.row_opened(self._cursor)
