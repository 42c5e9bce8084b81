"""The terminal interface: the state in `store`, the parts in `panes` and `viewers`, the whole in `app`."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from forensics.pipeline import Options

__all__ = ["run_interface"]

FRAMES = "480"
"""Drawings a second at most. What a key brings about takes two or three, and each waits for its turn; with
Textual's sixty that wait was longer than all the work."""

os.environ.setdefault("TEXTUAL_FPS", FRAMES)  # read when Textual is first imported


def run_interface(reference: str | None, options: Options, report_path: Path | None = None) -> int:
    """Show the interface until the person leaves it; the exit code of the program.

    With a `reference` it is opened at once, with a `report_path` the report saved there; with neither the
    person is asked. A reference that names a saved report opens that. The code is 0, or that of the error
    when an image was asked for and could not be opened.
    """
    from forensics.tui.app import ForensicsApp

    app = ForensicsApp(reference, options, report_path)
    try:
        code = app.run()
    finally:
        failure = app.failure or (app.store.error if app.store else None)
        app.close_worker()
    if failure is not None and failure.__cause__ is not None and os.environ.get("FORENSICS_DEBUG"):
        traceback.print_exception(failure.__cause__, file=sys.stderr)
    return app.return_code or 0 if code is None else code
