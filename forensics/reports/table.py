"""The report for people: the verdict first, then what it stands on, in at most 80 columns."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from forensics.model.findings import Finding, Severity
from forensics.model.issues import Issue
from forensics.model.report import Coverage, FileDrift, PackageDriftReport, Report, ReportImage, SbomSection
from forensics.pipeline.missing import is_size_known, missing_parts, what_is_missing
from forensics.printable import printable
from forensics.quantities import counted, human_size
from forensics.reports._format import ReportFormat
from forensics.reports._words import (
    LEVEL_SIGNS,
    LEVEL_STYLES,
    STYLES,
    layer_table,
    severity_counts,
)

_WIDTH = 80
_LIST_ROWS = 25
_EVIDENCE_ROWS = 4
_REFERENCES = {
    "sbom": "the declared SBOM",
    "packages": "the package databases (no SBOM was declared)",
    "none": "nothing: neither an SBOM nor a package database was found",
}


class TableReport(ReportFormat):
    """Plain text: lists of more than 25 rows are cut and say so; the JSON report has all."""

    id = "table"
    extension = ".txt"

    def render(self, report: Report) -> str:
        """The report as text of 80 columns without colour or any control character but the newline."""
        file = io.StringIO()
        console = Console(
            file=file,
            width=_WIDTH,
            color_system=None,
            force_terminal=False,
            markup=False,
            highlight=False,
            emoji=False,
            _environ={},
        )
        self.show(report, console)
        lines = file.getvalue().split("\n")
        return "\n".join(printable(line.rstrip()) for line in lines)

    def show(self, report: Report, console: Console) -> None:
        """Write the report to a console, in its width and with the colours it has."""
        for part in _parts(report):
            # A line of Text may run past the width: a path that is cut in two can be neither read nor copied.
            console.print(part, soft_wrap=isinstance(part, Text))


REPORT = TableReport()


def _parts(report: Report) -> Iterator[RenderableType]:
    yield from _image(report.image)
    yield from _verdict(report)
    yield from _heading("Layers", counted(len(report.image.layers), "layer"))
    yield layer_table(report.image.layers)
    yield from _findings(report.findings)
    yield from _sbom(report.sbom)
    yield from _coverage(report.coverage)


def _heading(title: str, note: str) -> Iterator[Text]:
    yield Text()
    yield Text.assemble((title, "bold"), "  ", (note, "dim"))


def _line(*pieces: str | tuple[str, str], indent: int = 2) -> Text:
    """One line of text; each piece is printable when it leaves here."""
    safe = [
        printable(piece) if isinstance(piece, str) else (printable(piece[0]), piece[1]) for piece in pieces
    ]
    return Text.assemble(" " * indent, *safe)


def _prose(text: str, style: str = "") -> Padding:
    """Text that is wrapped at the width."""
    return Padding(Text(printable(text), style=style), (0, 0, 0, 2))


def _counts(label: str, counts: Iterable[str]) -> Padding:
    """A label, and counts that stay in their own column where they wrap."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=8)
    table.add_row(Text(label), Text(" · ".join(counts)))
    return Padding(table, (0, 0, 0, 2))


def _image(image: ReportImage) -> Iterator[Text]:
    about = filter(None, (image.platform, image.distribution, image.source))
    yield _line((image.reference, "bold"), "  ", "  ".join(about), indent=0)
    if image.tags:
        yield _line(("tags      ", "dim"), ", ".join(image.tags), indent=0)
    if image.manifest_digest:
        yield _line(("manifest  ", "dim"), image.manifest_digest, indent=0)
    if image.config_digest:
        yield _line(("config    ", "dim"), image.config_digest, indent=0)
    if image.config.entrypoint or image.config.cmd:
        yield _line(("starts    ", "dim"), " ".join((*image.config.entrypoint, *image.config.cmd)), indent=0)


def _verdict(report: Report) -> Iterator[RenderableType]:
    verdict = report.verdict
    style = LEVEL_STYLES.get(verdict.level, "bold")
    sign = LEVEL_SIGNS.get(verdict.level, "?")
    yield Text()
    yield _line((f"{sign} {verdict.level.upper()}", style), f"  score {verdict.score} of 100", indent=0)
    for reason in verdict.reasons:
        yield _prose(reason)


def _findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    yield from _heading("Findings", severity_counts(finding.severity for finding in findings))
    worth_a_block = [finding for finding in findings if finding.severity.rank >= Severity.MEDIUM.rank]
    for finding in worth_a_block:
        yield from _block(finding)
    context = [finding for finding in findings if finding.severity.rank < Severity.MEDIUM.rank]
    yield from map(_context_line, context[:_LIST_ROWS])
    if len(context) > _LIST_ROWS:
        yield _line((f"and {len(context) - _LIST_ROWS:,} more", "dim"), indent=0)


def _block(finding: Finding) -> Iterator[RenderableType]:
    style = STYLES[finding.severity]
    yield _line(
        (f"{finding.severity.sign} {finding.severity}", style),
        f"  {finding.rule_id}",
        (f"  confidence {finding.confidence}", "dim"),
        indent=0,
    )
    yield _prose(finding.title)
    yield _line(_where(finding))
    if finding.explanation:
        yield _prose(finding.explanation, style="dim")
    for one in finding.evidence[:_EVIDENCE_ROWS]:
        place = f"0x{one.offset:08x}" if one.offset is not None else one.kind
        yield _line((f"{place:<10}  ", "dim"), one.text, indent=4)
    if len(finding.evidence) > _EVIDENCE_ROWS:
        yield _line((f"and {len(finding.evidence) - _EVIDENCE_ROWS} more", "dim"), indent=4)


def _context_line(finding: Finding) -> Text:
    return _line(
        (f"{finding.severity.sign} {finding.severity:<5}", STYLES[finding.severity]),
        f"  {finding.title}: {_where(finding)}",
        indent=0,
    )


def _where(finding: Finding) -> str:
    """Layer, path and state in one phrase."""
    layer = "image" if finding.layer is None else f"layer {finding.layer}"
    words = [layer] if finding.path is None else [layer, finding.path]
    if finding.state and finding.state != "visible":
        by = "" if finding.changed_by_layer is None else f" by layer {finding.changed_by_layer}"
        words.append(f"({finding.state}{by})")
    return "  ".join(words)


def _sbom(section: SbomSection) -> Iterator[RenderableType]:
    yield from _heading("SBOM", f"compared with {_REFERENCES.get(section.reference, section.reference)}")
    for sbom in section.declared:
        about = f"{sbom.format} {sbom.spec_version}, {counted(sbom.components, 'component')}"
        yield _line(sbom.origin, (f"  {about}", "dim"))
    if section.declared:
        yield from _package_drift(section.packages)
    yield from _file_drift(section.files, nobody_asked=section.reference == "none")


def _package_drift(drift: PackageDriftReport) -> Iterator[RenderableType]:
    counts = (
        f"{drift.matched:,} matched",
        f"{len(drift.undeclared):,} undeclared",
        f"{len(drift.absent):,} absent",
        f"{len(drift.version_changed):,} with another version",
    )
    yield _counts("packages", counts)
    yield from _rows(
        "+",
        (
            f"{one.name} {one.version}  installed by layer {one.layer}, not declared"
            for one in drift.undeclared
        ),
        len(drift.undeclared),
    )
    yield from _rows(
        "-", (f"{one.name} {one.version}  declared, not installed" for one in drift.absent), len(drift.absent)
    )
    yield from _rows(
        "~",
        (
            f"{one.name}  declared {one.declared}, found {one.found} (layer {one.layer})"
            for one in drift.version_changed
        ),
        len(drift.version_changed),
    )


def _file_drift(drift: FileDrift, *, nobody_asked: bool) -> Iterator[RenderableType]:
    """Counts and lists; where nobody was asked, every file is nobody's."""
    counts = {
        "declared": drift.declared,
        "of packages": drift.package,
        "generated": drift.generated,
        "known good": drift.known_good,
        "altered": len(drift.altered),
        "of undeclared packages": len(drift.undeclared_package),
        "programs of nobody": len(drift.unowned),
        "files of nobody" if nobody_asked else "other files of nobody": drift.unowned_other,
        "missing": len(drift.missing),
    }
    yield _counts("files", [f"{count:,} {name}" for name, count in counts.items() if count] or ["none"])
    yield from _rows(
        "!",
        (
            f"altered  layer {one.layer}  {one.path}{_state(one.state)}  claimed by {one.claimed_by}"
            for one in drift.altered
        ),
        len(drift.altered),
    )
    yield from _rows(
        "?",
        (f"unowned {one.kind}  layer {one.layer}  {one.path}{_state(one.state)}" for one in drift.unowned),
        len(drift.unowned),
    )
    yield from _rows(
        "-",
        (f"missing  {one.path}  claimed by {one.claimed_by}" for one in drift.missing),
        len(drift.missing),
    )


def _state(state: str) -> str:
    return "" if state == "visible" else f" ({state})"


def _rows(sign: str, texts: Iterable[str], count: int) -> Iterator[Text]:
    """At most 25 of `count` lines, and how many are left out."""
    for _, text in zip(range(min(count, _LIST_ROWS)), texts, strict=False):
        yield _line(f"{sign} {text}", indent=4)
    if count > _LIST_ROWS:
        yield _line((f"and {count - _LIST_ROWS:,} more", "dim"), indent=4)


def _coverage(coverage: Coverage) -> Iterator[RenderableType]:
    missing = missing_parts(coverage.issues)
    least, most = ("at least ", "at most ") if missing else ("", "")
    tenths = 1000 * coverage.examined_bytes // coverage.bytes if coverage.bytes else 1000
    whole = coverage.examined_bytes == coverage.bytes
    note = "" if whole else f" ({most}{tenths / 10} %)"
    if not is_size_known(coverage.issues):
        note = " (how much is missing is not known)"
    yield from _heading(
        "Coverage",
        f"examined {coverage.examined_files:,} of {least}{counted(coverage.files, 'file')},"
        f" {human_size(coverage.examined_bytes)} of {least}{human_size(coverage.bytes)}{note}",
    )
    if missing:
        yield _line((f"Not all of the image was examined: {what_is_missing(missing)}.", "bold"))
    worst_first = sorted(coverage.issues, key=lambda issue: -issue.lost_bytes)
    yield from _rows(
        "!",
        (
            f"{issue.subject}: {issue.message}"
            + (f" ({_lost(issue)} not examined)" if issue.lost_bytes else "")
            for issue in worst_first
        ),
        len(worst_first),
    )


def _lost(issue: Issue) -> str:
    """The bytes that an issue cost; a single one may stand for a number that nobody knows."""
    size = human_size(issue.lost_bytes)
    if not missing_parts([issue]):
        return size
    return f"at least {size}" if issue.lost_bytes > 1 else f"{size} or more"
