"""The build in the order of its steps: when, what, how much, and what was found in it."""

from __future__ import annotations

from collections.abc import Sequence

from forensics.model.findings import Finding, Severity
from forensics.tui.cards import layer_card
from forensics.tui.image_rows import BuildStep, LayerRow, build_steps
from forensics.tui.panes._pane import ChooseFinding, ChooseLayer, PaneKind
from forensics.tui.panes._records import RecordsPane
from forensics.tui.queries import Field
from forensics.tui.store import Topic
from forensics.tui.widgets import Blank, Column, Fact, Heading, Item, Paragraph, Styled
from forensics.tui.words import NOTHING, count_text, instruction_text, severity_part, size_text, worst_part


class TimelinePane(RecordsPane[BuildStep]):
    """The steps, with the layer each made."""

    topics = frozenset({Topic.IMAGE, Topic.LAYERS, Topic.FINDINGS})
    columns = (
        Column("created", 16, importance=6),
        Column("layer", 5, "right", importance=9),
        Column("size", 5, "right", importance=7),
        Column("Δ+", 4, "right", importance=4),
        Column("Δ~", 3, "right", importance=3),
        Column("Δ-", 3, "right", importance=3),
        Column("worst", 5, importance=8),
        Column("step", 40, min_width=20, flexible=True, importance=9),
    )
    fields = {
        "layer": Field(
            lambda step: "none" if step.layer is None else str(step.layer),
            lambda step: -1 if step.layer is None else step.layer,
            float,
        ),
        "created": Field(lambda step: step.created),
    }
    heading = "Build steps"
    hint = "words of the instruction, layer:none, created:2026-03"

    def records(self) -> Sequence[BuildStep] | None:
        """The steps in order."""
        card = self.store.card
        return None if card is None else build_steps(card.config, self.store.image_layers)

    def cells(self, record: BuildStep) -> Sequence[Styled]:
        """One step in words."""
        created = record.created.replace("T", " ")[:16] or NOTHING
        text = instruction_text(record.instruction) or record.comment or NOTHING
        layer = self._layer(record)
        if layer is None:
            return (created, "·", "", "", "", "", "", ((text, "muted"),))
        severity, count = self._worst(layer)
        return (
            created,
            str(layer.index),
            size_text(layer.size),
            ((count_text(layer.added), "added"),),
            ((count_text(layer.modified, brief=True), "modified"),),
            ((count_text(layer.deleted, brief=True), "deleted"),),
            (worst_part(severity, count),),
            text,
        )

    def words(self, record: BuildStep) -> str:
        """Instruction and comment."""
        return f"{record.instruction}\n{record.comment}"

    def card(self, record: BuildStep) -> Sequence[Item]:
        """The whole instruction, and the layer with its findings."""
        layer = self._layer(record)
        if layer is None:
            return [
                Heading("A step that changed no file"),
                Paragraph(record.instruction or NOTHING),
                Blank(),
                Fact("created", record.created or NOTHING),
                Fact("comment", record.comment or NOTHING),
            ]
        items: list[Item] = list(layer_card(self.store, layer))
        if not record.recorded:
            items.insert(1, Paragraph((("The history does not speak of this layer.", "warning"),)))
        found = [finding for finding in self.store.findings.ordered if finding.layer == layer.index]
        items += [
            Paragraph((severity_part(each.severity, 12), f"{each.path or ''}  {each.title}"), payload=each)
            for each in found
        ]
        return items

    def open_record(self, record: BuildStep) -> None:
        """To the layer."""
        if record.layer is not None:
            self.post_message(ChooseLayer(record.layer, deeper=True))

    def follow(self, payload: object) -> None:
        """To a finding."""
        if isinstance(payload, Finding):
            self.post_message(ChooseFinding(payload, deeper=True))

    def _layer(self, step: BuildStep) -> LayerRow | None:
        layers = self.store.image_layers
        return layers[step.layer] if step.layer is not None and step.layer < len(layers) else None

    def _worst(self, layer: LayerRow) -> tuple[Severity | None, int]:
        return self.store.findings.worst_in_layer(layer.index)


PANE = PaneKind("timeline", "Timeline", TimelinePane, tab=7)
