"""The findings: a list to filter and sort, and the whole story of the chosen one beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult

from forensics.model.findings import Finding
from forensics.printable import told_apart
from forensics.tui.finding_card import GoToFinding, finding_card
from forensics.tui.findings_book import FINDING_FIELDS, SORTS
from forensics.tui.panes._pane import ChooseFinding, Pane, PaneKind, focus_now, open_bar
from forensics.tui.progress_words import has_ended, none_so_far, unfinished
from forensics.tui.queries import QueryError, remark
from forensics.tui.store import Store, Topic
from forensics.tui.widgets import Beside, Column, FilterBar, KeyValues, Paragraph, Styled, VirtualTable
from forensics.tui.words import UNKNOWN, severity_part, state_text

_COLUMNS = (
    Column("", 1, importance=4),
    Column("severity", 11, importance=9),
    Column("rule", 26, min_width=14, flexible=True, importance=8, fitted=True),
    Column("layer", 5, "right", importance=6),
    Column("path", 34, min_width=16, flexible=True, importance=7, fitted=True, cut="start"),
    Column("state", 17, importance=5, fitted=True),
)
_SORT_OF_COLUMN = {1: "severity", 2: "rule", 3: "layer", 4: "path", 5: "state"}


class _FindingTable:
    """The findings that the filter leaves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.listed: Sequence[Finding] = ()

    def count(self) -> int:
        """How many there are."""
        return len(self.listed)

    def row(self, index: int) -> Sequence[Styled]:
        """One finding in words."""
        finding = self.listed[index]
        reviewed = self._store.notebook.is_reviewed(finding.id)
        return (
            (("✓", "success"),) if reviewed else "",
            (severity_part(finding.severity),),
            finding.rule_id,
            "·" if finding.layer is None else str(finding.layer),
            told_apart(finding.path) if finding.path is not None else ((finding.title, "muted"),),
            state_text(finding.state, finding.changed_by_layer),
        )


class FindingsPane(Pane):
    """The list, filling a tab together with the card, or alone below the columns."""

    topics = frozenset({Topic.FINDINGS, Topic.RUN, Topic.NOTES})

    def __init__(self, store: Store, *, with_card: bool = True) -> None:
        super().__init__(store)
        self._with_card = with_card
        self._table = _FindingTable(store)
        self._query = ""
        self._sort = ("severity", False)

    def compose(self) -> ComposeResult:
        """List, card, filter."""
        with Beside():
            yield VirtualTable(self._table, _COLUMNS, id="finding-table")
            if self._with_card:
                yield KeyValues(id="finding-card")
        yield FilterBar(
            "/", "words, severity>=medium, layer:5, state:deleted, category:miner, -word", id="finding-filter"
        )

    # -- what the screen asks ---------------------------------------------------------------------------

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    @property
    def chosen(self) -> Finding | None:
        """The finding under the cursor."""
        listed = self._table.listed
        return listed[self.table.cursor] if listed else None

    @property
    def listed(self) -> Sequence[Finding]:
        """The findings in the order of the list."""
        return self._table.listed

    def choose(self, finding_id: str) -> None:
        """Put the cursor on a finding, if the filter leaves it, without telling anybody."""
        for row, finding in enumerate(self._table.listed):
            if finding.id == finding_id:
                self.table.move_cursor(row, notify=False)
                self._draw_card()
                return

    def open_filter(self) -> None:
        """Let the person type a filter."""
        open_bar(self.query_one(FilterBar), self._query)

    def draw(self) -> None:
        """List again; the cursor keeps its finding, or stays at the top while nobody moved it."""
        chosen = self.chosen if self.table.cursor or self.has_focus_within else None
        sort, descending = self._sort
        try:
            self._table.listed = self.store.findings.listed(self._query, sort, descending=descending)
        except QueryError as error:
            problem, in_force = str(error), ""
            self._table.listed = self.store.findings.listed("", sort, descending=descending)
        else:
            problem, in_force = remark(self._query, FINDING_FIELDS), self._query
        row = next((row for row, each in enumerate(self._table.listed) if chosen and each.id == chosen.id), 0)
        self.table.refresh_model(cursor=row)
        self._entitle(in_force)
        self.query_one(FilterBar).answer(self._count_text(), problem)
        self._draw_card()

    # -- words ------------------------------------------------------------------------------------------

    def _entitle(self, in_force: str) -> None:
        """The title, with the filter that is in force."""
        filtered = f" · {in_force}" if in_force else ""
        self.entitle(("Findings", (filtered, "accent")), self._count_text())

    def _count_text(self) -> str:
        shown, total = len(self._table.listed), len(self.store.findings)
        more = ""
        if unfinished(self.store):
            more = " so far" if has_ended(self.store) else f" {UNKNOWN}"
        return (f"{total:,}" if shown == total else f"{shown:,} of {total:,}") + more

    def _nothing(self) -> str:
        """A sentence for an empty list."""
        if self._query:
            return "No finding answers the filter."
        return none_so_far(self.store, "finding", "Nothing was found.")

    def _draw_card(self) -> None:
        if not self._with_card:
            return
        finding = self.chosen
        card = self.query_one(KeyValues)
        if finding is None:
            card.set_items([Paragraph(((self._nothing(), "muted"),))])
        else:
            card.set_items(finding_card(finding, reviewed=self.store.notebook.is_reviewed(finding.id)))

    # -- what the person does ---------------------------------------------------------------------------

    @on(VirtualTable.Highlighted)
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        self._draw_card()
        if not self._with_card and self.chosen is not None and self.table.has_focus:
            self.post_message(ChooseFinding(self.chosen))

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        if self.chosen is not None:
            self.post_message(ChooseFinding(self.chosen, deeper=True))

    @on(VirtualTable.HeaderClicked)
    def _header_clicked(self, event: VirtualTable.HeaderClicked) -> None:
        event.stop()
        name = _SORT_OF_COLUMN.get(event.column)
        if name in SORTS:
            self._sort = (name, self._sort == (name, False))
            self.table.set_sort(event.column, descending=self._sort[1])
            self.draw()

    @on(KeyValues.Activated)
    def _activated(self, event: KeyValues.Activated) -> None:
        event.stop()
        if isinstance(event.payload, GoToFinding):
            goal = event.payload
            self.post_message(
                ChooseFinding(goal.finding, deeper=True, offset=goal.offset, length=goal.length)
            )

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._query = event.value
        self.draw()

    @on(FilterBar.Submitted)
    def _filter_submitted(self, event: FilterBar.Submitted) -> None:
        event.stop()
        focus_now(self.table)

    @on(FilterBar.Closed)
    def _filter_closed(self, event: FilterBar.Closed) -> None:
        event.stop()
        self._query = ""
        self.draw()
        focus_now(self.table)


PANE = PaneKind("findings", "Findings", FindingsPane, tab=3)
