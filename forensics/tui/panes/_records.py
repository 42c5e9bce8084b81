"""A pane that lists records of one kind, with a filter and, beside the list, all about the chosen one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult

from forensics.tui.panes._pane import Pane, focus_now, open_bar
from forensics.tui.progress_words import has_ended, unfinished
from forensics.tui.queries import Field, QueryError, compile_query, remark
from forensics.tui.store import Store
from forensics.tui.widgets import Beside, Column, FilterBar, Item, KeyValues, Paragraph, Styled, VirtualTable
from forensics.tui.words import UNKNOWN

Record = TypeVar("Record")


class _RecordTable(Generic[Record]):
    """The records that the filter leaves."""

    def __init__(self, cells: Callable[[Record], Sequence[Styled]]) -> None:
        self.records: Sequence[Record] = ()
        self._cells = cells

    def count(self) -> int:
        """How many there are."""
        return len(self.records)

    def row(self, index: int) -> Sequence[Styled]:
        """One record in words."""
        return self._cells(self.records[index])


class RecordsPane(Pane, Generic[Record]):
    """A summary, a list, a card and a filter. Subclasses say what the records are and how they read."""

    columns: ClassVar[tuple[Column, ...]] = ()
    fields: ClassVar[Mapping[str, Field[Any]]] = {}
    heading: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._table: _RecordTable[Record] = _RecordTable(self.cells)
        self._query = ""
        self._all: Sequence[Record] | None = None

    # -- what subclasses give ---------------------------------------------------------------------------

    @abstractmethod
    def records(self) -> Sequence[Record] | None:
        """All records in order, None while they are not known."""

    @abstractmethod
    def cells(self, record: Record) -> Sequence[Styled]:
        """One text a column."""

    @abstractmethod
    def words(self, record: Record) -> str:
        """What a word in the filter is looked for in."""

    def summary(self) -> Sequence[Item]:
        """What stands above the list."""
        return ()

    @abstractmethod
    def card(self, record: Record) -> Sequence[Item]:
        """Everything about one record."""

    def nothing(self) -> str:
        """A sentence for an empty list."""
        return "Nothing to show."

    def unknown(self) -> str:
        """A sentence for records that are not known."""
        if has_ended(self.store):
            return f"not known: {unfinished(self.store) or 'the report does not say'}"
        return f"{UNKNOWN} not known yet"

    def open_record(self, record: Record) -> None:
        """Follow a record, where it leads somewhere."""

    def follow(self, payload: object) -> None:
        """Follow a line of the card or of the summary."""

    # -- the pane ---------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Summary, list, card, filter."""
        yield KeyValues(classes="summary")
        with Beside(classes="records"):
            yield VirtualTable(self._table, self.columns)
            yield KeyValues(classes="card")
        yield FilterBar("/", self.hint)

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    @property
    def listed(self) -> Sequence[Record]:
        """The records the filter leaves."""
        return self._table.records

    @property
    def chosen(self) -> Record | None:
        """The record under the cursor."""
        return self.listed[self.table.cursor] if self.listed else None

    def focus_inside(self) -> None:
        """The list gets the keys."""
        focus_now(self.table)

    def filter_for(self, query: str) -> None:
        """List what a filter leaves, as if the person had typed it."""
        self._query = query
        self.query_one(FilterBar).open(query)
        self.draw()
        focus_now(self.table)

    def open_filter(self) -> None:
        """Let the person type a filter."""
        open_bar(self.query_one(FilterBar), self._query)

    def draw(self) -> None:
        """List again; the cursor keeps its record."""
        chosen = self.chosen
        self._all = self.records()
        try:
            test = compile_query(self._query, self.fields, self.words)
            self._table.records = [record for record in self._all or () if test is None or test(record)]
        except QueryError as error:
            problem, in_force = str(error), ""
            self._table.records = self._all or ()
        else:
            problem, in_force = remark(self._query, self.fields), self._query
        row = self.listed.index(chosen) if chosen is not None and chosen in self.listed else 0
        self.table.refresh_model(cursor=row)
        self._entitle(in_force, problem)
        summary = self.query_one(".summary", KeyValues)
        summary.set_items(self.summary())
        summary.display = bool(summary.items)
        self._draw_card()

    def _entitle(self, in_force: str, problem: str) -> None:
        """The title, with the filter that is in force, and what is wrong with what was typed."""
        count = "" if has_ended(self.store) else UNKNOWN
        if self._all is not None:
            shown, total = len(self.listed), len(self._all)
            count = f"{total:,}" if shown == total else f"{shown:,} of {total:,}"
        filtered = f" · {in_force}" if in_force else ""
        self.entitle((self.heading, (filtered, "accent")), count)
        self.query_one(FilterBar).answer(count, problem)

    def _draw_card(self) -> None:
        card = self.query_one(".card", KeyValues)
        record = self.chosen
        if record is not None:
            card.set_items(self.card(record))
        elif self._all is None:
            card.set_items([Paragraph(((self.unknown(), "muted"),))])
        else:
            card.set_items([Paragraph(((self.nothing(), "muted"),))])

    @on(VirtualTable.Highlighted)
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        self._draw_card()

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        if self.chosen is not None:
            self.open_record(self.chosen)

    @on(KeyValues.Activated)
    def _activated(self, event: KeyValues.Activated) -> None:
        event.stop()
        self.follow(event.payload)

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
