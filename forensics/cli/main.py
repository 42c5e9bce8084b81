"""The entry point: finds the command, and turns every way to fail into one line, a hint and an exit code."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Sequence

import click

from forensics.cli._commands import CommandFolder
from forensics.cli._terminal import say, silence_output
from forensics.errors import Cancelled, ChoiceNeeded, ForensicsError, UsageError

PROGRAM = "forensics"
_COMPLETION_VARIABLE = "_FORENSICS_COMPLETE"
_HELP = """Offline forensics of container images.

Opens docker-save archives, OCI layouts and root filesystems, walks every layer, compares what is there with
the declared SBOM and the package databases, and shows what looks malicious and why.

`forensics IMAGE` opens the terminal interface."""

COMMANDS = CommandFolder(
    name=PROGRAM,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return the exit code of the public contract."""
    if _COMPLETION_VARIABLE in os.environ:
        COMMANDS.main(prog_name=PROGRAM, complete_var=_COMPLETION_VARIABLE)
    _allow_many_files()
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with COMMANDS.make_context(PROGRAM, COMMANDS.with_default(given)) as context:
            code = int(COMMANDS.invoke(context) or 0)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (KeyboardInterrupt, click.Abort, Cancelled):
        say("interrupted")
        return Cancelled.exit_code
    except BrokenPipeError:
        silence_output()
        return 0
    except click.ClickException as error:
        return _explain(_usage_error(error))
    except ForensicsError as error:
        return _explain(error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _explain(
            ForensicsError(f"{place}{error.strerror or error}", "check the path and its permissions")
        )
    except Exception as error:  # noqa: BLE001 - the last one: a person gets a line, not a traceback
        hint = "this is a defect of the program: run again with FORENSICS_DEBUG=1 and report the traceback"
        return _explain(ForensicsError(f"internal error: {type(error).__name__}: {error}", hint))
    return code


def _allow_many_files() -> None:
    """As many open files as the system lets a program ask for: each layer of an image takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _usage_error(error: click.ClickException) -> UsageError:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return UsageError("a command is missing", error.format_message())
    command = PROGRAM
    if isinstance(error, click.UsageError) and error.ctx is not None:
        command = error.ctx.command_path
    message = " ".join(error.format_message().split()).removesuffix(".")
    return UsageError(message[:1].lower() + message[1:], f"{command} --help says what it takes")


def _explain(error: ForensicsError) -> int:
    """Write the error for people, on standard error; the exit code."""
    if os.environ.get("FORENSICS_DEBUG") == "1":
        import traceback

        traceback.print_exc()
    say(f"error: {error.message}")
    if isinstance(error, ChoiceNeeded):
        for choice in error.choices:
            say(f"  {choice}")
    if error.hint:
        say(f"hint: {error.hint}")
    return error.exit_code
