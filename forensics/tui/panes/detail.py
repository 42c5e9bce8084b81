"""The third column of the drill-down: one file version, looked at in the ways that suit it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from forensics.model.files import FileVersion
from forensics.model.findings import Finding
from forensics.printable import told_apart
from forensics.tui.finding_card import GoToFinding, finding_card
from forensics.tui.offsets import parse_offset
from forensics.tui.panes._member_pane import MemberPane
from forensics.tui.panes._pane import ChooseFile, ChooseFinding, PaneKind, focus_now, open_bar
from forensics.tui.store import Store, Topic
from forensics.tui.tab_line import Tab, TabLine
from forensics.tui.viewed_file import viewed_file
from forensics.tui.viewer_choice import HEX, SHOW_BYTES, ViewerChoice
from forensics.tui.viewers import JumpToOffset, ShowVersion, ViewedFile, Viewer, offered
from forensics.tui.widgets import (
    Beside,
    FilterBar,
    HexView,
    Item,
    KeyValues,
    Slot,
    StringsView,
    Styled,
    TextView,
    parse_needles,
)
from forensics.tui.words import state_text

INFO = "info"
_WIDE = 200
BytesShown = HexView | TextView


class DetailPane(MemberPane):
    """Shows a file in one of its viewers, or the card of a layer, a folder or a finding.

    On a screen of 200 columns the facts stay in a half of their own.
    """

    topics = frozenset(Topic) - {Topic.PROGRESS, Topic.COVERAGE, Topic.RUN}

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._version: FileVersion | None = None
        self._file: ViewedFile | None = None
        self._card: Callable[[], Sequence[Item]] | None = None
        self._offered: tuple[Viewer, ...] = ()
        self._viewer: Viewer | None = None
        self._presented: Widget | None = None
        self._aim: tuple[int, int] | None = None
        self._choice = ViewerChoice()
        self._in_two = False
        self._asks_offset = False

    def compose(self) -> ComposeResult:
        """Ways to look, what is looked at, and the line for offsets and searches."""
        yield TabLine(id="viewer-tabs")
        with Beside(id="detail-halves"):
            yield Container(id="detail-facts")
            yield Slot(id="detail-content")
        yield FilterBar(id="detail-bar")

    # -- what the screen asks ---------------------------------------------------------------------------

    @property
    def version(self) -> FileVersion | None:
        """The file version that is shown."""
        return self._version

    @property
    def viewer(self) -> str | None:
        """The id of the viewer in use, None when no file is shown."""
        return self._viewer.id if self._viewer and self._version else None

    @property
    def ways(self) -> tuple[str, ...]:
        """The ids of the viewers that can be stepped through."""
        return tuple(tab.id for tab in self.query_one(TabLine).tabs)

    @property
    def byte_offset(self) -> int | None:
        """Where the cursor is, in a viewer of bytes."""
        bytes_shown = self._byte_view()
        return bytes_shown.cursor_offset if bytes_shown is not None else None

    @property
    def shows_bytes(self) -> bool:
        """Whether the file is looked at as bytes or text, also when these are still on their way."""
        return self.viewer in SHOW_BYTES

    def show_version(
        self, version: FileVersion, viewer: str | None = None, offset: int | None = None, length: int = 0
    ) -> None:
        """Show a file version; with an offset, these of its bytes."""
        same = _is_same(self._version, version)
        kind = self._file.kind if self._file is not None else None
        self._card = None
        self._version = version
        if not same or self._file is None:
            self._file = viewed_file(self.store, version)
            self._offered = offered(self._file)
        if offset is not None and viewer is None:
            in_use = self.viewer if kind == self._file.kind else None
            viewer = self._choice.for_bytes(self._file.kind, self._offered, in_use)
        chosen = self._find(viewer) or (self._viewer if same else None) or self._first()
        if chosen is not None and (not same or chosen is not self._viewer):
            self._present(chosen)
        self.draw_head()
        self._take_aim(None if offset is None else (offset, length))

    def show_finding(self, finding: Finding) -> None:
        """Show a finding that speaks of no file."""
        notes = self.store.notebook
        self.show_card("Finding", lambda: finding_card(finding, reviewed=notes.is_reviewed(finding.id)))

    def show_card(self, title: Styled, make: Callable[[], Sequence[Item]]) -> None:
        """Show a card instead of a file; it is made anew when more is known."""
        self._card = make
        self._version = self._file = self._viewer = None
        self._aim = None
        self._offered = ()
        self.query_one(TabLine).set_tabs((), "")
        content = self.query_one("#detail-content", Container)
        self.set_class(True, "-card")
        self.entitle(title)
        self._replace(content, KeyValues(make()))

    def use(self, viewer: str, offset: int | None = None, length: int = 0) -> bool:
        """Look in another way, at these bytes where it shows bytes; False when the file does not offer it."""
        chosen = self._find(viewer)
        if chosen is None:
            return False
        if self._file is not None:
            self._choice.keep(self._file.kind, viewer)
        aim = self._aim or (self.byte_offset or 0, 0) if offset is None else (offset, length)
        if chosen is not self._viewer:
            self._present(chosen)
            self._take_aim(aim if aim[0] else None)
        return True

    def step(self, by: int) -> None:
        """Look in the next or the previous way."""
        self.use(self.query_one(TabLine).neighbour(by))

    def ask_offset(self) -> None:
        """Let the person type an offset."""
        if self._version is not None and (self._byte_view() is not None or self.use(HEX)):
            self._asks_offset = True
            open_bar(self._bar, "", ":", "offset, decimal or 0x…")

    def open_filter(self) -> None:
        """Let the person search: in the list of strings, or in the bytes."""
        strings = next(iter(self.query(StringsView)), None)
        if strings is not None:
            strings.action_filter()
        elif self._byte_view() is not None or self.use(HEX):
            self._asks_offset = False
            open_bar(self._bar, "", "/", "text, or x:7f454c46 for bytes")

    def focus_inside(self) -> None:
        """The keys go to what is looked at; to a new widget as soon as it can take them."""
        shown = next(reversed(self.query_one("#detail-content").children), None)
        if shown is None:
            return
        inside = next((widget for widget in shown.query("*") if widget.focusable), None)
        target = shown if shown.focusable else inside
        if target is not None:
            focus_now(target)
        elif not shown.is_mounted:
            self.screen.set_focus(None)
            self.call_after_refresh(self._focus_again)

    # -- drawing ----------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Bring what is known of the file up to date; the place in its bytes stays."""
        if self._card is not None:
            for sheet in self.query_one("#detail-content").query(KeyValues):
                sheet.set_items(self._card())
            return
        if self._version is None or self._file is None:
            return
        if self.store.files is not None and self.store.outer_of(self._version) is None:
            self._version = self.store.files.by_key(self._version.key) or self._version
        fresh = viewed_file(self.store, self._version)
        old = self._file
        if (fresh.row, fresh.facts, fresh.findings, len(fresh.versions)) == (
            old.row,
            old.facts,
            old.findings,
            len(old.versions),
        ):
            return
        self._file = fresh
        self._offered = offered(fresh)
        shown = self._byte_view()
        if shown is not None:
            shown.set_highlights(fresh.highlights())
        if self.viewer == INFO:
            self._present(self._viewer)
        else:
            self._present_facts()
            self.draw_head()

    def on_resize(self) -> None:
        """One half or two."""
        in_two = self.app.size.width >= _WIDE
        if in_two != self._in_two:
            self._in_two = in_two
            self.set_class(in_two, "-in-two")
            if in_two and self.viewer == INFO:
                self._present(self._first())
            else:
                self._present_facts()
                self.draw_head()

    @property
    def _bar(self) -> FilterBar:
        """Where offsets and searches are typed."""
        return self.query_one("#detail-bar", FilterBar)

    def draw_head(self) -> None:
        """Path, version and ways to look, in the frame."""
        version, file = self._version, self._file
        if version is None or file is None:
            return
        keys = [row.key for row in file.versions]
        number = keys.index(version.key) + 1 if version.key in keys else 1
        parts = [f"v{number} of {len(keys)}", f"layer {version.layer}"]
        if self.store.files is not None:
            parts.append(state_text(version.state, version.changed_by_layer))
        star = "★ " if self.store.notebook.is_bookmarked(version.layer, file.path) else ""
        self.entitle((star, (told_apart(file.path), "strong")), " · ".join(parts))
        shown = [viewer for viewer in self._offered if not (self._in_two and viewer.id == INFO)]
        tabs = [Tab(viewer.id, viewer.title) for viewer in shown]
        self.query_one(TabLine).set_tabs(tabs, self._viewer.id if self._viewer else "")

    def _present(self, viewer: Viewer | None) -> None:
        """Put a new widget of this viewer on the screen."""
        file = self._file
        if viewer is None or file is None:
            return
        self._viewer = viewer
        self.set_class(False, "-card")
        self._present_facts()
        self._presented = self._replace(self.query_one("#detail-content", Container), viewer.make(file))
        self.draw_head()

    def _present_facts(self) -> None:
        """What is known of the file, in a half of its own where there is room for two."""
        facts = self.query_one("#detail-facts", Container)
        info = self._find(INFO)
        if self._in_two and info is not None and self._file is not None:
            self._replace(facts, info.make(self._file))
        else:
            facts.remove_children()

    def _replace(self, host: Container, widget: Widget) -> Widget:
        """Put a widget in the place of another and give it; a sheet takes the lines of another over."""
        shown = host.children[0] if len(host.children) == 1 else None
        if isinstance(widget, KeyValues) and isinstance(shown, type(widget)):
            shown.set_items(widget.items)
            shown.move_cursor(0)
            shown.scroll_home(animate=False)
            return shown
        had_focus = host.has_focus_within
        if had_focus:  # or the next pane would get the keys when their widget is removed
            self.screen.set_focus(None)
        with self.app.batch_update():
            host.remove_children()
            host.mount(widget)
        if had_focus:
            self.focus_inside()
        return widget

    def _focus_again(self) -> None:
        """The keys go to the new widget, unless somebody else got them meanwhile."""
        focused = self.screen.focused
        if focused is None or self in focused.ancestors:
            self.focus_inside()

    # -- which viewer -----------------------------------------------------------------------------------

    def _find(self, viewer: str | None) -> Viewer | None:
        return next((each for each in self._offered if each.id == viewer), None)

    def _first(self) -> Viewer | None:
        """What the person chose last for this kind of file where it is offered, or the most telling."""
        candidates = [each for each in self._offered if not (self._in_two and each.id == INFO)]
        return self._choice.best(self._file.kind if self._file is not None else "", candidates)

    def _byte_view(self) -> BytesShown | None:
        """The view of bytes of the widget presented last; None while that is not composed."""
        if self._presented is None or not self.shows_bytes:
            return None
        shown = (*self._presented.query(HexView), *self._presented.query(TextView))
        return shown[0] if shown else None

    def _take_aim(self, aim: tuple[int, int] | None) -> None:
        """Go to (offset, length) in the bytes: now, or as soon as there is a view that can."""
        self._aim = aim
        shown = self._byte_view()
        if aim is not None and shown is not None and shown.can_jump:
            self._aim = None
            shown.jump(*aim)

    @on(HexView.Shown)
    def _can_jump(self, event: HexView.Shown) -> None:
        event.stop()
        if event.widget is self._byte_view():
            self._take_aim(self._aim)

    # -- what the person does ---------------------------------------------------------------------------

    @on(TabLine.Selected)
    def _tab_selected(self, event: TabLine.Selected) -> None:
        event.stop()
        self.use(event.tab)

    @on(JumpToOffset)
    def _jump_asked(self, event: JumpToOffset) -> None:
        event.stop()
        if self._version is not None:
            self.show_version(self._version, offset=event.offset, length=event.length)
            self.call_after_refresh(self.focus_inside)

    @on(ShowVersion)
    def _version_asked(self, event: ShowVersion) -> None:
        event.stop()
        files = self.store.files
        other = files.by_key(event.key) if files else None
        if other is not None:
            self.post_message(ChooseFile(other.path, other.key, deeper=True, jump=True))

    @on(KeyValues.Activated)
    def _activated(self, event: KeyValues.Activated) -> None:
        if isinstance(event.payload, GoToFinding):
            event.stop()
            goal = event.payload
            self.post_message(
                ChooseFinding(goal.finding, deeper=True, offset=goal.offset, length=goal.length)
            )

    @on(FilterBar.Submitted, "#detail-bar")
    def _bar_submitted(self, event: FilterBar.Submitted) -> None:
        event.stop()
        bar, shown = self._bar, self._byte_view()
        if shown is None:
            self.focus_inside()
            return
        if self._asks_offset and not event.value.strip():
            bar.close()
            return
        try:
            if self._asks_offset:
                shown.jump(parse_offset(event.value, shown.source.size), 1)
            else:
                shown.find(parse_needles(event.value), ignore_case=True)
        except ValueError as problem:
            bar.complain(str(problem))
            bar.take_keys()
            return
        if self._asks_offset:
            bar.close()
        focus_now(shown)

    @on(FilterBar.Changed, "#detail-bar")
    def _bar_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._bar.complain("")

    @on(FilterBar.Closed, "#detail-bar")
    def _bar_closed(self, event: FilterBar.Closed) -> None:
        event.stop()
        shown = self._byte_view()
        if shown is not None:
            shown.find(())
        self.focus_inside()

    @on(HexView.SearchEnded)
    def _search_ended(self, event: HexView.SearchEnded) -> None:
        event.stop()
        told: Styled = "n next  N previous" if event.hit else (("not there", "error"),)
        self._bar.note(told)


def _is_same(one: FileVersion | None, other: FileVersion) -> bool:
    return one is not None and (one.key, one.path, one.sha256) == (other.key, other.path, other.sha256)


PANE = PaneKind("detail", "Detail", DetailPane)
