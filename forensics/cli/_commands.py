"""Finds the commands in the folder `commands/`, importing only the one that is asked for."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import pkgutil
import re
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from forensics.cli import commands
from forensics.errors import UsageError
from forensics.printable import printable

DEFAULT = "open"
_PLAIN = re.compile(r"[\w.+@%-]+")


class CommandFolder(click.Group):
    """A group whose commands are the modules of `forensics.cli.commands`; each defines `COMMAND`."""

    def list_commands(self, ctx: click.Context | None = None) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found = importlib.import_module(f"{commands.__name__}.{cmd_name}").COMMAND
        if not isinstance(found, click.Command):
            raise TypeError(f"forensics/cli/commands/{cmd_name}.py must define COMMAND, a click command")
        return found

    def with_default(self, arguments: Sequence[str]) -> list[str]:
        """The arguments with `open` in front where they do not begin with a command.

        Raises UsageError for what is neither a command nor there, but nearly the name of a command.
        """
        if not arguments:
            return [DEFAULT]
        first = arguments[0]
        if first in self.list_commands() or first in ("-h", "--help"):
            return list(arguments)
        if first == "--version":
            return ["version", *arguments[1:]]
        if first.isalpha() and not os.path.lexists(first):
            meant = difflib.get_close_matches(first, self.list_commands(), n=1, cutoff=0.7)
            if meant:
                raise UsageError(
                    f"{printable(first)} is neither a command nor an image that is here",
                    f"did you mean: forensics {meant[0]}",
                )
        return [DEFAULT, *arguments]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; while a shell completes, what is no command is an image here too."""
        if ctx.resilient_parsing and args:
            with contextlib.suppress(UsageError):
                args = self.with_default(args)
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and files that begin like this: an image may stand where a command does.

        Files are left to the shell where no command competes: it knows better how to write their names.
        """
        found = super().shell_complete(ctx, incomplete)
        if not found:
            return [CompletionItem(incomplete, type="file")]
        return found + [CompletionItem(name) for name in _files_here(incomplete)] if incomplete else found


def _files_here(begin: str) -> list[str]:
    """Files and folders of the current folder that begin like this, save those that need quotes."""
    with contextlib.suppress(OSError), os.scandir() as entries:
        return sorted(
            f"{entry.name}/" if entry.is_dir() else entry.name
            for entry in entries
            if entry.name.startswith(begin) and _PLAIN.fullmatch(entry.name)
        )
    return []
