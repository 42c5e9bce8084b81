"""The answer in one sheet: the verdict and its reasons, what was compared, what to look at next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult

from forensics.model.findings import Finding, Severity
from forensics.quantities import counted
from forensics.tui.cards import image_card
from forensics.tui.panes._pane import ChooseFinding, Pane, PaneKind, ShowTab
from forensics.tui.progress_words import unfinished
from forensics.tui.store import Run, Topic
from forensics.tui.widgets import Blank, Fact, Heading, Item, KeyValues, Paragraph, Part, Styled
from forensics.tui.words import UNKNOWN, severity_counts, severity_part, share_text, size_words

VERDICT_TONES = {"clean": "success", "review": "warning", "suspicious": "error", "malicious": "critical"}
_TOP = 12
_COMPARED = {
    "sbom": "the declared SBOM, the package databases and the bytes against one another",
    "packages": "the package databases against the bytes; no SBOM is declared",
    "none": "nothing: neither an SBOM nor a package database was found",
}


@dataclass(frozen=True, slots=True)
class _Step:
    """Something to look at, in the tab with this id."""

    tab: str


class OverviewPane(Pane):
    """One sheet; its lines marked with an arrow lead on."""

    topics = frozenset(
        {Topic.IMAGE, Topic.LAYERS, Topic.FINDINGS, Topic.PACKAGES, Topic.DRIFT, Topic.COVERAGE, Topic.RUN}
    )

    def compose(self) -> ComposeResult:
        """The sheet."""
        yield KeyValues()

    def draw(self) -> None:
        """Write the sheet again."""
        self.entitle("Overview")
        self.query_one(KeyValues).set_items(
            [
                *self._verdict(),
                *self._counts(),
                *self._top(),
                *self._next(),
                *image_card(self.store),
                *self._known(),
            ]
        )

    def _verdict(self) -> Iterator[Item]:
        store = self.store
        so_far = bool(unfinished(store))
        verdict = store.verdict
        if verdict is None:
            word = "nothing found so far" if so_far else "nothing found"
            yield Heading(((f"● {word}", "muted"),))
        else:
            tail = f"   score {verdict.score} of 100" + ("   so far" if so_far else "")
            yield Heading(
                ((f"● {verdict.level.upper()}", VERDICT_TONES.get(verdict.level, "")), (tail, "muted"))
            )
            for reason in verdict.reasons:
                yield Paragraph(reason, indent=2)
        if store.run is Run.STOPPED:
            yield Paragraph((("The analysis was stopped: what is here is not all.", "warning"),), indent=2)
        if store.run is Run.FAILED and store.error is not None:
            yield Paragraph(((store.error.message, "error"),), indent=2)
            yield Paragraph(((store.error.hint, "muted"),), indent=2)
        yield Blank()

    def _counts(self) -> Iterator[Item]:
        findings = self.store.findings.ordered
        if not findings:
            return
        parts: list[Part] = []
        for severity, count in severity_counts(findings).items():
            parts += [
                "   " if parts else "",
                (f"{severity.sign} {count} {severity.value}", severity.value),
            ]
        yield Fact("findings", parts)
        categories = Counter(finding.category.value for finding in findings)
        ranked = sorted(categories.items(), key=lambda pair: (-pair[1], pair[0]))
        yield Fact("categories", ", ".join(f"{count} {name}" for name, count in ranked))
        hidden = sum(1 for finding in findings if finding.state and finding.state.value != "visible")
        if hidden:
            yield Fact("hidden", f"{hidden} of them in files that a later layer deleted or overwrote")
        yield Blank()

    def _top(self) -> Iterator[Item]:
        worth = [each for each in self.store.findings.ordered if each.severity.rank >= Severity.MEDIUM.rank]
        if not worth:
            return
        yield Heading("Worst findings")
        for finding in worst_each_rule_once(worth)[:_TOP]:
            place = "" if finding.layer is None else f"layer {finding.layer}  "
            told: Styled = (
                severity_part(finding.severity, 12),
                (place, "muted"),
                finding.path or "",
                "  " if finding.path else "",
                (finding.title, "strong"),
            )
            yield Paragraph(told, payload=finding)
        yield Blank()

    def _next(self) -> Iterator[Item]:
        steps = list(self._steps())
        if not steps:
            return
        yield Heading("What to look at next")
        for text, tab in steps:
            yield Paragraph(text, payload=_Step(tab))
        yield Blank()

    def _steps(self) -> Iterator[tuple[str, str]]:
        store = self.store
        serious = sum(1 for each in store.findings.ordered if each.severity.rank >= Severity.HIGH.rank)
        if serious:
            yield f"{counted(serious, 'finding')} at high or critical, worst first", "findings"
        sbom = store.sbom
        if sbom is not None:
            files, packages = sbom.files, sbom.packages
            if files.altered:
                yield f"{counted(len(files.altered), 'file')} with other bytes than were declared", "sbom"
            if files.unowned:
                count = counted(
                    len(files.unowned), "program, library or script", "programs, libraries and scripts"
                )
                yield f"{count} that nobody claims", "sbom"
            drift = len(packages.undeclared) + len(packages.absent) + len(packages.version_changed)
            if drift:
                yield f"{counted(drift, 'package')} on which the SBOM and the image disagree", "sbom"
        lost = sum(issue.lost_bytes for issue in store.issues)
        if lost:
            yield f"{size_words(lost)} that could not be examined", "coverage"
        unmet = [layer.index for layer in store.image_layers if layer.verified is False]
        if unmet:
            yield f"layers whose digest does not agree: {', '.join(map(str, unmet))}", "timeline"
        if store.card is not None and (store.card.config.entrypoint or store.card.config.cmd):
            yield "what the image runs, its environment and its labels", "config"

    def _known(self) -> Iterator[Item]:
        store = self.store
        sbom, packages, coverage = store.sbom, store.packages, store.coverage
        yield Fact("packages", UNKNOWN if packages is None else f"{len(packages):,}")
        yield Fact("compared", UNKNOWN if sbom is None else _COMPARED.get(sbom.reference, sbom.reference))
        share = store.examined_share
        yield Fact("examined", UNKNOWN if share is None else f"{share_text(share)} of the bytes")
        if coverage is not None:
            yield Fact("files", f"{coverage.files:,} versions, {coverage.examined_files:,} examined whole")
        if store.report is not None:
            tool = store.report.tool
            yield Fact("signatures", f"{tool.signatures.rules:,} rules, {tool.signatures.digest}")
            yield Fact("made by", f"{tool.name} {tool.version}  {tool.started}")

    @on(KeyValues.Activated)
    def _activated(self, event: KeyValues.Activated) -> None:
        event.stop()
        if isinstance(event.payload, Finding):
            self.post_message(ChooseFinding(event.payload, deeper=True))
        elif isinstance(event.payload, _Step):
            self.post_message(ShowTab(event.payload.tab))


def worst_each_rule_once(findings: list[Finding]) -> list[Finding]:
    """The findings with the first of every rule in front, otherwise in their order."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.rule_id, finding)
    chosen = {finding.id for finding in first.values()}
    return [*first.values(), *(finding for finding in findings if finding.id not in chosen)]


PANE = PaneKind("overview", "Overview", OverviewPane, tab=1)
