"""`forensics scan`: the whole analysis without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from forensics.cli._parameters import analysis_options, image_argument
from forensics.cli._passed_over import say_what_was_passed_over
from forensics.cli._progress import progress
from forensics.cli._terminal import say, silence_output
from forensics.model.findings import Severity
from forensics.quantities import human_size

if TYPE_CHECKING:
    from forensics.model.acquisition import Acquisition
    from forensics.model.report import Report
    from forensics.pipeline import Options

_FOUND = 1
_NOT_EXAMINED = 4
_PULLED = "registry"
_RECEIVED_NOW = frozenset({_PULLED, "docker_engine"})


@click.command("scan")
@image_argument
@click.option(
    "--format",
    "formats",
    default="table",
    metavar="FORMAT[,FORMAT...]",
    help="table (default), json, sarif, or several of them.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Where the report goes; - is standard output. For several formats: one FILE as the stem of all "
    "names, or one --output for each in their order.",
)
@click.option(
    "--fail-on",
    type=click.Choice([str(severity) for severity in Severity]),
    help="End with 1 when there is a finding of this severity or worse.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes on standard error.")
@analysis_options
def scan(
    *,
    reference: str,
    options: Options,
    formats: str,
    outputs: tuple[str, ...],
    fail_on: str | None,
    quiet: bool,
) -> int:
    """Examine IMAGE and report what it finds.

    Ends with 1 when something is found at or above --fail-on, with 4 when bytes could not be examined.
    """
    from forensics.cli._destinations import destinations
    from forensics.collector import collector_at_rest
    from forensics.pipeline import Session

    wanted = destinations(formats, outputs, (reference, *options.sbom, *options.rules))
    with (
        collector_at_rest(),
        Session(reference, options) as session,
        progress(quiet=quiet) as listen,
    ):
        report = session.analyze(listen)
        acquisition = session.acquisition
        image = None if acquisition is None else session.open()
    try:
        for destination in wanted:
            destination.write(report)
    except BrokenPipeError:
        silence_output()
    if not quiet:
        if acquisition is not None:
            _say_how_it_arrived(acquisition, report.image.source)
        if image is not None:
            say_what_was_passed_over(image)
        _say_what_was_lost(report)
    return exit_code(report, Severity(fail_on) if fail_on else None)


def exit_code(report: Report, fail_on: Severity | None) -> int:
    """0, 1 for a finding at or above `fail_on`, else 4 for bytes that nobody looked at."""
    if fail_on and any(finding.severity.rank >= fail_on.rank for finding in report.findings):
        return _FOUND
    return _NOT_EXAMINED if any(issue.lost_bytes for issue in report.coverage.issues) else 0


def _say_how_it_arrived(record: Acquisition, source: str) -> None:
    """Where an acquired image is from, or what a pull met: what was resumed, or that nobody was asked."""
    if source not in _RECEIVED_NOW:
        _say_where_from(record)
    for note in record.notes if source == _PULLED else ():
        say(f"note: {note}")


def _say_where_from(record: Acquisition) -> None:
    """A record is a claim of whoever made it, so it is told as one."""
    chosen = "" if record.choice.image is None else f", as image {record.choice.image} of several"
    say(
        f"note: by its own record it was acquired from {record.reference or 'an unknown place'}"
        f"{chosen}, at {record.acquired or 'an unknown time'}"
    )


def _say_what_was_lost(report: Report) -> None:
    lost = [issue for issue in report.coverage.issues if issue.lost_bytes]
    if lost:
        total = sum(issue.lost_bytes for issue in lost)
        say(f"note: {human_size(total)} could not be examined, the coverage section says which")


COMMAND = scan
