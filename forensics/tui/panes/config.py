"""What the image would run, with what environment, and the steps that built it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult

from forensics.model.findings import Finding
from forensics.model.report import ReportConfig
from forensics.tui.cards import image_card
from forensics.tui.image_rows import build_steps
from forensics.tui.panes._pane import ChooseFinding, ChooseLayer, Pane, PaneKind
from forensics.tui.store import Topic
from forensics.tui.widgets import Blank, Fact, Heading, Item, KeyValues, Paragraph
from forensics.tui.words import NOTHING, UNKNOWN, severity_part


class ConfigPane(Pane):
    """One sheet to read from top to bottom."""

    topics = frozenset({Topic.IMAGE, Topic.LAYERS, Topic.FINDINGS})

    def compose(self) -> ComposeResult:
        """The sheet."""
        yield KeyValues()

    def draw(self) -> None:
        """Write the sheet again."""
        self.entitle("Configuration")
        self.query_one(KeyValues).set_items(self._items())

    def _items(self) -> Sequence[Item]:
        card = self.store.card
        if card is None:
            return [Paragraph(UNKNOWN)]
        return [
            *self._findings(),
            *_runs(card.config),
            *_lists(card.config),
            Heading("Image"),
            *image_card(self.store)[1:],
            Blank(),
            *self._steps(card.config),
        ]

    def _findings(self) -> Iterator[Item]:
        about = [finding for finding in self.store.findings.ordered if finding.path is None]
        if not about:
            return
        yield Heading("Findings about the image itself")
        for finding in about:
            yield Paragraph((severity_part(finding.severity, 12), finding.title), indent=1, payload=finding)
        yield Blank()

    def _steps(self, config: ReportConfig) -> Iterator[Item]:
        yield Heading("History")
        for number, step in enumerate(build_steps(config, self.store.image_layers)):
            where = "no layer" if step.layer is None else f"layer {step.layer}"
            remark = "" if step.recorded else " (not in the history)"
            text = ((f"{number:>3}  {where:<9} ", "muted"), step.instruction or NOTHING, (remark, "warning"))
            yield Paragraph(text, payload=step)

    @on(KeyValues.Activated)
    def _activated(self, event: KeyValues.Activated) -> None:
        event.stop()
        if isinstance(event.payload, Finding):
            self.post_message(ChooseFinding(event.payload, deeper=True))
        elif (layer := getattr(event.payload, "layer", None)) is not None:
            self.post_message(ChooseLayer(layer, deeper=True))


def _runs(config: ReportConfig) -> Iterator[Item]:
    yield Heading("What it runs")
    yield Fact("entrypoint", _words(config.entrypoint))
    yield Fact("cmd", _words(config.cmd))
    yield Fact("user", config.user or (("root (none is set)", "warning"),))
    yield Fact("working dir", config.working_dir or "/")
    yield Fact("shell", _words(config.shell))
    yield Fact("healthcheck", _words(config.healthcheck))
    yield Fact("stop signal", config.stop_signal or NOTHING)
    yield Fact("on build", " · ".join(config.on_build) or NOTHING)
    yield Blank()


def _lists(config: ReportConfig) -> Iterator[Item]:
    for title, lines in (
        ("Environment", config.env),
        ("Ports", config.exposed_ports),
        ("Volumes", config.volumes),
        ("Labels", tuple(f"{key}={text}" for key, text in config.labels.items())),
    ):
        yield Heading(f"{title} ({len(lines)})" if lines else title)
        if not lines:
            yield Paragraph(((NOTHING, "muted"),), indent=1)
        for line in lines:
            name, sign, text = line.partition("=")
            yield Paragraph(((name, "accent"), sign, text), indent=1)
        yield Blank()


def _words(words: tuple[str, ...]) -> str:
    """The words as a shell would need them quoted, so that their ends can be seen."""
    if not words:
        return NOTHING
    return " ".join(
        f'"{word}"' if not word or any(char.isspace() for char in word) else word for word in words
    )


PANE = PaneKind("config", "Config", ConfigPane, tab=6)
