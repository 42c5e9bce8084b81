"""`forensics completion`: the script that makes a shell complete this command."""

from __future__ import annotations

import click

from forensics.cli._terminal import write_text

_SHELLS = ("bash", "fish", "zsh")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write the completion script for SHELL.

    For example, in ~/.bashrc:  eval "$(forensics completion bash)"
    """
    from click.shell_completion import get_completion_class

    root = context.find_root()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} cannot be completed")
    # The script itself, without the question to the shell for its version that source() begins with.
    script = kind(root.command, {}, "forensics", "_FORENSICS_COMPLETE")
    write_text(script.source_template % script.source_vars() + "\n")


COMMAND = completion
