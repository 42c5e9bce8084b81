"""`forensics acquire`: the image as it arrived, for work offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli._evidence import refuse_to_touch
from forensics.cli._parameters import image_argument, image_options
from forensics.cli._passed_over import say_what_was_passed_over
from forensics.cli._progress import progress
from forensics.cli._terminal import say
from forensics.printable import printable
from forensics.quantities import counted, human_size

if TYPE_CHECKING:
    from forensics.acquisition import Acquired
    from forensics.pipeline import Options

_NOT_ALL = 4


@click.command("acquire", short_help="Keep the image as it arrived, with a record, for work offline.")
@image_argument
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE-OR-DIR",
    help="A file that ends in .tar and is not there, or a folder that is new or empty.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes on standard error.")
@image_options
def acquire(*, reference: str, options: Options, target: Path, quiet: bool) -> int:
    """Write IMAGE as an OCI layout that holds exactly what arrived, and acquisition.json, the record of it.

    It is opened later without a network and gives the same report. An archive is kept as a whole beside what
    other programs read of it. Ends with 4 when something that the image names could not be had.
    """
    from forensics.acquisition import acquire as write
    from forensics.acquisition import check_target
    from forensics.cancellation import Cancellation
    from forensics.pipeline.events import Progress, Stage
    from forensics.sources import open_image
    from forensics.spool import Spool

    check_target(target)
    refuse_to_touch(target, reference)
    cancel = Cancellation()
    with (
        Spool() as spool,
        progress(quiet=quiet) as listen,
        open_image(
            reference,
            spool=spool,
            platform=options.platform,
            tag=options.tag,
            image=options.image,
            limits=options.limits,
            access=options.access,
            cancel=cancel,
            on_progress=lambda done, total: listen(Progress(Stage.OPEN, done, total)),
        ) as opened,
    ):
        acquired = write(
            opened,
            target,
            cancel=cancel,
            on_progress=lambda done, total: listen(Progress(Stage.REPORT, done, total)),
        )
    if not quiet:
        say_what_was_passed_over(opened.image)
        _tell(acquired, target)
    return _NOT_ALL if acquired.record.not_acquired else 0


def _tell(acquired: Acquired, target: Path) -> None:
    record = acquired.record
    for note in record.notes:
        say(f"note: {note}")
    for missing in record.not_acquired:
        say(f"note: not acquired: {missing.digest or missing.media_type}: {missing.reason}")
    verified = sum(content.verified for content in record.contents)
    contents = counted(len(record.contents), "content")
    say(
        f"{human_size(acquired.size)} in {printable(str(target))}: {contents}, "
        f"{verified} of them held against a declared digest"
    )


COMMAND = acquire
