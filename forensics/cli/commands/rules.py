"""`forensics rules`: the signatures in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli._terminal import write_json, write_lines, write_table
from forensics.printable import printable
from forensics.quantities import counted

if TYPE_CHECKING:
    from forensics.examine import LintProblem

_BROKEN = 2


@click.group("rules")
def rules() -> None:
    """List and check the signatures."""


@rules.command("list", short_help="List every signature.")
@click.option(
    "--rules",
    "paths",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Further YARA rules: a file or a folder.",
)
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one element a line.")
def list_rules(*, paths: tuple[Path, ...], as_json: bool) -> None:
    """List every signature: severity, id, technique, title, in the order of ids."""
    from forensics.examine import load_signatures

    signatures = load_signatures(paths)
    listed = [signatures.rules[rule_id] for rule_id in sorted(signatures.rules)]
    if as_json:
        write_json(listed)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("severity", "id", "attack", "title"):
        table.add_column(heading, no_wrap=heading != "title", overflow="fold")
    for rule in listed:
        cells = (f"{rule.severity.sign} {rule.severity}", rule.id, " ".join(rule.attack), rule.title)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    write_table(table)


@rules.command("check", short_help="Compile and lint the signatures.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH...]")
def check(paths: tuple[Path, ...]) -> int:
    """Compile and lint the bundled signatures, and those at PATH: files or folders.

    Ends with 2 when something is wrong.
    """
    from forensics.examine import load_signatures

    signatures = load_signatures(paths)
    problems = signatures.lint()
    state = signatures.state
    errors = sum(problem.level == "error" for problem in problems)
    packs = ", ".join(f"{pack.name} {pack.rules}" for pack in state.packs)
    summary = (
        f"{counted(state.rules, 'rule')} ({packs}), {counted(errors, 'error')}, "
        f"{counted(len(problems) - errors, 'warning')}"
    )
    write_lines(map(printable, [*map(_told, problems), summary]))
    return _BROKEN if errors else 0


def _told(problem: LintProblem) -> str:
    """One problem in the form that editors understand."""
    rule = f" {problem.rule}:" if problem.rule else ""
    return f"{problem.file}:{problem.line}: {problem.level}:{rule} {problem.message}"


COMMAND = rules
