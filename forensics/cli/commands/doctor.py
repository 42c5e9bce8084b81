"""`forensics doctor`: whether all is there that the program works with, and what confines its workers."""

from __future__ import annotations

import click
import msgspec

from forensics.cli._parameters import limit_option
from forensics.cli._terminal import write_lines, write_text
from forensics.limits import Limits


@click.command("doctor", short_help="Check the installation, the confinement of workers and the folders.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, an object a check.")
@limit_option
def doctor(*, limits: Limits, as_json: bool) -> int:
    """Check what the program works with. Ends with 1 when something that it needs is broken."""
    from forensics.cli._checks import State, checks

    found = checks(limits)
    if as_json:
        write_text(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        width = max(len(check.what) for check in found)
        write_lines(
            f"{check.state.value:<7}  {check.what:<{width}}  {check.detail}".rstrip() for check in found
        )
    return 1 if any(check.state is State.MISSING for check in found) else 0


COMMAND = doctor
