"""`forensics layers`: one row a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from forensics.cli._parameters import image_argument, image_options
from forensics.cli._passed_over import say_what_was_passed_over
from forensics.cli._progress import progress
from forensics.cli._terminal import write_json, write_table

if TYPE_CHECKING:
    from forensics.pipeline import Options


@click.command("layers")
@image_argument
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one element a line, as in the report.")
@image_options
def layers(
    *,
    reference: str,
    options: Options,
    as_json: bool,
) -> None:
    """List the layers of IMAGE, the base first.

    Verified is yes when every digest declared for the layer was met, NO when one was not, and - when none was
    declared or the layer is not there.
    """
    from forensics.pipeline import Session
    from forensics.pipeline.layer_rows import layer_rows
    from forensics.reports import layer_table

    with Session(reference, options) as session, progress() as listen:
        view = session.index(listen)
        rows = tuple(layer_rows(session.open(), view))
        say_what_was_passed_over(session.open())
    if as_json:
        write_json(rows)
    else:
        write_table(layer_table(rows))


COMMAND = layers
