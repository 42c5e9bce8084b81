"""`forensics open`: the terminal interface."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli._evidence import is_far, lies_here
from forensics.cli._parameters import IMAGE, analysis_options
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.pipeline import Options


@click.command("open", short_help="Open IMAGE or a saved report on the screen.")
@click.argument("reference", metavar="[IMAGE]", required=False, type=IMAGE)
@click.option(
    "--report",
    "report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A saved JSON report to show; with IMAGE its bytes can be looked at too.",
)
@analysis_options
def open_interface(*, reference: str | None, options: Options, report: Path | None) -> int:
    """Open IMAGE, or a saved report, in the terminal interface. `forensics IMAGE` does the same."""
    from forensics.reports import is_saved_report, load_report

    if reference is not None and report is None and is_saved_report(Path(reference)):
        report, reference = Path(reference), None
    # What cannot be opened is told on the command line, not on a screen that leaves no trace of it; but what
    # comes from far is received once, where progress can be seen.
    if report:
        load_report(report)
    if reference is not None and not lies_here(reference) and not is_far(reference):
        _refuse(reference, options)
    if not on_terminal():
        raise UsageError("the interface needs a terminal", "forensics scan IMAGE reports without one")
    from forensics.tui import run_interface

    return run_interface(reference, options, report)


def _refuse(reference: str, options: Options) -> None:
    """Raise what opening an image that is not here raises."""
    from forensics.pipeline import Session

    with Session(reference, options) as session:
        session.open()


def on_terminal() -> bool:
    """Whether a person can type and see."""
    return sys.stdin.isatty() and sys.stdout.isatty()


COMMAND = open_interface
