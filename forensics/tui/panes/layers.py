"""The layers: size, what each changed, its worst finding, and the instruction that made it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult

from forensics.model.findings import Severity
from forensics.tui.image_rows import LayerRow
from forensics.tui.panes._pane import ChooseLayer, Pane, PaneKind
from forensics.tui.store import Store, Topic
from forensics.tui.widgets import Column, Part, Styled, VirtualTable
from forensics.tui.words import SIGN_CELLS, UNKNOWN, count_text, instruction_text, size_text

_COLUMNS = (
    Column("#", 5, "right", importance=9),
    Column("size", 5, "right", importance=7),
    Column("Δ+", 4, "right", importance=6, fitted=True),
    Column("Δ~", 3, "right", importance=5, fitted=True),
    Column("Δ-", 3, "right", importance=5, fitted=True),
    Column("found", 5, "right", importance=4),
    Column("instruction", 30, min_width=8, flexible=True, importance=8),
)


class _LayerTable:
    """The whole image, then its layers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self) -> int:
        """The whole image counts as a row once there is a layer."""
        layers = len(self._store.image_layers)
        return layers + 1 if layers else 0

    def row(self, index: int) -> Sequence[Styled]:
        """One layer in words."""
        if index == 0:
            severity, count = self._store.findings.worst()
            first = (_sign(severity), " ∑")
            return (first, size_text(self._store.size), "", "", "", count_text(count), "whole image")
        layer = self._store.image_layers[index - 1]
        severity, count = self._store.findings.worst_in_layer(layer.index)
        return (
            _number(layer, severity),
            size_text(layer.size),
            ((count_text(layer.added), "added"),),
            ((count_text(layer.modified, brief=True), "modified"),),
            ((count_text(layer.deleted, brief=True), "deleted"),),
            count_text(count),
            _instruction(layer),
        )


class LayersPane(Pane):
    """The first column of the drill-down."""

    topics = frozenset({Topic.IMAGE, Topic.LAYERS, Topic.FINDINGS})

    def compose(self) -> ComposeResult:
        """The table."""
        yield VirtualTable(_LayerTable(self.store), _COLUMNS, id="layer-table")

    @property
    def chosen(self) -> int | None:
        """The layer under the cursor, None for the whole image."""
        cursor = self.query_one(VirtualTable).cursor
        return cursor - 1 if cursor else None

    def draw(self) -> None:
        """Fill the table again; the cursor keeps its layer."""
        self.query_one(VirtualTable).refresh_model()
        count = len(self.store.image_layers)
        self.entitle("Layers" if self.store.card else f"Layers {UNKNOWN}", f"{count}" if count else "")

    def choose(self, layer: int | None) -> None:
        """Put the cursor on a layer without telling anybody."""
        self.query_one(VirtualTable).move_cursor(0 if layer is None else layer + 1, notify=False)

    @on(VirtualTable.Highlighted)
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        self.post_message(ChooseLayer(self.chosen))

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.post_message(ChooseLayer(self.chosen, deeper=True))


def _sign(severity: Severity | None) -> Part:
    """The sign of the worst finding."""
    return (severity.sign.ljust(SIGN_CELLS), severity.value) if severity else " " * SIGN_CELLS


def _number(layer: LayerRow, severity: Severity | None) -> Styled:
    """The index behind the worst finding's sign, a digest that was not met, or a layer that is not there."""
    number = f"{layer.index:>2}"
    if not layer.present:
        return (("? ", "error"), number)
    if layer.verified is False:
        return (("≠ ", "error"), number)
    return (_sign(severity), number)


def _instruction(layer: LayerRow) -> Styled:
    if not layer.present:
        return (("not in the archive", "error"),)
    text = instruction_text(layer.created_by)
    if layer.base:
        return ((f"base  {text}".rstrip(), "muted"),)
    return text


PANE = PaneKind("layers", "Layers", LayersPane)
