"""Words and small tables that people read, the same in every report for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from forensics.model.findings import Severity
from forensics.model.report import ReportLayer
from forensics.printable import printable
from forensics.quantities import human_size

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
LEVEL_STYLES = {"malicious": "bold red", "suspicious": "red", "review": "yellow", "clean": "green"}
LEVEL_SIGNS = {"malicious": "!!", "suspicious": "!", "review": "~", "clean": "·"}
_VERIFIED = {True: "yes", False: "NO", None: "-"}


def severity_counts(severities: Iterable[Severity]) -> str:
    """`2 critical · 1 low`, worst first; `none` when there is none."""
    found = list(severities)
    counts = [(severity, found.count(severity)) for severity in reversed(Severity)]
    return " · ".join(f"{count} {severity}" for severity, count in counts if count) or "none"


def layer_table(layers: Sequence[ReportLayer]) -> Table:
    """One row a layer: index, size, entries, what it did to the layers below, verified, instruction."""
    # The instruction alone gives way where the width ends: its text does not wrap, its column may shrink.
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("entries", justify="right", no_wrap=True)
    for sign in "+~-":
        table.add_column(sign, justify="right", no_wrap=True)
    table.add_column("verified", no_wrap=True)
    table.add_column("instruction")
    for layer in layers:
        verified = Text(_VERIFIED[layer.verified], style="bold red" if layer.verified is False else "")
        numbers = (layer.entries, layer.added, layer.modified, layer.deleted)
        table.add_row(
            str(layer.index),
            human_size(layer.size),
            *(f"{number:,}" for number in numbers),
            verified,
            Text(printable(layer.created_by) or "-", no_wrap=True, overflow="ellipsis"),
        )
    return table
