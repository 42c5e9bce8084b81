"""The drill-down: layers, files, findings and detail side by side; on a narrow screen one at a time."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.message import Message

from forensics.tui.navigation import ColumnName
from forensics.tui.panes._pane import Pane
from forensics.tui.panes.detail import DetailPane
from forensics.tui.panes.files import FilesPane
from forensics.tui.panes.findings import FindingsPane
from forensics.tui.panes.layers import LayersPane
from forensics.tui.store import Store, Topic
from forensics.tui.widgets import Below, Beside, Breadcrumb

COLUMNS: tuple[ColumnName, ...] = ("layers", "files", "detail", "findings")
"""In the order in which `tab` goes through them."""

NARROW = 100
"""With fewer columns of the terminal the parts are shown one at a time."""


class Workspace(Below):
    """Holds the columns and knows which one has the keys."""

    class ColumnEntered(Message):
        """The keys went to another column."""

        def __init__(self, column: ColumnName) -> None:
            super().__init__()
            self.column = column

    def __init__(self, store: Store, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.layers_pane = LayersPane(store)
        self.files_pane = FilesPane(store)
        self.findings_pane = FindingsPane(store, with_card=False)
        self.detail_pane = DetailPane(store)
        self._active: ColumnName = "layers"
        self._zoomed = False
        self._alone = False

    def compose(self) -> ComposeResult:
        """The breadcrumb of the narrow screen, then the columns."""
        yield Breadcrumb(id="workspace-crumbs")
        with Beside(id="workspace-columns"):
            with Below(id="workspace-left"):
                with Beside(id="workspace-upper"):
                    yield self.layers_pane
                    yield self.files_pane
                yield self.findings_pane
            yield self.detail_pane

    @property
    def active(self) -> ColumnName:
        """The column that has the keys, or had them last."""
        return self._active

    @property
    def shows_one(self) -> bool:
        """Whether one column is shown at a time."""
        return self._alone

    def pane(self, column: ColumnName) -> Pane:
        """The pane of a column."""
        panes: dict[ColumnName, Pane] = {
            "layers": self.layers_pane,
            "files": self.files_pane,
            "findings": self.findings_pane,
            "detail": self.detail_pane,
        }
        return panes[column]

    def enter(self, column: ColumnName) -> None:
        """Give the keys to a column; on a narrow screen this also shows it."""
        self._become_active(column)
        self.pane(column).focus_inside()

    def neighbour(self, step: int) -> ColumnName:
        """The column `step` places on, going round."""
        return COLUMNS[(COLUMNS.index(self._active) + step) % len(COLUMNS)]

    def store_changed(self, topics: frozenset[Topic]) -> None:
        """Pass it on."""
        for column in COLUMNS:
            self.pane(column).store_changed(topics)

    def set_crumbs(self, steps: tuple[str, ...]) -> None:
        """Where one is, for the narrow screen."""
        self.query_one(Breadcrumb).set_steps(steps)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Notice which column the keys went to; the word of a widget that lost them meanwhile is too late."""
        if event.widget is not self.screen.focused:
            return
        for column in COLUMNS:
            if self.pane(column) in event.widget.ancestors_with_self:
                self._become_active(column)
                return

    def on_resize(self) -> None:
        """One column at a time where there is no room for more."""
        self._arrange()

    def zoom(self) -> None:
        """One column at a time although there is room for more, and back."""
        self._zoomed = not self._zoomed
        self._arrange()

    def _become_active(self, column: ColumnName) -> None:
        if column != self._active:
            self._active = column
            self._arrange()
            self.post_message(self.ColumnEntered(column))

    def _arrange(self) -> None:
        """Show all columns, or the active one alone.

        Sets what is shown piece by piece: a class would have the style of everything inside computed again at
        every step from column to column.
        """
        alone = self._zoomed or self.size.width < NARROW
        if not alone and not self._alone:
            return
        self._alone = alone
        for column in COLUMNS:
            self.pane(column).display = not alone or column == self._active
        self.query_one("#workspace-crumbs").display = alone
        self.query_one("#workspace-left").display = not alone or self._active != "detail"
        self.query_one("#workspace-left").styles.width = "1fr" if alone else None
        self.query_one("#workspace-upper").display = not alone or self._active in ("layers", "files")
        self.layers_pane.styles.width = "1fr" if alone else None
